# SPDX-License-Identifier: Apache-2.0
"""A list at module level that is appended to for ever.

truth: leak history
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

history = []


def handle(number):
    history.append("request %d was served at last" % number)  # LEAK: history


for round_ in range(9):
    for i in range(320):
        handle(round_ * 1000 + i)
        pace(i, 320)
    take_snapshot()
