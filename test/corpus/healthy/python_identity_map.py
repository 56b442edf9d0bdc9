# SPDX-License-Identifier: Apache-2.0
"""A session that lives as long as the program holds the rows it has loaded weakly.

truth: healthy
"""

import sys
import weakref
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class Session:
    def __init__(self):
        self.identity_map = weakref.WeakValueDictionary()

    def get(self, key):
        row = self.identity_map.get(key)
        if row is None:
            row = Row(key)
            self.identity_map[key] = row
        return row


class Row:
    def __init__(self, key):
        self.key = key
        self.columns = {"name": "article %d" % key, "price": key * 1.5}


session = Session()


def show(number):
    return session.get(number).columns["price"]


for round_ in range(12):
    for i in range(160):
        show(round_ * 1000 + i)
        pace(i, 160)
    take_snapshot()
