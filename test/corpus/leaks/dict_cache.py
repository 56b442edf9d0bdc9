# SPDX-License-Identifier: Apache-2.0
"""A dictionary as a cache without a bound; keys and values are made anew for each request.

truth: leak cache
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402


class Prices:
    def __init__(self):
        self.known = {}

    def price(self, item):
        key = "item-%d" % item
        if key not in self.known:
            self.known[key] = b"p" * (64 + item % 32)  # LEAK: cache
        return self.known[key]


prices = Prices()
for round_ in range(10):
    for i in range(240):
        prices.price(round_ * 240 + i)
        pace(i, 240)
    take_snapshot()
