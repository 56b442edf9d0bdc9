# SPDX-License-Identifier: Apache-2.0
"""Snapshots by signal, by `silt dump`, by time: beside the program's own use of the signal, under
load, and when nothing can be written."""

import json
import os
import pathlib
import resource
import signal
import stat
import subprocess
import time
import unittest

import harness

MANY = int(os.environ.get("SILT_SNAPSHOTS", "300"))


class Signals(harness.SiltTest):
    def test_a_plain_kill_takes_a_snapshot_where_the_program_has_no_handler(self):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        path = self.kill_and_wait(process, "growth")
        self.assertEqual(process.finish(), 0)
        self.assertEqual(self.report(path).sums("handle_request")[0], 100)

    def test_snapshots_are_named_by_number_and_private(self):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        paths = [self.dump(process.pid) for _ in range(3)]
        self.assertEqual([os.path.basename(path) for path in paths],
                         ["000.silt", "001.silt", "002.silt"])
        self.assertEqual(os.path.basename(os.path.dirname(paths[0])), f"silt.growth.{process.pid}")
        for path in paths:
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        self.assertEqual(process.finish(), 0)

    def command(self, process, text):
        process.write_line(text)
        _, plain, _, info = process.wait_line("plain").split(" ")
        return int(plain), int(info)

    def test_the_programs_own_handler_is_kept_and_dump_passes_it_by(self):
        process = self.start([harness.program("own_handler")])
        process.wait_line("ready")
        for kind, position in (("info", 1), ("plain", 0)):
            calls = self.command(process, kind)
            os.kill(process.pid, signal.SIGUSR2)
            harness.wait_until(lambda: self.command(process, "count")[position] > calls[position],
                               "the program's own handler")
            after = self.command(process, "count")
            recording = self.recording_of(process, "own_handler")
            before = len(self.snapshots(recording))
            self.dump(process.pid)
            self.assertEqual(len(self.snapshots(recording)), before + 1)
            self.assertEqual(self.command(process, "count"), after)
        self.command(process, "ignore")
        self.dump(process.pid)
        self.command(process, "default")
        self.kill_and_wait(process, "own_handler")
        process.write_line("quit")
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_plain_kill_that_the_program_handles_takes_no_snapshot(self):
        process = self.start([harness.program("own_handler")], settings={"SILT_AT_EXIT": "0"})
        process.wait_line("ready")
        self.command(process, "plain")
        os.kill(process.pid, signal.SIGUSR2)
        harness.wait_until(lambda: self.command(process, "count")[0] == 1, "the own handler")
        self.assertEqual(process.finish(), 0)
        self.assertEqual(self.recordings(), [])

    def test_another_signal_by_name_and_by_number(self):
        for value in ("SIGHUP", "HUP", str(int(signal.SIGHUP))):
            process = self.start([harness.program("growth")], settings={"SILT_SIGNAL": value})
            process.wait_line("ready step")
            os.kill(process.pid, signal.SIGHUP)
            recording = os.path.join(self.out, f"silt.growth.{process.pid}")
            harness.wait_until(lambda: self.snapshots(recording), f"a snapshot with {value}")
            self.dump(process.pid)
            self.assertEqual(process.finish(), 0)

    def test_no_signal_when_asked_for_none(self):
        process = self.start([harness.program("growth")], settings={"SILT_SIGNAL": "none"})
        process.wait_line("ready step")
        _, err = self.tool("dump", "--timeout", "300ms", process.pid, status=None)
        self.assertRegex(err, r"SILT_SIGNAL|no signal|none")
        os.kill(process.pid, signal.SIGUSR2)
        self.assertEqual(process.finish(), -signal.SIGUSR2)

    def test_dump_says_that_the_signal_is_blocked(self):
        process = self.start([harness.program("blocked_signal")])
        process.wait_line("ready blocked")
        _, err = self.tool("dump", "--timeout", "300ms", process.pid, status=3)
        self.assertRegex(err, r"blocks|blocked")
        self.assertEqual(len(err.strip().splitlines()), 1)
        self.assertEqual(process.finish(), 0)

    def test_one_open_thread_is_enough_for_a_snapshot(self):
        process = self.start([harness.program("blocked_signal"), "main-only"])
        process.wait_line("open")
        if "ready blocked" not in process.lines:  # two threads say these, in either order
            process.wait_line("ready blocked")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)

    def test_snapshots_ride_on_allocations_every_so_often(self):
        process = self.start([harness.program("under_load")], settings={"SILT_EVERY": "200ms"})
        process.wait_line("ready running")
        recording = self.recording_of(process, "under_load")
        harness.wait_until(lambda: len(self.snapshots(recording)) >= 4, "four timed snapshots")
        self.assertEqual(process.finish(), 0)
        self.check_expectations(self.report(), process.lines)


