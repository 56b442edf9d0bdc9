# SPDX-License-Identifier: Apache-2.0
"""A program that does nothing.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

for round_ in range(8):
    for i in range(16):
        pace(i, 16)
    take_snapshot()
