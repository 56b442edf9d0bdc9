# SPDX-License-Identifier: Apache-2.0
"""weakref.finalize keeps its arguments, and through them the object it waits for.

truth: leak upload
"""

import sys
import weakref
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

class Upload:
    def __init__(self, number):
        self.data = bytearray(300)  # LEAK: upload
        self.number = number
        weakref.finalize(self, self.close)  # LEAK: upload

    def close(self):
        self.data = None


def upload(number):
    return Upload(number).number  # LEAK: upload


for round_ in range(10):
    for i in range(160):
        upload(i)
        pace(i, 160)
    take_snapshot()
