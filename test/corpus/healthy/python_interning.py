# SPDX-License-Identifier: Apache-2.0
"""A table of words that is filled from a finite vocabulary and then only read.

truth: healthy
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import chance, pace, take_snapshot  # noqa: E402

table = {}
for round_ in range(12):
    for i in range(960):
        word = "word-%d" % chance.randrange(400)
        table.setdefault(word, [word])
        pace(i, 960)
    take_snapshot()
