#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is a target unharmed? Runs a command plain and under silt and says what differs.

Compared are standard output and error, the exit status or signal, the files that it made, the
processes it left behind, and of every process that it started, at each exec and at its end: the
open descriptors with their flags, the signals that are blocked, ignored and caught, identity,
umask, limits, folder, children not waited for, and (at an exec) the environment. Their processor
time together may not be of another order: what silt costs is measured elsewhere.

Both runs are traced by ptrace, which shows each process at exactly these two moments without any
help of its own: after an exec nothing of the new program has run yet, so all that is there was
inherited; at the end everything is still open, silt's last snapshot included. The tracer is this
file run as a program, a process of its own, since it waits for all children and adopts orphans.

What may differ, and is documented: SILT_* and LD_PRELOAD in the environment, NODE_OPTIONS in
Node.js' children, and which of the handlers are silt's own (OWN_SIGNALS).
"""

import collections
import ctypes
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

SEIZE, CONTINUE, LISTEN, EVENT_MESSAGE = 0x4206, 7, 0x4208, 0x4201
FORK, VFORK, CLONE, EXEC, EXIT, STOP = 1, 2, 3, 4, 6, 128
OPTIONS = sum(1 << event for event in (FORK, VFORK, CLONE, EXEC, EXIT)) | 0x100000  # EXITKILL
WAIT_ALL = 0x40000000
STOP_SIGNALS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
OWN_SIGNALS = (signal.SIGUSR2, signal.SIGURG)  # whose handlers are silt's where the program has none
PATIENCE = 10.0  # seconds in which what a command left behind may come to its end
# Processor time under silt that says that something went round and round: so many times the plain
# run's, and so many seconds more. Whatever else the machine does, it is not counted.
MOST_TIMES, MOST_MORE_SECONDS = 10, 10.0
KEPT = ("Uid", "Gid", "Groups", "Umask", "NoNewPrivs", "Seccomp", "SigBlk")


def state(pid):
    """What can be seen of a process from outside; None when it is gone."""
    place = pathlib.Path(f"/proc/{pid}")
    try:
        facts = dict(line.split(":\t", 1) for line in
                     (place / "status").read_text(errors="replace").splitlines() if ":\t" in line)
        found = {name: facts.get(name, "") for name in KEPT}
        for name in ("SigIgn", "SigCgt"):
            mask = int(facts[name], 16)
            for number in OWN_SIGNALS:
                mask &= ~(1 << number - 1)
            found[name] = f"{mask:016x}"
        found["program"], found["leader"] = facts["Name"], facts["Tgid"]
        found["folder"] = os.readlink(place / "cwd")
        found["limits"] = (place / "limits").read_text()
        found["children"] = sum(len((task / "children").read_text().split())
                                for task in (place / "task").iterdir())
        found["descriptors"] = descriptors(place)
        return found
    except (OSError, KeyError, ValueError):
        return None


def descriptors(place):
    found = {}
    for link in sorted((place / "fd").iterdir(), key=lambda path: int(path.name)):
        target = re.sub(r"^(pipe|socket|anon_inode):\[\d+\]$", r"\1", os.readlink(link))
        target = re.sub(r"^/proc/\d+", "/proc/N", target)
        flags = re.search(r"flags:\s*(\d+)", (place / "fdinfo" / link.name).read_text())
        found[link.name] = f"{target} {flags.group(1) if flags else ''}"
    return found


class Tracer:
    """Runs a command to its end and notes the state of all its processes."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        self.libc.ptrace.restype = ctypes.c_long
        self.records, self.alive = [], set()

    def ptrace(self, request, pid, data=0):
        return self.libc.ptrace(request, pid, None, data) == 0

    def start(self, command):
        self.libc.prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans come to us
        ready, go = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(go)
            os.read(ready, 1)
            for number in (signal.SIGPIPE, signal.SIGXFSZ):  # which Python ignores
                signal.signal(number, signal.SIG_DFL)
            environment = json.loads(os.environ["UNHARMED_ENVIRONMENT"])
            for limit, value in json.loads(os.environ["UNHARMED_LIMITS"]):
                resource.setrlimit(limit, (value, value))
            try:
                os.execvpe(command[0], command, environment)
            except OSError as error:
                os.write(2, f"{command[0]}: {error}\n".encode())
            os._exit(127)
        if not self.ptrace(SEIZE, pid, OPTIONS):
            os.kill(pid, signal.SIGKILL)
            raise OSError(ctypes.get_errno(), "no process may be traced here")
        self.alive.add(pid)
        os.write(go, b"g")
        os.close(go)
        os.close(ready)
        return pid

    def run(self, command):
        """The status of the command itself, as os.waitpid gives it."""
        first, status, end = self.start(command), None, None
        while True:
            try:
                pid, word = os.waitpid(-1, WAIT_ALL | (os.WNOHANG if end else 0))
            except ChildProcessError:
                return status, []
            if pid == 0:
                if time.monotonic() > end:
                    return status, self.end_the_rest()
                time.sleep(0.005)
            elif os.WIFSTOPPED(word):
                self.alive.add(pid)
                self.stopped(pid, word)
            else:
                self.alive.discard(pid)
                if pid == first and status is None:
                    status, end = word, time.monotonic() + PATIENCE

    def stopped(self, pid, word):
        event, number = word >> 16, os.WSTOPSIG(word)
        if event == STOP and number in STOP_SIGNALS:
            self.ptrace(LISTEN, pid)
            return
        if event == EXEC or event == EXIT and os.path.isdir(f"/proc/{pid}"):
            self.note(pid, "exec" if event == EXEC else "end")
        self.ptrace(CONTINUE, pid, 0 if event else number)

    def note(self, pid, moment):
        now = state(pid)
        if now is None or now.pop("leader") != str(pid):  # a thread's mask is that of any moment
            return
        now["moment"] = moment
        if moment == "exec":
            now["command"] = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(
                errors="replace").split("\0")[:-1]
            words = pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
            now["environment"] = words.split("\0")[:-1]
        else:
            message = ctypes.c_ulong()
            self.libc.ptrace(EVENT_MESSAGE, pid, None, ctypes.addressof(message))
            now["status"] = message.value
        self.records.append(now)

    def end_the_rest(self):
        left = []
        for pid in sorted(self.alive):
            try:
                left.append(pathlib.Path(f"/proc/{pid}/comm").read_text().strip())
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        return left


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
        [sys.executable, __file__, str(report), *map(str, command)], input=text.encode(),
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


def main():
    report, command = sys.argv[1], sys.argv[2:]
    tracer = Tracer()
    status, left = tracer.run(command)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    pathlib.Path(report).write_text(json.dumps(
        {"status": status, "left": left, "records": tracer.records,
         "seconds": used.ru_utime + used.ru_stime}))


if __name__ == "__main__":
    main()
