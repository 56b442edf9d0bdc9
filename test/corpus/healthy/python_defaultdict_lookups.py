# SPDX-License-Identifier: Apache-2.0
"""Looking a name up with get makes no entry.

truth: healthy
"""

import sys
from pathlib import Path
from collections import defaultdict

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

permissions = defaultdict(list)
permissions["admin"].append("everything")


def may(name):
    return "everything" in permissions.get(name, ())


def serve(number):
    return may("visitor %d" % number)


for round_ in range(12):
    for i in range(160):
        serve(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
