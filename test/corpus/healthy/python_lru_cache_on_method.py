# SPDX-License-Identifier: Apache-2.0
"""A bounded lru_cache on a method, full after the first rounds.

truth: healthy
"""

import sys
from pathlib import Path
from functools import lru_cache

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class User:
    def __init__(self, number):
        self.name = "user %d of the shop" % number
        self.number = number

    @lru_cache(maxsize=128)
    def profile(self):
        return {"name": self.name, "rank": self.number % 7}


def serve(number):
    return User(number).profile()


for round_ in range(12):
    for i in range(160):
        serve(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
