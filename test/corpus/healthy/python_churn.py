# SPDX-License-Identifier: Apache-2.0
"""Steady churn of dictionaries and strings, as a web server makes them: nothing stays.

truth: healthy
"""

import json
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import chance, pace, take_snapshot  # noqa: E402


def handle(number):
    items = [{"name": "item %d" % k} for k in range(chance.randrange(20))]
    request = {"id": number, "items": items}
    return len(json.loads(json.dumps(request))["items"])


total = 0
for round_ in range(10):
    for i in range(640):
        total += handle(i)
        pace(i, 640)
    take_snapshot()
