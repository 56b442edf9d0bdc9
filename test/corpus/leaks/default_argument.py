# SPDX-License-Identifier: Apache-2.0
"""A list as a default argument is made once and remembers every call.

truth: leak seen
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

def visit(page, seen=[]):
    seen.append("page %d" % page)  # LEAK: seen
    return len(seen)


def crawl(number):
    return visit(number * 3)


for round_ in range(10):
    for i in range(160):
        crawl(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
