# SPDX-License-Identifier: Apache-2.0
"""A bounded functools cache at work, and beside it a log of failures that only grows.

truth: leak failure
"""

import functools
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import chance, pace, take_snapshot  # noqa: E402

failures = []


@functools.lru_cache(maxsize=200)
def render(number):
    return "page %d " % number * 10


def fail(number):
    failures.append(bytes(100 + number % 50))  # LEAK: failure


for round_ in range(12):
    for i in range(240):
        render(chance.randrange(2000))
        if i % 12 == 5:
            fail(i)
        pace(i, 240)
    take_snapshot()
