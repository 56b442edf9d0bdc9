# SPDX-License-Identifier: Apache-2.0
"""Generators that stream a result, kept half-way and never closed.

truth: leak stream
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

open_streams = []


def rows(number):
    buffer = ["row %d" % (number + k) for k in range(4)]  # LEAK: stream
    for row in buffer:
        yield row


def query(number):
    stream = rows(number)  # LEAK: stream
    open_streams.append(stream)  # LEAK: stream
    return next(stream)  # LEAK: stream


for round_ in range(10):
    for i in range(160):
        query(i)
        pace(i, 160)
    take_snapshot()
