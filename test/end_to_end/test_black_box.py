# SPDX-License-Identifier: Apache-2.0
"""SILT_BLACKBOX=1: what is left of a process that was killed, and that nothing is left of others.
Longer than 300 lines: one subject, with the long tests of it."""

import os
import pathlib
import random
import resource
import signal
import stat
import struct
import subprocess
import unittest

import harness

KINDS = ("take_small", "take_large", "take_grown", "take_mapped")
LARGEST = 135000
NOTE = "the process was killed, or ended without a last snapshot"


class Log:
    """What the threads of `killed` say that they hold (test/programs/killed.c)."""

    FORMAT = struct.Struct("14Q")

    def __init__(self, path):
        text = pathlib.Path(path).read_bytes()
        logs = [self.FORMAT.unpack_from(text, at) for at in range(0, len(text), self.FORMAT.size)]
        self.steps = sum(log[0] for log in logs)
        self.in_flight = sum(log[0] % 2 for log in logs)
        self.blocks = {kind: sum(log[1 + i] for log in logs) % 2**64
                       for i, kind in enumerate(KINDS)}
        self.bytes = {kind: sum(log[5 + i] for log in logs) % 2**64
                      for i, kind in enumerate(KINDS)}
        self.made = {kind: {log[13]: log[9 + i] for log in logs} for i, kind in enumerate(KINDS)}


class Boxed(harness.SiltTest):
    def start_boxed(self, *arguments, **settings):
        options = settings.pop("options", {})
        return self.start([harness.program(arguments[0]), *map(str, arguments[1:])],
                          settings={"SILT_BLACKBOX": "1", **settings}, **options)

    def start_killed(self, *arguments, **settings):
        self.log = os.path.join(self.folder, f"log.{random.random()}")
        return self.start_boxed("killed", self.log, *arguments, **settings)

    def box(self, recording):
        return os.path.join(recording, "blackbox")

    def kill(self, process):
        os.kill(process.pid, signal.SIGKILL)
        process.process.wait()

    def check_against_log(self, report, message):
        """Exact, but for the step that a thread was in the middle of."""
        log = Log(self.log)
        off = {}
        off_bytes = 0
        for kind in KINDS:
            heap = "mapping" if kind == "take_mapped" else "native"
            live, size, _, _ = report.sums(kind, heap)
            off[kind] = live - log.blocks[kind]
            off_bytes += abs(size - log.bytes[kind])
        self.assertLessEqual(sum(map(abs, off.values())), log.in_flight, (message, off))
        self.assertLessEqual(off_bytes, log.in_flight * LARGEST, (message, off))

    def check_threads(self, report, message):
        """Who allocated how much, each to the percent, but for the step under way."""
        made = Log(self.log).made
        at_work = {thread for of_kind in made.values() for thread, size in of_kind.items() if size}
        # Killed before its second thread ran, a program has one, of which nothing is told.
        if len(at_work) < 2:
            return
        for kind in KINDS:
            heap = "mapping" if kind == "take_mapped" else "native"
            of_all = sum(made[kind].values())
            told = {}
            for stack in report.with_function(kind, heap):
                for thread in stack.get("threads", ()):
                    told[thread["id"]] = (told.get(thread["id"], 0) +
                                          thread["share"] * stack["allocated_bytes"])
            self.assertLessEqual(set(told), set(made[kind]), (message, kind))
            for thread in at_work:
                off = told.get(thread, 0) - made[kind].get(thread, 0)
                self.assertLess(abs(off), 0.03 * of_all + 2 * LARGEST,
                                (message, kind, told, made[kind]))


