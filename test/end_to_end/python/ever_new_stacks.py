# SPDX-License-Identifier: Apache-2.0
"""Makes objects at stacks of which each comes once, and keeps few of them: ever_new_stacks.cpp in
Python. usage: ever_new_stacks.py SECONDS    of processor time, before and after `ready first`"""

import sys
import time

DEPTH = 40
KEPT_EVERY = 100
NEW_STACKS_IN_TURN = 150
SECONDS_OF_TURN = 0.02
kept = []
counts = {"made": 0, "kept": 0, "same": 0}


def passing():
    return bytes(30_000)


def staying():
    kept.append(bytes(31_000))


def descend(path, depth, stays):
    """Each bit of the path chooses one of two lines to go on from."""
    if depth == 0:
        if stays:
            staying()
        else:
            passing()
    elif path & 1:
        descend(path >> 1, depth - 1, stays)
    else:
        descend(path >> 1, depth - 1, stays)


def same_stack():
    return bytes(32_000)


def work(seconds):
    """New stacks at a pace of its own processor time, as ever_new_stacks.cpp."""
    turn = time.thread_time()
    end = turn + seconds
    while turn < end:
        for _ in range(NEW_STACKS_IN_TURN):
            made = counts["made"]
            stays = made % KEPT_EVERY == 0
            # An odd number times another is another path each time, and most part early.
            path = (made * 0x9e3779b97f4a7c15 & (1 << 64) - 1) >> 64 - DEPTH
            descend(path, DEPTH, stays)
            counts["made"] += 1
            counts["kept"] += stays
        turn += SECONDS_OF_TURN
        while time.thread_time() < turn:
            same_stack()
            counts["same"] += 1


def allocated_bytes():
    # What it asks for is what a bytes object has besides its bytes, 33, and these.
    passed = counts["made"] - counts["kept"]
    return passed * 30_033 + counts["kept"] * 31_033 + counts["same"] * 32_033


for name in ("first", "done"):
    work(float(sys.argv[1]))
    print(f"allocated {allocated_bytes()} kept {counts['kept']}\nready {name}", flush=True)
    sys.stdin.readline()
