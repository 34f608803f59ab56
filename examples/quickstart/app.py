"""A small shop: serves product pages, and has four settings worth tuning.

One process answers HTTP and keeps finished pages in a cache; `WORKERS` more render the pages that are not in it: they
read the product's reviews from SQLite, build the HTML and compress it. Everything is the standard library.

    PORT=18080 WORKERS=4 CACHE_KB=2200 COMPRESSION=6 BATCH_SIZE=40 python3 app.py
    curl --compressed http://127.0.0.1:18080/product/17
"""

import asyncio
import gzip
import html
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Self

from catalogue import CATALOGUE, PRODUCTS, REVIEWS, create_catalogue

SHOWN = 300  # reviews on a page
PATHS = {f"/product/{product}": product for product in range(1, PRODUCTS + 1)}


@dataclass(frozen=True)
class Settings:
    """What can be tuned, read from the environment."""

    port: int
    workers: int  # processes that render pages
    cache_kb: int  # memory for finished, compressed pages
    compression: int  # of gzip: 1 is quick, 9 is small
    batch_size: int  # rows of the catalogue that one query reads

    @classmethod
    def from_environment(cls) -> Self:
        def number(name: str, default: int, low: int, high: int) -> int:
            text = os.environ.get(name, str(default))
            if not text.isdecimal() or not low <= int(text) <= high:
                sys.exit(f"{name} is {text!r}; expected a whole number from {low} to {high}")
            return int(text)

        return cls(
            port=number("PORT", 18080, 1, 65535),
            workers=number("WORKERS", 4, 1, 64),
            cache_kb=number("CACHE_KB", 2200, 0, 1_000_000),
            compression=number("COMPRESSION", 6, 0, 9),
            batch_size=number("BATCH_SIZE", 40, 1, 100_000),
        )


# --- A worker: renders pages -----------------------------------------------------------------------------------------

catalogue: sqlite3.Connection
settings: Settings


def start_worker(chosen: Settings) -> None:
    """Runs first in every worker process."""
    global catalogue, settings
    settings = chosen
    catalogue = sqlite3.connect(f"{CATALOGUE.resolve().as_uri()}?mode=ro", uri=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends its workers itself
    threading.Thread(target=exit_with_parent, daemon=True).start()


def exit_with_parent() -> None:
    """A killed parent cannot say goodbye, so its workers watch for its end."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def render(product: int) -> bytes:
    """The compressed page of a product: its most liked reviews of three stars and more.

    Each query finds and sorts the product's reviews again and skips those read before: small batches repeat that work
    many times, large ones read rows that the page does not show.
    """
    query = "SELECT stars, text FROM review WHERE product = ? ORDER BY likes DESC, rowid LIMIT ? OFFSET ?"
    shown: list[str] = []
    for offset in range(0, REVIEWS, settings.batch_size):
        for stars, text in catalogue.execute(query, (product, settings.batch_size, offset)):
            if stars >= 3:
                shown.append(f"<li><b>{'★' * stars}</b> {html.escape(text)}</li>\n")
        if len(shown) >= SHOWN:
            break
    page = f"<!doctype html><meta charset=utf-8><h1>Product {product}</h1><ul>\n{''.join(shown[:SHOWN])}</ul>\n"
    return gzip.compress(page.encode(), settings.compression, mtime=0)


# --- The front process: answers HTTP ---------------------------------------------------------------------------------


class Shop:
    """Finished pages by product, the least recently used one first, and the workers that render the others."""

    def __init__(self, chosen: Settings) -> None:
        self.settings = chosen
        self.pages: OrderedDict[int, bytes] = OrderedDict()
        self.used = 0  # bytes in `pages`
        self.rendering: dict[int, asyncio.Task[bytes]] = {}
        self.workers = self.start_workers()

    def start_workers(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self.settings.workers, spawn, start_worker, (self.settings,))

    async def page(self, product: int) -> bytes:
        """From the cache, or rendered now: once, however many clients ask for it at the same time."""
        if product in self.pages:
            self.pages.move_to_end(product)
            return self.pages[product]
        task = self.rendering.get(product)
        if task is None:
            task = self.rendering[product] = asyncio.create_task(self.render(product))
            task.add_done_callback(lambda _: self.rendering.pop(product))
        return await asyncio.shield(task)

    async def render(self, product: int) -> bytes:
        loop, workers = asyncio.get_running_loop(), self.workers
        try:
            page = await loop.run_in_executor(workers, render, product)
        except BrokenProcessPool:  # a worker died: start new ones and try once more
            if self.workers is workers:
                self.workers = self.start_workers()
            page = await loop.run_in_executor(self.workers, render, product)
        self.pages[product] = page
        self.used += len(page)
        while self.used > self.settings.cache_kb * 1000:
            self.used -= len(self.pages.popitem(last=False)[1])
        return page

    async def answer(self, target: str, headers: dict[str, str]) -> tuple[str, dict[str, str], bytes]:
        """Status, headers and body for a GET."""
        if target == "/health":
            return "200 OK", {"Content-Type": "text/plain"}, b"ok\n"
        if target not in PATHS:
            return "404 Not Found", {"Content-Type": "text/plain"}, b"no such page\n"
        page = await self.page(PATHS[target])
        kind = {"Content-Type": "text/html; charset=utf-8", "Vary": "Accept-Encoding"}
        if "gzip" in headers.get("accept-encoding", "gzip"):  # a client that does not say takes any encoding (RFC 9110)
            return "200 OK", kind | {"Content-Encoding": "gzip"}, page
        return "200 OK", kind, gzip.decompress(page)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: requests until the client closes it."""
        try:
            while True:
                request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                match request.split(" "):
                    case ["GET", target, "HTTP/1.1"]:
                        status, reply, body = await self.answer(target, headers)
                    case _:
                        status, reply, body = "400 Bad Request", {"Connection": "close"}, b"expected GET ... HTTP/1.1\n"
                if headers.get("connection", "").lower() == "close":
                    reply["Connection"] = "close"
                reply["Content-Length"] = str(len(body))
                head = "".join(f"{name}: {value}\r\n" for name, value in reply.items())
                writer.write(f"HTTP/1.1 {status}\r\n{head}\r\n".encode("latin-1") + body)
                await writer.drain()
                if "Connection" in reply:
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # the client left or sent what is not HTTP, or the service stops
        finally:
            writer.close()


async def main() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if not CATALOGUE.exists():
        create_catalogue()
    shop = Shop(Settings.from_environment())
    await asyncio.gather(*(shop.page(product) for product in range(1, shop.settings.workers + 1)))  # starts all workers
    server = await asyncio.start_server(shop.serve, "127.0.0.1", shop.settings.port)
    print(f"serving http://127.0.0.1:{shop.settings.port} with {shop.settings}", flush=True)
    await stop.wait()
    server.close()
    shop.workers.shutdown(cancel_futures=True)


if __name__ == "__main__":
    asyncio.run(main())
