# SPDX-License-Identifier: Apache-2.0
"""Programs on CPython with nothing but LD_PRELOAD: each stack has the functions and lines that
Python itself says; objects are counted one by one; and the program cannot tell the difference.

SILT_PYTHON_BINARY chooses the interpreter; without it it is Debian's 3.11.
"""

import os
import pathlib
import re
import subprocess
import unittest

import harness

APPS = harness.HERE / "python"


def is_joined_version(binary):
    try:
        text = subprocess.run([binary, "--version"], check=True, capture_output=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return False
    return text.startswith("Python 3.11.")


def find_python():
    for binary in (os.environ.get("SILT_PYTHON_BINARY"), "/usr/bin/python3.11", "python3"):
        if binary and is_joined_version(binary):
            return binary
    return None


PYTHON = find_python()


@unittest.skipIf(PYTHON is None, "not installed: python3.11")
class PythonTest(harness.SiltTest):
    def run_app(self, arguments, status=0, **settings):
        done = subprocess.run([PYTHON, *arguments], env=self.silt_environment(**settings),
                              cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=harness.TIMEOUT)
        self.assertEqual(done.returncode, status, done.stderr.decode(errors="replace")[-2000:])
        return done.stdout.decode(), done.stderr.decode()

    def compare_with_plain(self, code, *options, **settings):
        """What a program prints is what it prints without silt."""
        plain = subprocess.run([PYTHON, *options, "-c", code], env=self.environment(**settings),
                               cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True,
                               timeout=harness.TIMEOUT)
        output, _ = self.run_app([*options, "-c", code], status=plain.returncode, **settings)
        self.assertEqual(output, plain.stdout.decode())

    def check_shapes(self, **settings):
        output, _ = self.run_app([str(APPS / "shapes.py")], **settings)
        expected = {}  # blocks and bytes by frames
        for size, frames in re.findall(r"^stack (\d+) (.*)$", output, re.MULTILINE):
            blocks, sizes = expected.get(frames, (0, 0))
            expected[frames] = (blocks + 1, sizes + int(size))
        self.assertGreater(len(expected), 40)
        found = {}
        for stack in self.report().stacks:
            if stack["heap"] != "python":
                continue
            frames = " ".join(f"{frame['function']}:{frame['line']}" for frame in stack["frames"]
                              if frame["kind"] == "python")
            blocks, sizes = found.get(frames, (0, 0))
            found[frames] = (blocks + stack["live_blocks"][0], sizes + stack["live_bytes"][0])
        wrong = [f"{frames}: {figures}, found {found.get(frames)}"
                 for frames, figures in expected.items() if found.get(frames) != figures]
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(expected)} differ")

    def test_every_way_to_run_python_code_has_its_frames_and_lines(self):
        self.check_shapes()

    def test_frames_are_right_whatever_allocator_python_uses(self):
        self.check_shapes(PYTHONMALLOC="malloc")

    def test_frames_are_right_in_development_mode(self):
        self.check_shapes(PYTHONDEVMODE="1")


if __name__ == "__main__":
    harness.main()
