# SPDX-License-Identifier: Apache-2.0
"""Memory of a C library, taken through ctypes and not given back. Python's own objects are clean.

truth: leak block
"""

import ctypes
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
libc.free.argtypes = [ctypes.c_void_p]


def decode(number):
    block = libc.malloc(400)  # LEAK: block
    ctypes.memset(block, number % 256, 400)
    if number % 4 != 0:
        libc.free(block)


for round_ in range(10):
    for i in range(240):
        decode(i)
        pace(i, 240)
    take_snapshot()