class AsksItself(harness.SiltTest):
    def verdict_of_ever_longer_rounds(self, by_itself):
        process = self.start([harness.program("asks_itself")], settings={"SILT_AT_EXIT": "0"})
        process.wait_line("ready begun")
        for number in range(11):
            time.sleep(0.1 * 1.15 ** number)
            process.write_line("s" if by_itself else "l")
            process.wait_line("stepped")
            if not by_itself:
                self.kill_and_wait(process, "asks_itself")
        self.assertEqual(process.finish(), 0, process.told())
        out, _ = self.tool("report", "--format", "json", self.recording_of(process, "asks_itself"))
        finding, = json.loads(out)["findings"]
        self.assertEqual(finding["site"]["function"], "leak_some")
        return finding["verdict"]

    def test_windows_are_rounds_of_work_where_the_program_takes_all_snapshots(self):
        self.assertEqual(self.verdict_of_ever_longer_rounds(True), "leak")
        self.assertNotEqual(self.verdict_of_ever_longer_rounds(False), "leak")


class JitMaps(harness.SiltTest):
    """/tmp/perf-PID.map is copied into the recording, if it is this process's."""

    def check_map(self, age):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        path = pathlib.Path(f"/tmp/perf-{process.pid}.map")
        self.addCleanup(path.unlink, missing_ok=True)
        path.write_text("1000 10 a_function\n")
        then = os.stat(f"/proc/{process.pid}").st_mtime - age
        os.utime(path, (then, then))
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        return (pathlib.Path(self.recording()) / path.name).exists()

    def test_the_map_of_this_process_is_copied(self):
        self.assertTrue(self.check_map(0))

    def test_the_map_that_an_earlier_process_left_is_not(self):
        self.assertFalse(self.check_map(3600))


class UnderLoad(harness.SiltTest):
    def test_many_snapshots_in_a_row_leak_nothing_and_add_up(self):
        process = self.start([harness.program("under_load")])
        process.wait_line("ready running")
        recording = self.recording_of(process, "under_load")
        kept = None
        resident = []
        for number in range(MANY):
            newest = os.path.join(recording, f"{number:03d}.silt")
            os.kill(process.pid, signal.SIGUSR2)
            harness.wait_until(lambda: os.path.exists(newest), f"snapshot {number}")
            if number % 100 == 50:
                self.assertEqual(self.report(newest).sums("leak_under_load")[:2], (77, 77 * 4409))
                process.write_line()
                resident.append(int(process.wait_line("resident").split(" ")[1]))
            if kept and number > 3:
                os.unlink(kept)
            kept = newest
        open_files = len(os.listdir(f"/proc/{process.pid}/fd"))
        self.assertLess(open_files, 16)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertLess(resident[-1] - resident[0], 8192, f"resident KiB: {resident}")
        self.check_expectations(self.report(self.snapshots(recording)[-1]), process.lines)

    def test_dumps_by_several_at_once_all_succeed(self):
        process = self.start([harness.program("under_load")])
        process.wait_line("ready running")
        # They come and go at any moment of each other.
        for _ in range(4):
            dumps = [subprocess.Popen([harness.TOOL, "dump", str(process.pid)],
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env=self.environment()) for _ in range(6)]
            for dump in dumps:
                out, err = dump.communicate(timeout=harness.TIMEOUT)
                self.assertEqual(dump.returncode, 0, err)
                self.assertTrue(out.strip().endswith(b".silt"), out)
        self.assertEqual(process.finish(), 0)


