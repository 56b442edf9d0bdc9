# SPDX-License-Identifier: Apache-2.0
"""Callbacks registered for each job, called when a dozen have come together, and forgotten.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

on_full = []


def start_job(number):
    data = bytearray(200 + number % 100)

    def finish():
        return len(data)

    on_full.append(finish)
    if len(on_full) == 12:
        for callback in on_full:
            callback()
        on_full.clear()
    return data


for round_ in range(12):
    for i in range(160):
        start_job(i)
        pace(i, 160)
    take_snapshot()
