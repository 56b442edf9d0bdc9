# SPDX-License-Identifier: Apache-2.0
"""The last 500 messages in a deque with a bound.

truth: healthy
"""

from collections import deque
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

messages = deque(maxlen=500)
for round_ in range(10):
    for i in range(240):
        messages.append("message %d of round %d" % (i, round_))
        pace(i, 240)
    take_snapshot()
