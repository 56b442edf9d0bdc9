# SPDX-License-Identifier: Apache-2.0
"""Rows gathered in a list that is written out and emptied every fourth round.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

rows = []
for round_ in range(12):
    if round_ % 4 == 0:
        rows.clear()
    for i in range(240):
        rows.append("a row of the table, number %d" % i)
        pace(i, 240)
    take_snapshot()