class BlackBox(Boxed):
    def kill_at_random(self, seed, threads):
        draw = random.Random(seed)
        until = draw.randrange(20000)
        process = self.start_killed(threads)
        process.wait_line("ready working")
        harness.wait_until(lambda: Log(self.log).steps > until, "its work")
        self.kill(process)
        recording = self.recording_of(process, "killed")
        report = self.report(recording)
        message = f"seed {seed}, {threads} threads, {until} steps"
        self.check_against_log(report, message)
        if threads > 1:
            self.check_threads(report, message)
        self.assertIn(NOTE, " ".join(report.notes))

    def test_killed_at_any_moment(self):
        seed = int(os.environ.get("SILT_SEED", "1"))
        times = 1000 if "SILT_TEST_LONG" in os.environ else 8
        for number in range(times):
            self.kill_at_random(seed + number, 1 + number % 3)

    def test_the_last_picture_follows_the_snapshots_before_it(self):
        process = self.start_boxed("leak_a_line")
        process.wait_line("ready begun")
        recording = self.recording_of(process, "leak_a_line")
        self.assertEqual(stat.S_IMODE(os.stat(self.box(recording)).st_mode), 0o600)
        for _ in range(4):
            process.write_line()
            process.wait_line("stepped")
            self.dump(process.pid)
        process.write_line()
        process.wait_line("stepped")
        # Of a process that runs a report tells its snapshots only.
        running = self.report(recording)
        self.assertEqual(len(running.snapshots), 4)
        self.assertNotIn(NOTE, " ".join(running.notes))
        self.kill(process)
        report = self.report(recording)
        self.assertEqual([snapshot["sequence"] for snapshot in report.snapshots], list(range(5)))
        self.assertEqual([snapshot["live_blocks"] for snapshot in report.snapshots][1:],
                         [80, 120, 160, 200])
        self.assertEqual(report.sums("leak_some"), (200, 200 * 1607, 200, 200 * 1607))
        self.assertEqual(report.sums("use_some"), (0, 0, 300, 300 * 311))
        self.assertEqual(report.json["findings"][0]["site"]["function"], "leak_some")
        self.assertIn(NOTE, " ".join(report.notes))
        self.assertEqual(process.errors(), "")

    def test_without_a_snapshot_before_it(self):
        process = self.start_boxed("leak_a_line")
        process.wait_line("ready begun")
        process.write_line()
        process.wait_line("stepped")
        self.kill(process)
        report = self.report()
        self.assertEqual(report.sums("leak_some"), (40, 40 * 1607, 40, 40 * 1607))

    def test_an_orderly_end_leaves_no_box(self):
        for settings, left in (({}, 1), ({"SILT_AT_EXIT": "0"}, 0)):
            process = self.start_boxed("leak_a_line", **settings)
            process.wait_line("ready begun")
            recording = self.recording_of(process, "leak_a_line")
            self.assertTrue(os.path.exists(self.box(recording)))
            self.assertEqual(process.finish(), 0, process.told())
            self.assertEqual(len(self.snapshots(recording)), left)
            self.assertEqual(os.path.exists(recording), left != 0)
            self.assertFalse(os.path.exists(self.box(recording)))

    def test_programs_that_are_started_leave_none(self):
        status, _, err = self.run_program(
            ["bash", "-c", "for i in 1 2 3; do (:); /bin/true; done; exec /bin/true"],
            settings={"SILT_BLACKBOX": "1"})
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([str(path) for path in pathlib.Path(self.out).rglob("blackbox")], [])

    def test_a_forked_child_has_one_of_its_own(self):
        self.check_child("fork")

    def test_a_child_of_a_raw_clone_has_one_of_its_own(self):
        self.check_child("clone")

    def check_child(self, way):
        process = self.start_killed(1, way)
        child = int(process.wait_line("child ").split()[1])
        harness.wait_until(lambda: Log(self.log).steps > 5000, "the child's work")
        for _ in range(3):
            process.write_line()
        os.kill(child, signal.SIGKILL)
        boxes = [self.recording_of(process, "killed"),
                 os.path.join(self.out, f"silt.killed.{child}")]
        self.assertEqual([os.path.exists(self.box(recording)) for recording in boxes],
                         [True, True])
        harness.wait_until(lambda: open(f"/proc/{child}/stat", encoding="ascii").read().split()[2] == "Z",
                           "the child's end")
        self.check_against_log(self.report(boxes[1]), "the child")
        self.kill(process)
        self.assertEqual(sum(self.report(boxes[0]).sums(kind)[0] for kind in KINDS), 0)

    def test_sampled(self):
        process = self.start_boxed("grows_on_demand", SILT_SAMPLE="64K")
        process.wait_line("ready begun")
        for _ in range(8):
            process.write_line("g")
            process.wait_line("stepped")
        self.kill(process)
        report = self.report()
        # 1,024 blocks of 64 KiB, of which six in ten are sampled.
        self.assertTrue(0.8 < report.sums("grow")[1] / (64 << 20) < 1.25, report.sums("grow"))

    def test_who_truncates_it_does_not_end_the_process(self):
        process = self.start_boxed("grows_on_demand")
        process.wait_line("ready begun")
        process.write_line("g")
        process.wait_line("stepped")
        os.truncate(self.box(self.recording_of(process, "grows_on_demand")), 0)
        for letter in "gfggf":
            process.write_line(letter)
            process.wait_line("stepped")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertIn("the black box was truncated by somebody", process.errors())
        self.assertEqual(process.errors().count("\n"), 1)

    def test_without_room_it_says_so_once_and_snapshots_are_whole(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 19, 3 << 19))
        process = self.start_killed(1, options={"preexec_fn": limit})
        process.wait_line("ready working")
        harness.wait_until(lambda: "black box cannot grow" in process.errors(), "what it says")
        self.dump(process.pid)
        steps = Log(self.log).steps
        harness.wait_until(lambda: Log(self.log).steps > steps + 2000, "its work")
        self.kill(process)
        self.assertEqual(process.errors().count("\n"), 1, process.errors())
        report = self.report()
        self.assertEqual(len(report.snapshots), 2)
        self.assertIn("could not grow any more", " ".join(report.notes))

    def test_a_folder_that_cannot_be_written(self):
        status, _, err = self.run_program(["true"], settings={
            "SILT_BLACKBOX": "1", "SILT_OUT": "/proc/nowhere"})
        self.assertEqual(status, 0)
        self.assertIn("no black box", err)

    def test_asleep_there_is_none(self):
        process = self.start_boxed("leak_a_line", SILT_START="asleep")
        process.wait_line("ready begun")
        self.assertEqual(process.finish(), 0)
        self.assertIn("no black box: SILT_START=asleep", process.errors())
        self.assertEqual(self.recordings(), [])

    def test_what_somebody_has_made_of_the_file_is_refused(self):
        process = self.start_boxed("leak_a_line")
        process.wait_line("ready begun")
        process.write_line()
        process.wait_line("stepped")
        self.kill(process)
        box = pathlib.Path(self.box(self.recording()))
        whole = box.read_bytes()
        draw = random.Random(7)
        for _ in harness.some(range(300), 6):
            damaged = bytearray(whole[:draw.choice((len(whole), draw.randrange(len(whole))))])
            for _ in range(20):
                # Mostly where the header, the directory and the first tables are.
                at = draw.randrange(draw.choice((64, 40000, len(damaged))))
                damaged[at % len(damaged)] = draw.randrange(256)
            box.write_bytes(damaged)
            out, err = self.tool("report", self.recording(), status=None)
            self.assertNotIn("terminate called", err)
            self.assertTrue(out or err.count("\n") == 1, err)


