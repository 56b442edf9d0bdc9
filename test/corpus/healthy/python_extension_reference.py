# SPDX-License-Identifier: Apache-2.0
"""A C extension that takes a reference and gives it back.

truth: healthy
"""

import ctypes
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

take = ctypes.pythonapi.Py_IncRef
give_back = ctypes.pythonapi.Py_DecRef
for function in (take, give_back):
    function.argtypes = [ctypes.py_object]
    function.restype = None


def parse(number):
    row = [number, "column %d" % number]
    take(row)
    give_back(row)
    return len(row)


for round_ in range(12):
    for i in range(160):
        parse(i)
        pace(i, 160)
    take_snapshot()
