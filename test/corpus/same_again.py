# SPDX-License-Identifier: Apache-2.0
"""Whether several runs of one program get the same answer: what a gate needs to be kept.

The baseline that `silt check --write-baseline` makes of the first run must pass every other one, and
each run must have as many findings with verdict leak as the first."""

import subprocess

CHECK_TIMEOUT = 120


def check(options, recordings, *more):
    return subprocess.run([str(options.silt), "check", *more, *map(str, recordings)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace", timeout=CHECK_TIMEOUT)


def compare_runs(outcomes, options):
    """Adds a mistake to each outcome of one program that is not as the first one."""
    recorded = [one for one in outcomes if one.recordings]
    if not recorded:
        return  # which is a mistake already
    first, *others = recorded
    baseline = options.folder / f"{first.case.name}.baseline"
    done = check(options, first.recordings, "--write-baseline", str(baseline))
    if done.returncode != 0:
        first.mistakes.append(f"no baseline: {done.stderr.strip()[-400:]}")
        return
    for other in others:
        done = check(options, other.recordings, "--baseline", str(baseline))
        if done.returncode != 0:
            found = [line for line in done.stdout.splitlines() if line.startswith("LEAK")]
            other.mistakes.append(f"run {first.run}'s baseline fails it: {'; '.join(found)}"
                                  f" {done.stderr.strip()[-200:]}")
        if other.accusations != first.accusations:
            other.mistakes.append(f"{other.accusations} findings, {first.accusations} in run"
                                  f" {first.run}")
