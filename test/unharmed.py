# SPDX-License-Identifier: Apache-2.0
"""Is a target unharmed? Runs a command plain and under silt and says what differs.

Compared are standard output and error, the exit status or signal, the files that it made, the
processes it left behind, and of every process that it started, at each exec and at its end: the
open descriptors with their flags, the signals that are blocked, ignored and caught, identity,
umask, limits, folder, children not waited for, and (at an exec) the environment. Their processor
time together may not be of another order: what silt costs is measured elsewhere.

Both runs are traced, see tracer.py. What may differ, and is documented: SILT_* and LD_PRELOAD in
the environment, NODE_OPTIONS in Node.js' children, and which of the handlers are silt's own.
"""

import collections
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

TRACER = pathlib.Path(__file__).resolve().parent / "tracer.py"

# Processor time under silt that says that something went round and round: so many times the plain
# run's, and so many seconds more. Whatever else the machine does, it is not counted.
MOST_TIMES, MOST_MORE_SECONDS = 10, 10.0


@dataclasses.dataclass
class Observed:
    """One run of a command."""
    status: int  # negative: ended by that signal
    output: str
    errors: str
    left: list  # names of processes that did not end by themselves
    records: list  # the states of all processes, in no certain order
    files: dict  # what it made: mark of the contents by path
    seconds: float  # of processor time, all its processes together


def made(folder, contents):
    found = {}
    for path in sorted(folder.rglob("*")):
        mark = oct(path.lstat().st_mode)
        if path.is_file() and not path.is_symlink() and contents:
            mark += " " + hashlib.sha1(path.read_bytes()).hexdigest()
        found[str(path.relative_to(folder))] = mark
    return found


def observe(command, environment, folder, text="", timeout=600, contents=True, prepare=None,
            limits=()):
    """Runs a command in a folder that is made for it, traced, with nothing open but 0, 1 and 2, and
    under `limits`, pairs of resource.RLIMIT_* and a value."""
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if prepare:
        prepare(folder)
    report = folder.with_suffix(".report")
    done = subprocess.run(
        [sys.executable, str(TRACER), str(report), *map(str, command)], input=text.encode(),
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout, check=False,
        env={"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1",
             "UNHARMED_ENVIRONMENT": json.dumps(environment),
             "UNHARMED_LIMITS": json.dumps(list(limits))})
    if done.returncode != 0:
        raise OSError(f"the tracer failed: {done.stderr.decode(errors='replace')}")
    found = json.loads(report.read_text())
    return Observed(os.waitstatus_to_exitcode(found["status"]), done.stdout.decode(errors="replace"),
                    done.stderr.decode(errors="replace"), found["left"], found["records"],
                    made(folder, contents), found["seconds"])


def told(record):
    """A record without what may differ."""
    record = dict(record)
    environment = []
    for word in record.pop("environment", []):
        name, _, value = word.partition("=")
        if name == "NODE_OPTIONS":  # silt's part is appended
            value = re.sub(r"\s*--require[= ]\S*libsilt\S*.*$|\s*--require[= ]\S*/silt\S*.*$", "",
                           value)
            if not value:
                continue
            word = f"{name}={value}"
        if name == "LD_PRELOAD":
            value = " ".join(path for path in re.split("[ :]", value)
                             if not path.endswith("libsilt.so"))
            if not value:
                continue
            word = f"{name}={value}"
        if not name.startswith("SILT_"):
            environment.append(word)
    if record["moment"] == "exec":
        record["environment"] = sorted(environment)
        record["command"] = [re.sub(r"\d{3,}", "N", word) for word in record["command"]]  # pids
    return record


def differences(plain, silt, lines_in_any_order=False, errors=True, records=True):
    """What is not the same, a line each; nothing when the target is unharmed."""
    found = []

    def compare(what, one, other):
        if one != other:
            found.append(f"{what}: plain {str(one)[-1500:]!r}, under silt {str(other)[-1500:]!r}")

    def lines(text):
        return sorted(text.splitlines()) if lines_in_any_order else text

    compare("status", plain.status, silt.status)
    compare("standard output", lines(plain.output), lines(silt.output))
    if errors:
        compare("standard error", lines(plain.errors), lines(silt.errors))
    compare("processes left behind", sorted(plain.left), sorted(silt.left))
    compare("files", plain.files, silt.files)
    if silt.seconds > MOST_TIMES * plain.seconds + MOST_MORE_SECONDS:
        found.append(f"processor time: plain {plain.seconds:.1f} s, under silt {silt.seconds:.1f} s")
    if records:
        found += record_differences(plain.records, silt.records)
    return found


def record_differences(plain, silt):
    counts = [collections.Counter(json.dumps(told(record), sort_keys=True) for record in side)
              for side in (plain, silt)]
    only = [[json.loads(text) for text in (one - other).elements()]
            for one, other in ((counts[0], counts[1]), (counts[1], counts[0]))]
    found = []
    for record in only[0]:  # said in short: what differs from its like of the other run
        like = [other for other in only[1] if (other["moment"], other["program"]) ==
                (record["moment"], record["program"])]
        if like:
            nearest = min(like, key=lambda other: sum(record[key] != other.get(key)
                                                      for key in record))
            only[1].remove(nearest)
            for key in sorted(record):
                if record[key] != nearest.get(key):
                    found.append(f"{record['program']} at its {record['moment']}: {key}: plain "
                                 f"{record[key]!r}, under silt {nearest.get(key)!r}")
        else:
            found.append(f"only plain: {record['program']} at its {record['moment']}: {record!r}")
    return found + [f"only under silt: {record['program']} at its {record['moment']}: {record!r}"
                    for record in only[1]]
