# SPDX-License-Identifier: Apache-2.0
"""A zlib stream for each connection, kept after the connection is gone: large native blocks.

truth: leak stream
"""

import zlib
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

streams = {}


def connect(number):
    stream = zlib.compressobj(level=1, wbits=9, memLevel=1)  # LEAK: stream
    stream.compress(b"hello")
    streams[number] = stream


for round_ in range(10):
    for i in range(16):
        connect(round_ * 100 + i)
        pace(i, 16)
    take_snapshot()
