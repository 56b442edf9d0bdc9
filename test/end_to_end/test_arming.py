# SPDX-License-Identifier: Apache-2.0
"""SILT_START=asleep, silt arm, silt disarm: what is recorded is what was born while the process was
armed, each time in a recording of its own; asleep nothing is."""

import os
import shutil
import signal
import unittest

import harness


class Arming(harness.SiltTest):
    def start_asleep(self, *arguments, **settings):
        process = self.start([harness.program(arguments[0]), *arguments[1:]],
                             settings={"SILT_START": "asleep", **settings})
        self.said = 0
        return process

    def wait(self, process, name):
        """What it promised since the last time."""
        process.wait_line(f"ready {name}")
        said, self.said = self.said, len(process.lines)
        return process.lines[said:]

    def arm(self, process, *options):
        out, _ = self.tool("arm", *options, process.pid)
        return out.strip()

    def test_each_time_it_records_what_was_born_since(self):
        process = self.start_asleep("armed")
        self.wait(process, "phase")
        folders = []
        for time in range(2):
            folders.append(self.arm(process))
            process.write_line()
            lines = self.wait(process, "phase")
            path = self.dump(process.pid)
            self.assertEqual(os.path.dirname(path), folders[-1])
            report = self.report(folders[-1])
            self.check_expectations(report, lines)
            # Of the phase before, which was not recorded: thirty by each of two threads.
            text, _ = self.tool("report", folders[-1])
            self.assertIn("60 frees of blocks allocated before recording began", text)
            self.assertRegex(" ".join(text.split()), "armed at [0-9: -]+ UTC, .* after the start: blocks")
            last, _ = self.tool("disarm", process.pid)
            self.assertEqual(os.path.dirname(last.strip()), folders[-1])
            if time == 0:
                process.write_line()
                self.wait(process, "phase")
        self.assertEqual(len(set(folders)), 2)
        self.assertEqual([len(self.snapshots(folder)) for folder in folders], [3, 3])
        process.write_line()
        self.wait(process, "phase")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")
        # Asleep at its end it leaves no recording more.
        self.assertEqual(self.recordings("armed"), sorted(folders))

    def test_asleep_it_says_so_and_takes_nothing(self):
        process = self.start_asleep("armed")
        self.wait(process, "phase")
        for command in ("dump", "disarm"):
            _, err = self.tool(command, process.pid, status=3)
            self.assertIn("asleep", err)
            self.assertEqual(err.count("\n"), 1)
        self.assertIn("silt arm", self.tool("dump", process.pid, status=3)[1])
        os.kill(process.pid, signal.SIGUSR2)
        harness.wait_until(lambda: "silt arm" in process.errors(), "what kill -USR2 says")
        self.arm(process)
        _, err = self.tool("arm", process.pid, status=3)
        self.assertIn("records already", err)
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_period_ends_by_itself_with_a_last_snapshot(self):
        process = self.start_asleep("asked", "works")
        process.wait_line("ready asked")
        folder = self.arm(process, "--for", "1s", "--exact")
        harness.wait_until(lambda: len(self.snapshots(folder)) == 2, "the end of the period")
        harness.wait_until(lambda: "asleep" in self.tool("dump", process.pid, status=None)[1],
                           "its sleep")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(len(self.snapshots(folder)), 2)

    def test_sampled_and_then_exact(self):
        process = self.start_asleep("armed")
        self.wait(process, "phase")
        folder = self.arm(process, "--sample", "4K")
        process.write_line()
        self.wait(process, "phase")
        self.tool("disarm", process.pid)
        report = self.report(folder)
        self.assertIn("sampled, one in 4.1 kB", self.tool("report", folder)[0])
        # Blocks of 7,919 and 300,007 bytes: at one in 4 KiB most are sampled.
        live, size, _, _ = report.sums("leak_in_phase")
        self.assertTrue(40 < live < 80 and 1e6 < size < 4e6, (live, size))
        process.write_line()
        self.wait(process, "phase")
        folder = self.arm(process, "--exact")
        process.write_line()
        lines = self.wait(process, "phase")
        self.tool("disarm", process.pid)
        self.check_expectations(self.report(folder), lines)
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_process_that_may_not_be_signalled_is_told_why(self):
        process = self.start_asleep("armed", SILT_SIGNAL="none")
        self.wait(process, "phase")
        _, err = self.tool("arm", process.pid, status=3)
        self.assertIn("SILT_SIGNAL=none", err)
        self.assertIn("by signal only", err)
        self.assertEqual(process.finish(), 0, process.told())

    def test_forked_children_sleep_too(self):
        process = self.start_asleep("fork_tree")
        self.assertEqual(process.finish(), 12, process.told())
        self.assertEqual(self.recordings(), [])

    def tell(self, process, letter):
        process.write_line(letter)
        return process.wait_line("child " if letter == "f" else "done")

    def test_a_child_forked_while_armed_goes_on_in_a_recording_of_its_own(self):
        process = self.start_asleep("forks_on_demand")
        process.wait_line("ready begun")
        self.tell(process, "p")
        folder = self.arm(process)
        self.tell(process, "p")
        child = int(self.tell(process, "f").split()[1])
        self.tell(process, "c")
        self.tell(process, "p")
        own = os.path.dirname(self.dump(child))
        self.tool("disarm", process.pid)
        self.assertNotEqual(own, folder)
        report = self.report(folder)
        self.assertEqual((report.sums("leak_in_parent")[0], report.sums("leak_in_child")[0]), (20, 0))
        # What it inherited was born while its parent was armed.
        report = self.report(own)
        self.assertEqual((report.sums("leak_in_parent")[0], report.sums("leak_in_child")[0]), (10, 7))
        self.assertIn("a child of a process that was armed before", " ".join(report.notes))
        # The parent sleeps; the child does not.
        self.assertIn("asleep", self.tool("dump", process.pid, status=3)[1])
        self.tell(process, "c")
        self.dump(child)
        self.assertEqual(self.report(own).sums("leak_in_child")[0], 14)
        self.tool("disarm", child)
        self.assertIn("asleep", self.tool("dump", child, status=3)[1])
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(self.recordings(), sorted([folder, own]))

    def test_a_child_forked_asleep_is_armed_by_its_own_pid(self):
        process = self.start_asleep("forks_on_demand")
        process.wait_line("ready begun")
        child = int(self.tell(process, "f").split()[1])
        self.tell(process, "c")
        self.assertIn("asleep", self.tool("dump", child, status=3)[1])
        folder = self.tool("arm", child)[0].strip()
        self.tell(process, "c")
        self.tell(process, "p")
        self.dump(child)
        report = self.report(folder)
        self.assertEqual((report.sums("leak_in_parent")[0], report.sums("leak_in_child")[0]), (0, 7))
        self.assertIn("asleep", self.tool("dump", process.pid, status=3)[1])
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(self.recordings(), [folder])

    def test_words_that_cannot_be_understood(self):
        for words in (["--for", "soon"], ["--for", "0s"], ["--for", "400h"], ["--sample", "x"],
                      ["--exact", "--sample", "1K"]):
            _, err = self.tool("arm", *words, "1", status=2)
            self.assertEqual(err.count("\n"), 1, err)

    def test_a_folder_that_cannot_be_written_leaves_it_asleep(self):
        process = self.start_asleep("armed")
        self.wait(process, "phase")
        os.rmdir(self.out)
        with open(self.out, "w", encoding="utf-8"):
            pass
        _, err = self.tool("arm", process.pid, status=3)
        self.assertIn("cannot make a recording", err)
        self.assertIn("asleep", self.tool("dump", process.pid, status=3)[1])
        self.assertEqual(process.finish(), 0, process.told())