class CannotWrite(harness.SiltTest):
    """The program runs as ever; one line says what failed."""

    def check_unharmed(self, **settings):
        _, silt = self.assert_unharmed([harness.program("early_limits")], silt_settings=settings,
                                       errors=False)
        return silt.errors

    def test_a_folder_that_does_not_exist_and_cannot_be_made(self):
        file = pathlib.Path(self.folder) / "file"
        file.write_text("")
        err = self.check_unharmed(SILT_OUT=str(file / "below"))
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertIn(str(file), err)

    def test_dump_says_why_the_folder_cannot_be_written(self):
        process = self.start([harness.program("growth")], settings={"SILT_OUT": "/proc/none"})
        process.wait_line("ready step")
        _, err = self.tool("dump", process.pid, status=3)
        self.assertIn("/proc/none", err)
        self.assertEqual(process.finish(), 0)

    def test_a_recording_folder_removed_while_the_program_runs(self):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        self.dump(process.pid)
        harness.shutil.rmtree(self.recording())
        _, err = self.tool("dump", process.pid, status=None)
        self.assertLessEqual(len(err.strip().splitlines()), 1)
        self.assertEqual(process.finish(), 0)

    def test_a_process_that_nobody_asked_leaves_its_last_snapshot_alone(self):
        self.run_program([harness.program("usable_size")])
        self.assertEqual([path.name for path in pathlib.Path(self.recording()).iterdir()],
                         ["000.silt"])
        self.tool("report", self.recording())

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount")
    def test_a_full_disk_is_said_and_leaves_no_half_file(self):
        small = os.path.join(self.folder, "small")
        os.mkdir(small)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", small],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a tmpfs here")
        self.addCleanup(subprocess.run, ["umount", small], check=False)
        process = self.start([harness.program("growth")], settings={"SILT_OUT": small})
        process.wait_line("ready step")
        self.dump(process.pid)
        recording = next(pathlib.Path(small).glob("silt.growth.*"))
        with open(recording / "filler", "wb", buffering=0) as filler:
            # What was being written beside it may be given up then, and makes room.
            for _ in range(3):
                try:
                    while filler.write(b"x" * 512):
                        pass
                except OSError:
                    time.sleep(0.3)
        _, err = self.tool("dump", process.pid, status=3)
        self.assertRegex(err, r"(?i)no space")
        self.assertEqual(sorted(path.name for path in recording.iterdir()
                                if path.name != "control"), ["000.silt", "filler"])
        (recording / "filler").unlink()
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_file_size_limit_does_not_kill_the_program(self):
        def restrict():
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        process = self.start([harness.program("growth")], preexec_fn=restrict)
        process.wait_line("ready step")
        self.tool("dump", process.pid, status=None)
        self.assertEqual(process.finish(), 0, process.told())

    def test_settings_that_are_not_understood_are_named_and_the_default_is_used(self):
        for name, value in (("SILT_SIGNAL", "SIGNONE"), ("SILT_SAMPLE", "-3"),
                            ("SILT_SAMPLE", "many"), ("SILT_EVERY", "soon"),
                            ("SILT_AT_EXIT", "perhaps"), ("SILT_CHILDREN", "2x"),
                            ("SILT_MMAP", "?"), ("SILT_LOG", "loud"), ("SILT_SIGNAL", "9")):
            err = self.check_unharmed(**{name: value})
            self.assertEqual(len(err.strip().splitlines()), 1, f"{name}={value}: {err}")
            self.assertIn(name, err)
            self.assertIn(value, err)
        self.assertEqual(len(self.recordings("early_limits")), 9)

    def test_nothing_is_said_when_all_is_well(self):
        self.assertEqual(self.check_unharmed(), "")


if __name__ == "__main__":
    harness.main()
