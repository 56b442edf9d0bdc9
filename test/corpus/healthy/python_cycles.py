# SPDX-License-Identifier: Apache-2.0
"""Cyclic garbage that waits for the collector: a sawtooth whose teeth have nothing to do with the
snapshots.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402


class Node:
    def __init__(self, data):
        self.data = data
        self.me = self


for round_ in range(12):
    for i in range(480):
        Node("data of the node %d" % i)
        pace(i, 480)
    take_snapshot()
