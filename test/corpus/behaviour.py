# SPDX-License-Identifier: Apache-2.0
"""Runs programs of the corpus without silt: do they grow, or not, as they claim?"""

import re
import statistics
import subprocess
import tempfile
import time

from cases import MINIMUM_SNAPSHOTS, PROGRAM_TIMEOUT, Outcome, environment


def check_behaviour(case, run, options):
    """Runs a program alone and checks that the allocator's own figures bear out its claim."""
    outcome = Outcome(case, run)
    start = time.monotonic()
    # Blocks in glibc's thread caches and fast bins count as in use: do without them.
    settings = environment(run, options)
    settings["GLIBC_TUNABLES"] = "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        done = subprocess.run(case.command(options.programs, options.node), env=settings, cwd=folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PROGRAM_TIMEOUT)
    outcome.seconds = time.monotonic() - start
    series_of = {}  # process -> bytes in use and bytes of data mappings, at each snapshot
    for process, in_use, data in re.findall(r"^corpus: process (\d+) in use (\d+) data (\d+)",
                                            done.stderr, re.MULTILINE):
        series_of.setdefault(process, ([], []))
        series_of[process][0].append(int(in_use))
        series_of[process][1].append(int(data))
    outcome.snapshots = min((len(both[0]) for both in series_of.values()), default=0)
    if done.returncode != 0:
        outcome.mistakes.append(f"status {done.returncode}: {done.stderr.strip()[-400:]}")
    if outcome.snapshots < MINIMUM_SNAPSHOTS:
        outcome.mistakes.append(f"{outcome.snapshots} snapshots, {MINIMUM_SNAPSHOTS} are due")
        return outcome
    for both in series_of.values():
        outcome.notes.append(f"in use: {' '.join(map(str, both[0]))}")
    if case.expected:
        outcome.found = outcome.expected
        if not case.below_noise and not any(rises(one) for both in series_of.values()
                                            for one in both):
            outcome.mistakes.append("claims to leak, does not grow")
    elif any(still_grows(both[0]) for both in series_of.values()):
        outcome.mistakes.append("claims to be healthy, grows to the end")
    return outcome


def rises(live):
    """Above the start in the middle, and above the middle at the end."""
    return live[-1] > live[len(live) // 2] > live[1]


def still_grows(live):
    """Rises in each of the last four windows, to a new height."""
    last = live[-5:]
    return (live[-1] > max(live[:-2]) + 0.05 * statistics.mean(live)
            and all(after > before for before, after in zip(last, last[1:])))
