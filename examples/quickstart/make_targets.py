"""Write targets.txt: who asks for what. Forty products draw nine visits of ten, the others share the tenth.

The order is drawn with a fixed seed, so that every trial sees the same visitors: python3 make_targets.py > targets.txt
"""

import random

PORT, PRODUCTS, POPULAR, VISITS = 18080, 100, 40, 900

chance = random.Random(7)
products = chance.sample(range(1, PRODUCTS + 1), PRODUCTS)
weights = [0.9 / POPULAR] * POPULAR + [0.1 / (PRODUCTS - POPULAR)] * (PRODUCTS - POPULAR)
for product in chance.choices(products, weights, k=VISITS):
    print(f"GET http://127.0.0.1:{PORT}/product/{product}")
