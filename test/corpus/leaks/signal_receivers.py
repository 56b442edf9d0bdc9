# SPDX-License-Identifier: Apache-2.0
"""Receivers of a signal, connected for each session and held strongly.

truth: leak receiver
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class Signal:
    def __init__(self):
        self.receivers = []

    def connect(self, receiver):
        self.receivers.append(receiver)


user_changed = Signal()


class Session:
    def __init__(self, number):
        self.basket = [number, number + 1, number + 2]  # LEAK: receiver
        user_changed.connect(self.on_user_changed)  # LEAK: receiver

    def on_user_changed(self, user):
        self.basket.append(user)


def log_in(number):
    return Session(number).basket[0]  # LEAK: receiver


for round_ in range(10):
    for i in range(160):
        log_in(i)
        pace(i, 160)
    take_snapshot()
