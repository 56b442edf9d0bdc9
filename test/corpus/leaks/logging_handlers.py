# SPDX-License-Identifier: Apache-2.0
"""Each request adds a handler to its logger and never takes it off.

truth: leak handler
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
        super().__init__()  # LEAK: handler
        self.lines = ["request %d" % number]  # LEAK: handler

    def emit(self, record):
        pass


def serve(number):
    log.addHandler(RequestHandler(number))  # LEAK: handler
    log.warning("served %d", number)


for round_ in range(9):
    for i in range(64):
        serve(i)
        pace(i, 64)
    take_snapshot()
