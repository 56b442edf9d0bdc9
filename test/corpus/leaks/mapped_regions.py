# SPDX-License-Identifier: Apache-2.0
"""Anonymous mappings made through ctypes, one in four of which is not unmapped.

truth: leak region
"""

import ctypes
import mmap
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
SIZE = 64 * 1024
PROTECTION = mmap.PROT_READ | mmap.PROT_WRITE
FLAGS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def map_region(number):
    region = libc.mmap(None, SIZE, PROTECTION, FLAGS, -1, 0)  # LEAK: region
    ctypes.memset(region, number % 256, 100)
    if number % 4 != 0:
        libc.munmap(region, SIZE)


for round_ in range(9):
    for i in range(32):
        map_region(i)
        pace(i, 32)
    take_snapshot()
