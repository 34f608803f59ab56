"""Write targets.txt: who asks for what. A few products are asked for often and many seldom, as in a real shop.

The order is drawn with a fixed seed, so that every trial sees the same visitors: python3 make_targets.py > targets.txt
"""

import random

PORT, PRODUCTS, REQUESTS, SKEW = 18080, 100, 600, 0.6  # the product of rank r is asked for in proportion to 1 / r**SKEW

chance = random.Random(7)
products = chance.sample(range(1, PRODUCTS + 1), PRODUCTS)  # by rank: the most popular first
weights = [1 / rank**SKEW for rank in range(1, PRODUCTS + 1)]
for product in chance.choices(products, weights, k=REQUESTS):
    print(f"GET http://127.0.0.1:{PORT}/product/{product}")
