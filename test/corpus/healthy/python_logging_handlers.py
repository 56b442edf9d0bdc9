# SPDX-License-Identifier: Apache-2.0
"""Each request adds a handler to its logger and takes it off.

truth: healthy
"""

import logging
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from rounds import pace, take_snapshot  # noqa: E402

log = logging.getLogger("shop")
log.propagate = False


class RequestHandler(logging.Handler):
    def __init__(self, number):
        super().__init__()
        self.lines = ["request %d" % number]

    def emit(self, record):
        self.lines.append(record.getMessage())


def serve(number):
    handler = RequestHandler(number)
    log.addHandler(handler)
    log.warning("served %d", number)
    log.removeHandler(handler)
    handler.close()


for round_ in range(12):
    for i in range(64):
        serve(i)
        pace(i, 64)
    take_snapshot()
