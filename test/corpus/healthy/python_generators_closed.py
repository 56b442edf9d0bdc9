# SPDX-License-Identifier: Apache-2.0
"""Generators that stream a result, left half-way and closed.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

open_streams = []


def rows(number):
    buffer = ["row %d" % (number + k) for k in range(4)]
    for row in buffer:
        yield row


def query(number):
    stream = rows(number)
    open_streams.append(stream)
    first = next(stream)
    open_streams.pop().close()
    return first


for round_ in range(12):
    for i in range(160):
        query(i)
        pace(i, 160)
    take_snapshot()
