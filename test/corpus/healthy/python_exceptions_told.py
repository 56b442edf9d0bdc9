# SPDX-License-Identifier: Apache-2.0
"""Exceptions are counted by their text and not kept.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

counts = {}


def charge(number):
    receipt = bytearray(400)
    raise ValueError("card was refused", len(receipt))


def serve(number):
    try:
        charge(number)
    except ValueError as error:
        text = str(error)
        counts[text] = counts.get(text, 0) + 1


for round_ in range(12):
    for i in range(160):
        serve(i)
        pace(i, 160)
    take_snapshot()
