# SPDX-License-Identifier: Apache-2.0
"""Exceptions kept for a report that is never sent: their tracebacks hold what the frames held.

truth: leak error
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

errors = []


def charge(number):
    receipt = bytearray(400)  # LEAK: error
    raise ValueError("card %d was refused" % number, len(receipt))  # LEAK: error


def serve(number):
    try:
        charge(number)  # LEAK: error
    except ValueError as error:  # LEAK: error
        errors.append(error)  # LEAK: error


for round_ in range(10):
    for i in range(160):
        serve(i)
        pace(i, 160)
    take_snapshot()
