# SPDX-License-Identifier: Apache-2.0
"""A C extension that takes a reference and forgets to give it back.

truth: leak row
"""

import ctypes
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

take = ctypes.pythonapi.Py_IncRef
take.argtypes = [ctypes.py_object]
take.restype = None


def parse(number):
    row = [number, "column %d" % number]  # LEAK: row
    take(row)
    return len(row)


for round_ in range(10):
    for i in range(160):
        parse(i)
        pace(i, 160)
    take_snapshot()
