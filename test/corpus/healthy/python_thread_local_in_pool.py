# SPDX-License-Identifier: Apache-2.0
"""A pool's threads live on; their thread-local data is emptied after each request.

truth: healthy
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

local = threading.local()


def serve(number):
    trail = local.__dict__.setdefault("trail", [])
    trail.append({"request": number, "steps": [number]})
    local.__dict__.clear()


pool = ThreadPoolExecutor(4)


for round_ in range(12):
    for i in range(160):
        pool.submit(serve, i).result()
        pace(i, 160)
    take_snapshot()
