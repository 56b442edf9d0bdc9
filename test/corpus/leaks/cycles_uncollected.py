# SPDX-License-Identifier: Apache-2.0
"""Cyclic garbage with the collector switched off, as some services do for speed.

truth: leak node
"""

import gc
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

gc.disable()


class Node:
    def __init__(self, data):
        self.data = data
        self.me = self


def handle(number):
    Node(b"d" * (100 + number % 20))  # LEAK: node


for round_ in range(9):
    for i in range(160):
        handle(i)
        pace(i, 160)
    take_snapshot()
