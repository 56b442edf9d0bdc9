# SPDX-License-Identifier: Apache-2.0
"""Receivers of a signal, connected for each session and held weakly.

truth: healthy
"""

import sys
import weakref
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class Signal:
    def __init__(self):
        self.receivers = weakref.WeakSet()

    def connect(self, receiver):
        self.receivers.add(receiver)


user_changed = Signal()


class Session:
    def __init__(self, number):
        self.basket = [number, number + 1, number + 2]
        user_changed.connect(self)


def log_in(number):
    return Session(number).basket[0]


for round_ in range(12):
    for i in range(160):
        log_in(i)
        pace(i, 160)
    take_snapshot()
