# SPDX-License-Identifier: Apache-2.0
"""An unbounded lru_cache on a method: it keeps every object it was called on.

truth: leak profile
"""

import sys
from pathlib import Path
from functools import lru_cache

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class User:
    def __init__(self, number):
        self.name = "user %d of the shop" % number  # LEAK: profile
        self.number = number

    @lru_cache(maxsize=None)
    def profile(self):
        return {"name": self.name, "rank": self.number % 7}  # LEAK: profile


def serve(number):
    user = User(number)  # LEAK: profile
    return user.profile()  # LEAK: profile


for round_ in range(10):
    for i in range(160):
        serve(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
