# SPDX-License-Identifier: Apache-2.0
"""A program that runs beside its test, and the waits for what it does. Every wait is for an event
and has an end."""

import os
import pathlib
import queue
import subprocess
import threading
import time

TIMEOUT = 60.0  # seconds; what takes longer hangs


def wait_until(condition, what, timeout=TIMEOUT):
    """Returns the condition's first true value; fails when there is none in time."""
    end = time.monotonic() + timeout
    pause = 0.001
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout:.0f} s in vain: {what}")
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


class Process:
    """A running program whose output is read line by line."""

    def __init__(self, arguments, environment, folder, **options):
        self.error_path = os.path.join(folder, f"stderr.{time.monotonic_ns()}")
        with open(self.error_path, "wb") as error_file:
            self.process = subprocess.Popen(
                arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=error_file,
                env=environment, **options)
        self.pid = self.process.pid
        self.lines = []
        self._queue = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._queue.put(line.decode(errors="replace").rstrip("\n"))
        self._queue.put(None)

    def wait_line(self, prefix, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line '{prefix}' in {timeout:.0f} s; {self.told()}") from None
            if line is None:
                raise AssertionError(f"ended without a line '{prefix}'; {self.told()}")
            self.lines.append(line)
            if line.startswith(prefix):
                return line

    def told(self):
        return f"output: {self.lines[-10:]}, errors: {self.errors()[-2000:]}"

    def errors(self):
        return pathlib.Path(self.error_path).read_text(errors="replace")

    def run_until(self, stop_at):
        """Lets a victim go on at each `ready` line until the wanted one."""
        while self.wait_line("ready ") != stop_at:
            self.write_line()

    def write_line(self, text=""):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def finish(self, timeout=TIMEOUT):
        """Closes standard input, waits for the end, returns the exit status."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end in {timeout:.0f} s; {self.told()}") from None
        self._reader.join(timeout)
        while not self._queue.empty():
            line = self._queue.get()
            if line is not None:
                self.lines.append(line)
        return status

    def stop(self):
        """Ends a process that a failed test left behind."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(5)
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
