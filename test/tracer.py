# SPDX-License-Identifier: Apache-2.0
"""Runs a command to its end under ptrace and writes down what can be seen of all its processes.

usage: tracer.py REPORT COMMAND...

ptrace shows each process at exactly two moments without any help of its own: after an exec nothing
of the new program has run yet, so all that is there was inherited; at the end everything is still
open, silt's last snapshot included. It is a program and a process of its own, since it waits for
all children and adopts orphans. unharmed.py runs it and compares what it wrote.
"""

import ctypes
import json
import os
import pathlib
import re
import resource
import signal
import sys
import time

SEIZE, CONTINUE, LISTEN, EVENT_MESSAGE = 0x4206, 7, 0x4208, 0x4201
FORK, VFORK, CLONE, EXEC, EXIT, STOP = 1, 2, 3, 4, 6, 128
OPTIONS = sum(1 << event for event in (FORK, VFORK, CLONE, EXEC, EXIT)) | 0x100000  # EXITKILL
WAIT_ALL = 0x40000000
STOP_SIGNALS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
OWN_SIGNALS = (signal.SIGUSR2, signal.SIGURG)  # whose handlers are silt's where the program has none
PATIENCE = 10.0  # seconds in which what a command left behind may come to its end
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