class Runtimes(harness.SiltTest):
    """They are joined when the process is armed, and again when it is armed again."""

    def arm_twice(self, program, source, expected, heap):
        path = os.path.join(self.folder, "program")
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        process = self.start([program, path], settings={"SILT_START": "asleep"})
        process.wait_line("ready")
        for _ in range(2):
            folder = self.tool("arm", process.pid)[0].strip()
            # It allocates at a pace of its own: dumps go on until what is expected is there.
            def found():
                self.dump(process.pid)
                report = self.report(folder)
                return any(stack["heap"] == heap and stack["live_bytes"][-1] > 100000 and
                           any(expected in frame["function"] for frame in stack["frames"]
                               if frame["function"])
                           for stack in report.stacks)
            harness.wait_until(found, f"{expected} in the heap {heap}")
            self.tool("disarm", process.pid)
        process.stop()
        self.assertEqual(len(self.recordings()), 2)
        return process

    @unittest.skipIf(not os.path.exists("/usr/bin/python3.11"), "not installed: python3.11")
    def test_python(self):
        self.arm_twice("/usr/bin/python3.11", """
import time
kept = []
def leak_objects():
    for i in range(200): kept.append([i] * 10)
print("ready", flush=True)
while True:
    leak_objects()
    time.sleep(0.01)
""", "leak_objects", "python")

    @harness.needs("node")
    def test_nodejs(self):
        self.arm_twice(shutil.which("node"), """
const kept = [];
function leakObjects() { for (let i = 0; i < 2000; ++i) kept.push({ a: i, b: [i, i, i, i] }); }
setInterval(leakObjects, 10);
console.log("ready");
""", "leakObjects", "js")


if __name__ == "__main__":
    harness.main()
