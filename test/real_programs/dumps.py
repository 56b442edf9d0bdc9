# SPDX-License-Identifier: Apache-2.0
"""Asks every process of a run for a snapshot, again and again, while the run goes on.

A process belongs to the run when it has the run's own copy of the library mapped, so that none is
missed that cleaned its environment, changed its name or its user, and no stranger is asked.
"""

import collections
import os
import pathlib
import re
import subprocess
import threading

PERIOD = 0.3  # seconds between two rounds: often enough for several in each short job
AT_ONCE = 8  # requests under way: more would be a load of its own


def under_silt(library):
    """Processes that have this file mapped."""
    wanted, found = str(library), []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if wanted in pathlib.Path(f"/proc/{name}/maps").read_text(errors="replace"):
                    found.append(int(name))
            except OSError:
                pass  # it has ended, or is not ours to see
    return found


class Dumps:
    """A `with` block in which all processes under this library are asked."""

    def __init__(self, tool, library, folder):
        self.tool, self.library, self.folder = tool, library, folder
        self.answered = self.ended = 0
        self.refused = collections.Counter()  # what `silt dump` said, without pids and paths
        self._pending = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        for pid, request in list(self._pending.items()):
            request.wait()
            self._collect(pid)

    def _loop(self):
        while not self._stop.wait(PERIOD):
            for pid in [pid for pid, request in self._pending.items()
                        if request.poll() is not None]:
                self._collect(pid)
            for pid in under_silt(self.library):
                if pid not in self._pending and len(self._pending) < AT_ONCE:
                    self._pending[pid] = subprocess.Popen(
                        [self.tool, "dump", str(pid)], cwd=self.folder, stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                        errors="replace", env={"PATH": os.environ.get("PATH", "/bin")})

    def _collect(self, pid):
        request = self._pending.pop(pid)
        text = request.communicate()[1].strip()
        if request.returncode == 0:
            self.answered += 1
        elif not os.path.exists(f"/proc/{pid}"):
            self.ended += 1  # while it was asked
        else:
            self.refused[re.sub(r"\d+", "N", re.sub(r"'[^']*'", "'…'", text))[:160]] += 1
