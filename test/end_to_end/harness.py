# SPDX-License-Identifier: Apache-2.0
"""Runs victims and real programs with and without silt, and reads what silt says about them.

Tests wait for events (a line of output, a file, an exit), each with a timeout, and never sleep to
let something happen.

Environment: SILT_LIBRARY, SILT_TOOL, SILT_PROGRAMS (a folder), set by meson.build.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import unharmed  # noqa: E402
from running import TIMEOUT, Process, wait_until  # noqa: E402,F401
from tap import main  # noqa: E402,F401

LIBRARY = os.path.abspath(os.environ.get("SILT_LIBRARY", "build/interposer/libsilt.so"))
TOOL = os.path.abspath(os.environ.get("SILT_TOOL", "build/symbolizer/silt"))
PROGRAMS = os.path.abspath(os.environ.get("SILT_PROGRAMS", "build/test/programs"))
HERE = pathlib.Path(__file__).resolve().parent


def program(name):
    return os.path.join(PROGRAMS, name)


def some(cases, most):
    """`most` of the cases, first and last among them, evenly spread; all of them for
    scripts/test_long, which sets SILT_TEST_LONG."""
    cases = list(cases)
    if "SILT_TEST_LONG" in os.environ or len(cases) <= most:
        return cases
    return [cases[i * (len(cases) - 1) // (most - 1)] for i in range(most)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Whether somebody accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def simple_name(function):
    """`(anonymous namespace)::Table::add(int)` -> `add`."""
    name = (function or "").replace("(anonymous namespace)", "anonymous")
    name = name.split("(")[0]
    previous = None
    while previous != name:
        previous, name = name, re.sub(r"<[^<>]*>", "", name)
    return name.split("::")[-1].strip().split(" ")[-1]


class Report:
    """What `silt report --format json` says about one recording."""

    def __init__(self, text):
        self.json = json.loads(text)
        self.stacks = self.json["stacks"]
        self.snapshots = self.json["snapshots"]
        self.notes = self.json["notes"]

    def with_function(self, name, heap=None):
        return [stack for stack in self.stacks
                if (heap is None or stack["heap"] == heap)
                and any(simple_name(frame["function"]) == name for frame in stack["frames"])]

    def sums(self, name, heap="native", snapshot=-1):
        """(live blocks, live bytes, allocated blocks, allocated bytes) below a function."""
        stacks = self.with_function(name, heap)
        return (sum(stack["live_blocks"][snapshot] for stack in stacks),
                sum(stack["live_bytes"][snapshot] for stack in stacks),
                sum(stack["allocated_blocks"] for stack in stacks),
                sum(stack["allocated_bytes"] for stack in stacks))

    @staticmethod
    def names(stack):
        return [simple_name(frame["function"]) for frame in stack["frames"]]

    def growing(self):
        """Stacks that grew, largest first."""
        return sorted((stack for stack in self.stacks if stack["growth_bytes"] > 0),
                      key=lambda stack: -stack["growth_bytes"])


class SiltTest(unittest.TestCase):
    """A test with a folder of its own, and the tool and the library at hand."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="silt-test-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.out = os.path.join(self.folder, "out")
        os.mkdir(self.out)

    def environment(self, **settings):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("SILT_", "LD_", "ASAN_", "MALLOC_"))}
        environment.update(LC_ALL="C", DEBUGINFOD_URLS="")
        environment.update(settings)
        return environment

    def silt_environment(self, **settings):
        settings.setdefault("LD_PRELOAD", LIBRARY)
        settings.setdefault("SILT_OUT", self.out)
        for setting in os.environ.get("SILT_TEST_SETTINGS", "").split():
            settings.setdefault(*setting.split("=", 1))
        return self.environment(**settings)

    def start(self, arguments, silt=True, settings=None, **options):
        """Starts a program under silt (or plain); it is ended with the test at the latest."""
        environment = (self.silt_environment if silt else self.environment)(**(settings or {}))
        process = Process(arguments, environment, self.folder, **options)
        self.addCleanup(process.stop)
        return process

    def run_program(self, arguments, silt=True, settings=None, text="", timeout=300, **options):
        """(exit status, standard output, standard error) of a whole run."""
        environment = (self.silt_environment if silt else self.environment)(**(settings or {}))
        done = subprocess.run(arguments, input=text.encode(), env=environment, timeout=timeout,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(
            errors="replace")

    def assert_unharmed(self, arguments, settings=None, silt_settings=None, text="", timeout=300,
                        prepare=None, contents=True, limits=(), **compared):
        """Runs a program plain and under silt, in a new folder of one name, and compares all that
        unharmed.py sees of it and its children; both runs. `settings` are for both."""
        here = os.path.join(self.folder, "here")
        plain = unharmed.observe(arguments, self.environment(**(settings or {})), here, text,
                                 timeout, contents, prepare, limits)
        silt = unharmed.observe(
            arguments, self.silt_environment(**{**(settings or {}), **(silt_settings or {})}), here,
            text, timeout, contents, prepare, limits)
        found = unharmed.differences(plain, silt, **compared)
        self.assertFalse(found, f"{arguments}\n" + "\n".join(found))
        return plain, silt

    def tool(self, *arguments, status=0, timeout=120, **options):
        """Runs `silt ARGUMENTS`; returns (standard output, standard error)."""
        options.setdefault("env", self.environment())
        options.setdefault("cwd", self.folder)
        done = subprocess.run([TOOL, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                              check=False, **options)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if status is not None:
            self.assertEqual(done.returncode, status,
                             f"silt {' '.join(map(str, arguments))}\n{out[-2000:]}\n{err[-2000:]}")
        return out, err

    def dump(self, pid):
        """`silt dump`; returns the path of the snapshot."""
        out, err = self.tool("dump", pid)
        path = out.strip().splitlines()[-1] if out.strip() else ""
        self.assertTrue(os.path.isfile(os.path.join(self.folder, path)), f"'{out}' '{err}'")
        return os.path.join(self.folder, path)

    def recordings(self, name="*"):
        return sorted(str(path) for path in pathlib.Path(self.out).glob(f"silt.{name}.*"))

    def recording(self, name="*"):
        found = self.recordings(name)
        self.assertEqual(len(found), 1, f"recordings: {found}")
        return found[0]

    def recording_of(self, process, name):
        """Where a process records; the folder is there from its first snapshot on."""
        return os.path.join(self.out, f"silt.{name}.{process.pid}")

    def snapshots(self, recording):
        return sorted((str(path) for path in pathlib.Path(recording).glob("*.silt")),
                      key=lambda path: (len(path), path))  # 999 before 1000

    def kill_and_wait(self, process, name):
        """A snapshot by a plain kill -USR2; returns its path."""
        recording = self.recording_of(process, name)
        before = len(self.snapshots(recording))
        os.kill(process.pid, signal.SIGUSR2)
        wait_until(lambda: len(self.snapshots(recording)) > before, "a snapshot after kill -USR2")
        return self.snapshots(recording)[-1]

    def report(self, *recordings, top=1000000):
        out, _ = self.tool("report", "--format", "json", "--top", top,
                           *(recordings or [self.recording()]))
        return Report(out)

    def expectations(self, lines):
        expected = []
        for line in lines:
            if line.startswith("expect "):
                _, function, heap, *numbers = line.split(" ")
                expected.append((function, heap,
                                 [None if text == "-" else int(text) for text in numbers]))
        return expected

    def check_expectations(self, report, lines, snapshot=-1):
        expected = self.expectations(lines)
        self.assertTrue(expected, f"the victim promised nothing: {lines}")
        wrong = []
        for function, heap, numbers in expected:
            actual = report.sums(function, heap, snapshot)
            for wanted, is_value, meaning in zip(
                    numbers, actual,
                    ("live blocks", "live bytes", "allocated blocks", "allocated bytes")):
                if wanted is not None and wanted != is_value:
                    wrong.append(f"{function} ({heap}): {meaning} are {is_value}, must be {wanted}")
        self.assertFalse(wrong, "\n".join(wrong))

    def check_stacks_of_handlers(self, report):
        """Of the program signal_stack: a handler's stack goes on in the code it interrupted."""
        for leaf, handler, code in (
                ("allocate_in_handler", "on_signal", "interrupted_code"),
                ("allocate_on_alternate_stack", "on_alternate_stack", "interrupted_code"),
                # Which calls nothing: on aarch64 its return address is in the link register.
                ("allocate_after_trap", "on_trap", "trapping_code")):
            stack, = report.with_function(leaf)
            names = [name for name in Report.names(stack)
                     if name in (leaf, handler, code, "main")]
            self.assertEqual(names, [leaf, handler, code, "main"])

    def run_victim(self, name, *arguments, settings=None, stop_at="ready done"):
        """Runs a victim under silt with a dump where it stands still; (report, output lines)."""
        process = self.start([program(name), *arguments], settings=settings)
        process.run_until(stop_at)
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        return self.report(self.recording(name)), process.lines


def formats():
    """The output formats that the tool has, by its own help."""
    help_text = subprocess.run([TOOL, "report", "--help"], stdout=subprocess.PIPE, text=True,
                               check=True).stdout
    return re.search(r"--format ([a-z|]+)", help_text).group(1).split("|")


def needs(*commands):
    missing = [command for command in commands if shutil.which(command) is None]
    return unittest.skipIf(missing, f"not installed: {' '.join(missing)}")