@unittest.skipUnless("SILT_TEST_LONG" in os.environ, "of scripts/test_long")
class OutOfMemory(Boxed):
    """A cgroup that kills: of either version, where this machine lets one be made."""
    LIMIT = 96 << 20

    def make_group(self):
        name = f"silt-test-{os.getpid()}"
        for line in open("/proc/self/cgroup", encoding="ascii"):
            _, controllers, path = line.rstrip("\n").split(":", 2)
            if "memory" in controllers.split(","):
                folder, limit = f"/sys/fs/cgroup/memory{path}/{name}", "memory.limit_in_bytes"
            elif controllers == "":
                folder, limit = f"/sys/fs/cgroup{path}/{name}", "memory.max"
            else:
                continue
            try:
                os.mkdir(folder)
                self.addCleanup(os.rmdir, folder)
                with open(os.path.join(folder, limit), "w", encoding="ascii") as file:
                    file.write(str(self.LIMIT))
                return folder
            except OSError:
                continue
        self.skipTest("no memory cgroup can be made here")

    def test_the_last_picture_of_what_filled_memory(self):
        group = self.make_group()

        def join():
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
                file.write(str(os.getpid()))
        process = self.start_killed(0, "fill", SILT_AT="50%", options={"preexec_fn": join})
        self.assertEqual(process.process.wait(timeout=60), -signal.SIGKILL)
        log = Log(self.log)
        report = self.report()
        live, size, _, _ = report.sums("fill_memory")
        self.assertGreater(size, self.LIMIT / 2)
        self.assertLessEqual(abs(live - log.blocks["take_small"]), 1)
        # That at half of the limit, and the black box.
        self.assertEqual(len(report.snapshots), 2)
        self.assertIn(NOTE, " ".join(report.notes))


if __name__ == "__main__":
    harness.main()
