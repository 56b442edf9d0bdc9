# SPDX-License-Identifier: Apache-2.0
"""functools.lru_cache at its bound from the third round on, with values of varying size.

truth: healthy
"""

import functools
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import chance, pace, take_snapshot  # noqa: E402


@functools.lru_cache(maxsize=600)
def load(number):
    return bytes(100 + chance.randrange(400))


for round_ in range(12):
    for i in range(240):
        load(round_ * 240 + i)
        pace(i, 240)
    take_snapshot()
