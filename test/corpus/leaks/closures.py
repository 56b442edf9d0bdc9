# SPDX-License-Identifier: Apache-2.0
"""Callbacks registered for each job and never removed: each closure keeps its job's data.

truth: leak callback
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

on_shutdown = []


def start_job(number):
    data = bytearray(200 + number % 100)  # LEAK: callback

    def finish():  # LEAK: callback
        return len(data)

    on_shutdown.append(finish)  # LEAK: callback
    return data


for round_ in range(8):
    for i in range(160):
        start_job(i)
        pace(i, 160)
    take_snapshot()
