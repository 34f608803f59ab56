"""The shop's catalogue: an SQLite file of products and their reviews, the same on every machine."""

import os
import random
import sqlite3
from pathlib import Path

CATALOGUE = Path(__file__).with_name("catalogue.db")
PRODUCTS, REVIEWS = 100, 600  # how many products, and reviews of each


def create_catalogue() -> None:
    """Write the file: 60,000 rows of invented words, within half a second."""
    chance = random.Random(7)
    syllables = ["ka", "lo", "mi", "ren", "sa", "tu", "vel"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(900)]
    text = " ".join(chance.choices(words, k=50_000))

    def review(product: int) -> tuple[int, int, int, str]:
        start = chance.randrange(len(text) - 300)
        return product, chance.randint(1, 5), chance.randrange(1000), text[start : start + chance.randint(100, 300)]

    unfinished = CATALOGUE.with_suffix(f".{os.getpid()}")  # renamed when complete: nobody ever reads half a catalogue
    unfinished.unlink(missing_ok=True)
    db = sqlite3.connect(unfinished)
    db.execute("CREATE TABLE review (product INTEGER, stars INTEGER, likes INTEGER, text TEXT)")
    rows = (review(product) for product in range(1, PRODUCTS + 1) for _ in range(REVIEWS))
    db.executemany("INSERT INTO review VALUES (?, ?, ?, ?)", rows)
    db.execute("CREATE INDEX by_product ON review (product)")
    db.commit()
    db.close()
    unfinished.replace(CATALOGUE)
