# SPDX-License-Identifier: Apache-2.0
"""Terminals for tests: one whose bytes are read, and one of tmux, which knows what stands on it."""

import codecs
import os
import pty
import re
import select
import shlex
import subprocess
import termios
import time

import harness


class Screen:
    """A program on a terminal of 80 columns and 24 lines."""

    def __init__(self, arguments, environment, folder):
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (24, 80))
        self.settings = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(arguments, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, cwd=folder, env=environment,
                                        start_new_session=True)
        self.text = ""
        self.waited = 0  # how much of the text earlier waits have used up
        self.decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def wait_text(self, pattern):
        """Reads until the pattern has been seen after what the last such call waited for.

        A picture arrives in as many pieces as the terminal likes: what was read beyond the
        pattern belongs to the next call."""
        end = time.monotonic() + harness.TIMEOUT
        while not (found := re.search(pattern, self.text[self.waited:])):
            ready, _, _ = select.select([self.master], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no '{pattern}' in {self.text[self.waited:][-2000:]!r}")
            self.read()
        self.waited += found.end()

    def read(self):
        self.text += self.decoder.decode(os.read(self.master, 65536))

    def type(self, keys):
        os.write(self.master, keys)

    def rest(self):
        while select.select([self.master], [], [], 0)[0]:
            self.read()
        return self.text

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)


class Tmux:
    """A program in a terminal of tmux, which knows what stands on the screen."""

    def __init__(self, width, height, arguments, environment, folder):
        self.base = ["tmux", "-f", "/dev/null", "-S", os.path.join(folder, f"tmux{width}")]
        self.width = width
        self.run("new-session", "-d", "-x", str(width), "-y", str(height), "-c", folder,
                 shlex.join(arguments), environment=environment)

    def run(self, *words, environment=None, check=True):
        return subprocess.run([*self.base, *words], env=environment, check=check,
                              capture_output=True, text=True, timeout=harness.TIMEOUT).stdout

    def lines(self):
        return self.run("capture-pane", "-p").split("\n")

    def wait(self, pattern):
        """The lines on the screen as soon as one of them has the pattern."""
        end = time.monotonic() + harness.TIMEOUT
        while not any(re.search(pattern, line) for line in self.lines()):
            if time.monotonic() > end:
                raise AssertionError(f"no '{pattern}' in\n" + "\n".join(self.lines()))
            time.sleep(0.05)
        return self.lines()

    def type(self, *keys):
        self.run("send-keys", *keys)

    def close(self):
        self.run("kill-server", check=False)
