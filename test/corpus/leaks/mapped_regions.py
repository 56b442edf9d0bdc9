# SPDX-License-Identifier: Apache-2.0
"""Anonymous mappings made by the mmap module and kept in a list.

truth: leak region
"""

import mmap
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

regions = []


def open_region(number):
    region = mmap.mmap(-1, 64 * 1024, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # LEAK: region
    region[0] = number % 256
    if number % 4 == 0:
        regions.append(region)
    else:
        region.close()


for round_ in range(9):
    for i in range(32):
        open_region(i)
        pace(i, 32)
    take_snapshot()
