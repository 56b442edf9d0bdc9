# SPDX-License-Identifier: Apache-2.0
"""What the tool itself costs: seconds and memory of a report, by format.

usage: tool.py SILT RECORDING...
       tool.py SILT --binary BINARY [--stacks N] --maker module_recording

The first form reports recordings as they are. The second makes one whose stacks run through the
functions of BINARY, for instance one with hundreds of megabytes of debug information, which is to
be looked up and not read whole. Each figure is the median of three runs: seconds of wall time and
of CPU time, and the largest resident size, of which the pages of mapped files are a part.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = 3


def measure(arguments):
    """(wall seconds, CPU seconds, largest resident MB) of one run."""
    begin = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"tool.py: {' '.join(arguments)} ended with {process.returncode}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def show(name, arguments):
    runs = [measure(arguments) for _ in range(RUNS)]
    wall, cpu, memory = (statistics.median(column) for column in zip(*runs))
    print(f"{name:44} {wall:8.2f} s {cpu:8.2f} s CPU {memory:8.0f} MB", flush=True)


def addresses(binary, most=20000):
    """Of functions, evenly picked, as hexadecimal texts."""
    names = subprocess.run(["nm", "--defined-only", binary], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, check=True, text=True).stdout
    found = sorted({line.split()[0] for line in names.splitlines()
                    if line.split()[1:2] and line.split()[1] in "tT"})
    return found[::max(1, len(found) // most)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("silt")
    parser.add_argument("recordings", nargs="*")
    parser.add_argument("--binary")
    parser.add_argument("--maker")
    parser.add_argument("--stacks", type=int, default=1000)
    options = parser.parse_args()
    show("silt --help", [options.silt, "--help"])
    with tempfile.TemporaryDirectory(prefix="silt-bench-") as folder:
        recordings = options.recordings
        if options.binary:
            recording = os.path.join(folder, "silt.binary.1")
            text = "\n".join(addresses(options.binary))
            subprocess.run([options.maker, os.path.abspath(options.binary), recording,
                            str(options.stacks)], input=text, text=True, check=True)
            recordings = [recording, *recordings]
        for recording in recordings:
            name = os.path.basename(os.path.normpath(recording))
            show(f"{name}: text", [options.silt, "report", recording])
            for form in ("pprof", "html", "json"):
                show(f"{name}: {form}, all stacks",
                     [options.silt, "report", "--format", form, "--top", "0",
                      "-o", os.path.join(folder, "report"), recording])


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
