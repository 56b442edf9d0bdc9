# SPDX-License-Identifier: Apache-2.0
"""A list of each object's own, gone with it.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class Order:
    def __init__(self, number):
        self.number = number
        self.events = []

    def note(self, text):
        self.events.append((self.number, text % self.number))


def order(number):
    new = Order(number)
    new.note("order %d was placed")


for round_ in range(12):
    for i in range(160):
        order(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
