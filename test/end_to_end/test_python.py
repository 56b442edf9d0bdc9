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
        self.assertEqual(plain.returncode, 0, plain.stderr)
        output, errors = self.run_app([*options, "-c", code], **settings)
        self.assertEqual(output, plain.stdout.decode())
        self.assertEqual(errors, plain.stderr.decode())

    def check_shapes(self, **settings):
        output, _ = self.run_app([str(APPS / "shapes.py")], **settings)
        expected = {}  # blocks and bytes by frames
        for size, frames in re.findall(r"^stack (\d+) (.*)$", output, re.MULTILINE):
            blocks, sizes = expected.get(frames, (0, 0))
            expected[frames] = (blocks + 1, sizes + int(size))
        self.assertGreater(len(expected), 30)
        found = {}
        text, _ = self.tool("report", "--format", "json", "--top", 1000000, "--function", "leaf",
                            self.recording())
        for stack in harness.Report(text).stacks:
            if stack["heap"] != "python":
                continue
            frames = " ".join(f"{frame['function']}:{frame['line']}" for frame in stack["frames"]
                              if frame["kind"] == "python")
            blocks, sizes = found.get(frames, (0, 0))
            found[frames] = (blocks + stack["live_blocks"][0], sizes + stack["live_bytes"][0])
        # The interpreter may keep a small block of its own besides, the first time it comes by.
        wrong = []
        for frames, (blocks, sizes) in expected.items():
            found_blocks, found_sizes = found.get(frames, (0, 0))
            if not blocks <= found_blocks <= blocks + 1 or not sizes <= found_sizes <= sizes + 64:
                wrong.append(f"{frames}: {blocks} blocks of {sizes} bytes, "
                             f"found {found.get(frames)}")
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(expected)} differ")

    def test_every_way_to_run_python_code_has_its_frames_and_lines(self):
        self.check_shapes()

    def test_frames_are_right_whatever_allocator_python_uses(self):
        self.check_shapes(PYTHONMALLOC="malloc")

    def test_frames_are_right_in_development_mode(self):
        self.check_shapes(PYTHONDEVMODE="1")

    def test_objects_are_counted_one_by_one_and_what_is_freed_is_gone(self):
        code = """
import gc, signal
gc.disable()
class Row:
    __slots__ = ("a",)
def make(n):
    return [Row() for _ in range(n)]
kept = make(5000)
signal.raise_signal(signal.SIGUSR2)
del kept[2000:]
signal.raise_signal(signal.SIGUSR2)
"""
        self.run_app(["-c", code], SILT_AT_EXIT="0")
        report = self.report()
        line = [stack for stack in report.stacks if stack["heap"] == "python" and
                any(frame["function"] == "make.<locals>.<listcomp>" for frame in stack["frames"])]
        rows = [sum(stack["live_blocks"][i] for stack in line) for i in (0, 1)]
        # A Row is one block; the list has one or two, and its own comes from a free list.
        self.assertTrue(5000 <= rows[0] <= 5003 and 2000 <= rows[1] <= 2003, rows)

    def test_a_leak_is_told_in_words_of_python(self):
        code = """
import signal
cache = {}
def load_user(n):
    cache[n] = {"name": "user %d" % n}
for round_ in range(9):
    for n in range(300):
        load_user(round_ * 300 + n)
    signal.raise_signal(signal.SIGUSR2)
"""
        app = pathlib.Path(self.folder) / "app.py"
        app.write_text(code, encoding="utf-8")
        self.run_app([str(app)], SILT_AT_EXIT="0")
        findings = [finding for finding in self.report().json["findings"]
                    if finding["verdict"] == "leak"]
        self.assertEqual([(finding["site"]["function"], finding["site"]["line"], finding["heap"])
                          for finding in findings], [("load_user", 5, "python")])
        text, _ = self.tool("report", self.recording())
        self.assertIn("objects allocated in load_user", text)
        self.assertNotIn("_PyEval_EvalFrameDefault", text)

    def test_the_last_snapshot_shows_what_python_clears_at_its_end(self):
        self.run_app(["-c", "kept = [bytes(1000) for _ in range(500)]"])
        report = self.report()
        self.assertGreater(report.snapshots[-1]["python_live_bytes"], 500 * 1000)

    def test_a_recursion_goes_as_deep_as_without_silt(self):
        self.compare_with_plain("""
import sys
sys.setrecursionlimit(10**6)
def down(n):
    kept = [n]
    return 0 if n == 0 else 1 + down(n - 1)
print(down(100000), down(100000))
""")

    def test_programs_cannot_tell_the_difference(self):
        self.compare_with_plain("""
import os, sys, threading, gc, faulthandler, traceback
faulthandler.enable()
class Dying:
    def __del__(self):
        raise ValueError([1] * 9)
sys.unraisablehook = lambda unraisable: print(type(unraisable.exc_value).__name__)
Dying()
def work():
    for i in range(300):
        exec(f"def made(a):\\n    return [a] * {i % 7}\\nmade(1)", {})
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
sys.setprofile(lambda *rest: None)
work()
sys.setprofile(None)
pid = os.fork()
if pid == 0:
    work()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), gc.isenabled())
def endless():
    endless()
try:
    endless()
except RecursionError as error:
    print(len(traceback.extract_tb(error.__traceback__)))
import tracemalloc
tracemalloc.start()
kept = [bytes(100) for _ in range(50)]
print(tracemalloc.get_traced_memory()[0] > 5000)
tracemalloc.stop()
kept = None
print(sys.argv, sys.flags.dev_mode)
""")

    def test_every_way_to_start_python_works(self):
        for options in (["-I"], ["-S"], ["-E", "-s"], ["-X", "dev"], ["-X", "tracemalloc"], ["-O"],
                        ["-B", "-u"]):
            with self.subTest(options=options):
                self.compare_with_plain("print(sum(len([i]) for i in range(1000)))", *options)

    def test_children_of_multiprocessing_are_joined_however_they_start(self):
        app = pathlib.Path(self.folder) / "app.py"
        app.write_text("""
import multiprocessing
def work(queue):
    global kept
    kept = [bytes(1000) for _ in range(500)]
    queue.put(len(kept))
if __name__ == "__main__":
    for way in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(way)
        queue = context.Queue()
        process = context.Process(target=work, args=(queue,))
        process.start()
        print(queue.get(), process.join(), process.exitcode)
""", encoding="utf-8")
        plain = subprocess.run([PYTHON, str(app)], env=self.environment(), cwd=self.folder,
                               check=True, capture_output=True, timeout=harness.TIMEOUT)
        output, errors = self.run_app([str(app)])
        self.assertEqual((output, errors), (plain.stdout.decode(), plain.stderr.decode()))
        blocks = []
        for recording in self.recordings():
            text, _ = self.tool("report", "--format", "json", "--top", 10000, "--function",
                                "work.<locals>.<listcomp>", recording)
            blocks += [stack["live_blocks"][-1] for stack in harness.Report(text).stacks
                       if stack["live_blocks"][-1] >= 500]
        self.assertEqual(len(blocks), 3, blocks)

    def test_the_python_of_a_virtual_environment_is_joined(self):
        subprocess.run([PYTHON, "-m", "venv", "--without-pip", "environment"], cwd=self.folder,
                       env=self.environment(), check=True, timeout=harness.TIMEOUT)
        binary = pathlib.Path(self.folder) / "environment/bin/python"
        code = "import sys; kept = [[i] for i in range(500)]; print(sys.prefix != sys.base_prefix)"
        status, output, errors = self.run_program([str(binary), "-c", code],
                                                  settings={"SILT_LOG": "info"})
        self.assertEqual((status, output), (0, "True\n"), errors)
        self.assertIn("joined Python", errors)

    def test_a_python_where_the_kernel_reads_no_memory_is_joined(self):
        # As in some containers: process_vm_readv is refused. The first Python puts the filter on.
        code = """
import ctypes, os, struct, sys
filters = b"".join(struct.pack("HBBI", *one) for one in (
    (0x20, 0, 0, 0),            # load the call's number
    (0x15, 0, 1, 310),          # process_vm_readv?
    (0x06, 0, 0, 0x50000 + 1),  # EPERM
    (0x06, 0, 0, 0x7fff0000)))  # all others are allowed
buffer = ctypes.create_string_buffer(filters)
class Program(ctypes.Structure):
    _fields_ = [("size", ctypes.c_ushort), ("code", ctypes.c_void_p)]
program = Program(4, ctypes.addressof(buffer))
prctl = ctypes.CDLL(None, use_errno=True).prctl
assert prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, ctypes.byref(program), 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-c", "kept = [[i] for i in range(5000)]"])
"""
        _, errors = self.run_app(["-c", code], SILT_LOG="info")
        self.assertEqual(errors.count("joined Python"), 2, errors)

    def test_a_debugger_that_evaluates_frames_itself_is_unharmed(self):
        code = f"""
import ctypes
debugger = ctypes.CDLL({harness.program("evaluates_frames.so")!r})
python = ctypes.pythonapi
python.PyInterpreterState_Get.restype = ctypes.c_void_p
install = python._PyInterpreterState_SetEvalFrameFunc
install.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
install(python.PyInterpreterState_Get(), ctypes.cast(debugger.evaluate, ctypes.c_void_p))
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
kept = []
def remember(i):
    kept.append([i] * 50)
for i in range(2000):
    remember(i)
print(down(300), len(kept), ctypes.c_ulong.in_dll(debugger, "evaluated").value)
"""
        self.compare_with_plain(code)
        stacks = [stack for stack in self.report().stacks if stack["live_blocks"][-1] >= 2000]
        self.assertTrue(any(frame["function"] == "remember" for stack in stacks
                            for frame in stack["frames"]), stacks)

    def test_python_can_be_left_alone(self):
        self.run_app(["-c", "kept = [bytes(1000) for _ in range(500)]"], SILT_PYTHON="0")
        self.assertFalse(any(frame["kind"] == "python" for stack in self.report().stacks
                             for frame in stack["frames"]))

    def test_sampled_objects_are_estimated(self):
        code = "kept = [bytes(2000) for _ in range(20000)]"
        self.run_app(["-c", code], SILT_SAMPLE="64K", SILT_SEED="7")
        live = self.report().snapshots[-1]["python_live_bytes"]
        # 40 MB by some 600 samples: four standard deviations are a sixth.
        self.assertTrue(0.83 < live / (20000 * 2033) < 1.25, live)


if __name__ == "__main__":
    harness.main()
