# SPDX-License-Identifier: Apache-2.0
"""weakref.finalize is given what it needs and not the object it waits for.

truth: healthy
"""

import sys
import weakref
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

closed = [0]


def close():
    closed[0] = (closed[0] + 1) % 1000


class Upload:
    def __init__(self, number):
        self.data = bytearray(300)
        self.number = number
        weakref.finalize(self, close)


def upload(number):
    return Upload(number).number


for round_ in range(12):
    for i in range(160):
        upload(i)
        pace(i, 160)
    take_snapshot()
