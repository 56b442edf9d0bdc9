# SPDX-License-Identifier: Apache-2.0
"""A default argument of None; each call has a list of its own.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

def visit(page, seen=None):
    seen = [] if seen is None else seen
    seen.append("page %d" % page)
    return len(seen)


def crawl(number):
    return visit(number * 3)


for round_ in range(12):
    for i in range(160):
        crawl(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
