# SPDX-License-Identifier: Apache-2.0
"""Java heaps: looked at by HotSpot's own protocol, judged as a whole, and nobody is harmed."""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import harness

JAVA, JAVAC = shutil.which("java"), shutil.which("javac")
# As little beside the program as can be.
OPTIONS = ["-Xmx32m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]


@unittest.skipIf(JAVA is None or JAVAC is None, "not installed: java, javac")
class JavaTest(harness.SiltTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.classes = tempfile.mkdtemp(prefix="silt-java-")
        cls.addClassCleanup(shutil.rmtree, cls.classes)
        subprocess.run([JAVAC, "-J-XX:TieredStopAtLevel=1", "-d", cls.classes,
                        str(harness.HERE / "java" / "Keeps.java")], check=True)

    def command(self, what, *options):
        return [JAVA, *OPTIONS, *options, "-cp", self.classes, "Keeps", what, "60000"]

    def soak(self, what, status, **settings):
        out = os.path.join(self.folder, what)
        self.tool("soak", "--duration", "9s", "--warm-up", "2s", "--snapshots", "7", "--out", out,
                  "--json", out + ".json", "--", *self.command(what), status=status, timeout=300,
                  env=self.environment(SILT_LIBRARY=harness.LIBRARY, **settings))
        with open(out + ".json", encoding="utf-8") as file:
            report = json.load(file)
        return out, report, [finding for finding in report["findings"]
                             if finding["heap"] == "java" and
                             finding["verdict"] in ("leak", "growing")]

    def test_a_program_that_keeps_its_objects_leaks_where_it_makes_them(self):
        _, report, findings = self.soak("keeps", 1)
        self.assertEqual([finding["verdict"] for finding in findings], ["leak"], report)
        leak = findings[0]
        self.assertIsNone(leak.get("whole"))
        # The array is made in the constructor, by the call in main.
        self.assertEqual(leak["site"]["function"], "Keeps$Session.<init>")
        self.assertEqual(os.path.basename(leak["site"]["file"]), "Keeps.java")
        self.assertEqual(leak["site"]["kind"], "java")
        self.assertEqual(leak["types"][0]["type"], "byte[]")
        # 200 sessions a second at the most, on a machine that may be busy.
        self.assertGreater(leak["growth_bytes"], 200_000)
        self.assertLess(leak["growth_bytes"], 9 * 200 * 4016 * 1.5)
        frames = next(stack["frames"] for stack in report["stacks"]
                      if stack["id"] in leak["stacks"])
        self.assertEqual([frame["function"] for frame in frames],
                         ["Keeps$Session.<init>", "Keeps.main"])
        self.assertGreater(report["snapshots"][-1]["java_live_bytes"], 500_000)
        self.assertIsNone(report["snapshots"][-1]["js_used_bytes"])

    def test_without_samples_it_leaks_as_a_whole(self):
        out, report, findings = self.soak("keeps", 1, SILT_JAVA="0")
        self.assertEqual([finding.get("whole") for finding in findings], ["java"], report)
        self.assertEqual([finding["verdict"] for finding in findings], ["leak"], report)
        self.assertEqual(findings[0]["types"][0]["type"], "Keeps$Session")
        self.assertEqual(findings[0]["heap"], "java")
        self.assertIn("Java heap leaks: ", findings[0]["headline"])
        files = glob.glob(os.path.join(out, "**", "class-census.json"), recursive=True)
        self.assertEqual(len(files), 1)
        self.assertEqual(os.stat(files[0]).st_mode & 0o777, 0o600)
        with open(os.path.join(out, "program.log"), encoding="utf-8") as file:
            self.assertNotIn("thread dump", file.read())
        self.assertEqual(glob.glob(".attach_pid*"), [])

    def test_a_program_that_forgets_them_passes(self):
        _, report, findings = self.soak("forgets", 0)
        self.assertEqual(findings, [], report)
        self.assertFalse([note for note in report["notes"] if "Java heap" in note], report["notes"])

    def start_joined(self, *options, **settings):
        """A program that is sampled from its first object on."""
        process = self.start(self.command("fixed", *options),
                             settings=dict(settings, SILT_LOG="info"))
        process.wait_line("ready to begin")
        harness.wait_until(lambda: "joined Java" in process.told(), "that silt has joined")
        process.write_line()
        process.wait_line("ready Keeps")
        return process

    def end(self, process):
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(process.finish(), 128 + signal.SIGTERM, process.told())
        self.assertNotIn("WARNING", process.told())

    def threads_named_silt(self, process):
        names = []
        for task in glob.glob(f"/proc/{process.pid}/task/*/comm"):
            with open(task, encoding="utf-8") as file:
                names.append(file.read().strip())
        return names.count("silt")

    def test_samples_stand_for_what_lives(self):
        process = self.start_joined("-Xcheck:jni", SILT_JAVA_INTERVAL="16K")
        path = self.tool("dump", process.pid, timeout=100)[0].strip()
        report = json.loads(self.tool("report", "--format", "json", path)[0])
        live = sum(stack["live_bytes"][-1] for stack in report["stacks"]
                   if stack["heap"] == "java" and
                   stack["frames"][0]["function"] == "Keeps$Session.<init>")
        # 2,000 arrays of 4,016 bytes, of which some 440 are sampled: within four standard errors.
        self.assertAlmostEqual(live / (2000 * 4016), 1, delta=4 / 440 ** 0.5)
        self.assertEqual(self.threads_named_silt(process), 1)
        self.end(process)

    def test_a_heap_that_would_take_too_long_to_collect_is_not_held_up(self):
        process = self.start_joined(SILT_JAVA_PAUSE="0")
        path = self.tool("dump", process.pid, timeout=100)[0].strip()
        report = json.loads(self.tool("report", "--format", "json", path)[0])
        self.assertFalse([stack for stack in report["stacks"] if stack["heap"] == "java"])
        self.end(process)

    def test_a_program_that_is_not_to_be_sampled_has_no_thread_of_silts(self):
        process = self.start(self.command("fixed"), settings={"SILT_JAVA": "0"})
        process.wait_line("ready to begin")
        process.write_line()
        process.wait_line("ready Keeps")
        self.assertEqual(self.threads_named_silt(process), 0)
        self.end(process)

    def dump_said(self, process):
        """What `dump --owners` says of the process, which lives on and says nothing itself."""
        path, said = self.tool("dump", "--owners", "--timeout", "20s", process.pid, timeout=200)
        os.kill(process.pid, signal.SIGTERM)
        # With -Xrs it does not catch that signal either.
        self.assertIn(process.finish(), (128 + signal.SIGTERM, -signal.SIGTERM), process.told())
        self.assertNotIn("thread dump", process.told())
        return path.strip(), said

    def test_a_dump_looks_once_and_says_what_is_missing_for_a_verdict(self):
        process = self.start(self.command("forgets"))
        process.wait_line("ready Keeps")
        path, said = self.dump_said(process)
        self.assertRegex(said, r"the Java heap of process \d+ has .* look 1 of this recording")
        notes = " ".join(self.tool("report", path)[0].split())
        self.assertIn("the Java heap was not judged", notes)

    def test_a_machine_that_may_not_be_asked_is_not(self):
        process = self.start(self.command("forgets", "-XX:+DisableAttachMechanism"))
        process.wait_line("ready Keeps")
        path, said = self.dump_said(process)
        self.assertIn("was started with -XX:+DisableAttachMechanism", said)
        notes = " ".join(self.tool("report", path)[0].split())
        self.assertIn("the Java heap was not judged: process", notes)

    def test_a_machine_without_signals_is_asked_by_its_socket(self):
        process = self.start(self.command("forgets", "-Xrs"))
        process.wait_line("ready Keeps")
        harness.wait_until(lambda: os.path.exists(f"/tmp/.java_pid{process.pid}"), "its socket")
        _, said = self.dump_said(process)
        self.assertIn("look 1 of this recording", said)


# All that is seen of a HotSpot from outside, whose socket has a full line of others that wait.
BUSY_MACHINE = """
import mmap, os, signal, socket, sys, threading
library = os.path.join(sys.argv[1], "libjvm.so")
with open(library, "wb") as file: file.write(b"x" * 4096)
mapped = mmap.mmap(os.open(library, os.O_RDONLY), 4096, prot=mmap.PROT_READ)
signal.signal(signal.SIGQUIT, lambda *_: print("woken", flush=True))
def dispatch():
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as file:
        file.write("Signal Dispatch")
    named.set()
    ended.wait()
named, ended = threading.Event(), threading.Event()
threading.Thread(target=dispatch).start()
named.wait()
path = f"/tmp/.java_pid{os.getpid()}"
machine = socket.socket(socket.AF_UNIX)
machine.bind(path)
machine.listen(0)
others = []
while True:
    others.append(socket.socket(socket.AF_UNIX))
    others[-1].setblocking(False)
    if others[-1].connect_ex(path) != 0: break
print("ready busy", flush=True)
sys.stdin.readline()
os.unlink(path)
ended.set()
"""


class OthersTest(harness.SiltTest):
    def test_a_machine_that_others_are_asking_is_waited_for_and_not_woken(self):
        process = self.start([sys.executable, "-c", BUSY_MACHINE, self.folder])
        process.wait_line("ready busy")
        _, said = self.tool("dump", "--owners", "--timeout", "2s", process.pid, timeout=200)
        self.assertIn("does not take a question: it is busy", said)
        process.write_line()
        self.assertEqual(process.finish(), 0)
        self.assertNotIn("woken", process.told())

    def test_a_program_that_catches_sigquit_and_is_no_machine_gets_none(self):
        script = ("import signal, sys\n"
                  "signal.signal(signal.SIGQUIT, lambda *_: print('quit', flush=True))\n"
                  "print('ready other', flush=True)\nsys.stdin.readline()\n")
        process = self.start([sys.executable, "-c", script])
        process.wait_line("ready other")
        _, said = self.tool("dump", "--owners", process.pid, timeout=200)
        self.assertNotIn("Java", said)
        process.write_line()
        self.assertEqual(process.finish(), 0)
        self.assertNotIn("quit", process.told())


if __name__ == "__main__":
    harness.main()
