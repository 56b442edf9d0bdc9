# SPDX-License-Identifier: Apache-2.0
"""What every Python program of the corpus shares: pacing, chance from a seed, and snapshots that
the program takes of itself. raise_signal is synchronous, so no timing is involved.
Where CORPUS_IS_ASKED is 1 somebody else asks, at times of their own.

Without the interposer each snapshot prints the bytes that glibc counts as in use and the size of
all data mappings, by which `score --behaviour` proves what each program claims; the first means
something under PYTHONMALLOC=malloc only.
"""

import os
import random
import signal
import time

chance = random.Random(int(os.environ.get("CORPUS_SEED", "0")) + 1)
_recorded = "libsilt" in os.environ.get("LD_PRELOAD", "")
_slowness = int(os.environ.get("CORPUS_SLOWNESS", "1"))
_is_asked = os.environ.get("CORPUS_IS_ASKED") == "1"


def pace(request, requests):
    """Called after each request: naps 16 times in a round, 0.13 to 0.32 s in all, and
    CORPUS_SLOWNESS times as long."""
    share = max(1, requests // 16)
    if request % share == share - 1:
        time.sleep((0.008 + 0.012 * chance.random()) * _slowness)


def take_snapshot():
    if _recorded:
        if not _is_asked:
            signal.raise_signal(signal.SIGUSR2)
        return
    info = _libc.mallinfo2()
    with open("/proc/self/statm", "rb") as file:
        data_pages = int(file.read().split()[5])
    os.write(2, b"corpus: process %d in use %d data %d\n"
             % (os.getpid(), info.uordblks + info.hblkhd, data_pages * 4096))


if not _recorded:
    import ctypes

    class _MallInfo2(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd",
            "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]

    _libc = ctypes.CDLL(None)
    _libc.mallinfo2.restype = _MallInfo2
