# SPDX-License-Identifier: Apache-2.0
"""Snapshots of both halves of a program on Node.js, however they are asked for."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

import harness
from node_programs import NodeTest


class Snapshots(NodeTest):
    def test_the_programs_own_handler_keeps_its_signal(self):
        process = self.app("steps.cjs")
        self.command(process, "listen")
        os.kill(process.pid, signal.SIGUSR2)
        process.wait_line("heard SIGUSR2")
        self.dump(process.pid)
        os.kill(process.pid, signal.SIGUSR2)
        process.wait_line("heard SIGUSR2")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.lines.count("heard SIGUSR2"), 2)
        self.assertEqual(len(self.snapshots(self.recording("node"))), 3)

    def test_kill_takes_a_snapshot_of_both_halves(self):
        process = self.app("steps.cjs")
        for command in ("objects", "buffers"):
            self.command(process, command)
        self.kill_and_wait(process, "node")
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report()
        self.check_objects(report, "steps.cjs", "keepObjects", 1)
        self.check_buffers(report, "steps.cjs", 1)

    def test_a_blocked_event_loop_still_gives_the_native_half(self):
        process = self.app("steps.cjs")
        self.command(process, "buffers")
        go_on = os.path.join(self.folder, "go-on")
        self.command(process, f"block {go_on}", "blocked")
        self.dump(process.pid)
        pathlib.Path(go_on).touch()
        process.wait_line("done block")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report()
        self.check_buffers(report, "steps.cjs", 1, snapshot=0)
        self.check_buffers(report, "steps.cjs", 1, snapshot=1)

    def test_periodic_snapshots(self):
        for settings in ({}, {"SILT_SIGNAL": "none"}):
            with self.subTest(**settings):
                shutil.rmtree(self.out)
                os.mkdir(self.out)
                process = self.app("steps.cjs", settings={"SILT_EVERY": "100ms", **settings})
                recording = self.recording_of(process, "node")
                self.command(process, "objects")
                before = len(self.snapshots(recording))

                def more():
                    self.command(process, "drop")
                    if len(self.snapshots(recording)) < before + 3:
                        return False
                    # On a busy machine the heap may have answered too late a few times.
                    report = self.report(recording)
                    return report if any(stack["live_bytes"][-1] > 0 for stack in
                                         report.with_function("keepObjects", "js")) else None

                report = harness.wait_until(more, "three periodic snapshots")
                self.assertEqual(process.finish(), 0, process.told())
                self.check_objects(report, "steps.cjs", "keepObjects", 1, snapshot=-1)

    def test_many_dumps_at_once(self):
        process = self.app("steps.cjs")
        dumps = [subprocess.Popen([harness.TOOL, "dump", str(process.pid)],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env=self.environment()) for _ in range(8)]
        for dump in dumps:
            out, err = dump.communicate(timeout=harness.TIMEOUT * 2)
            self.assertEqual(dump.returncode, 0, err)
            self.assertTrue(os.path.exists(out.decode().strip()), out)
        self.assertEqual(process.finish(), 0, process.told())

    def test_exit_takes_the_last_snapshot_of_both_halves(self):
        for command, status in (("exit 5", 5), ("throw", 1)):
            with self.subTest(command=command):
                shutil.rmtree(self.out)
                os.mkdir(self.out)
                process = self.app("steps.cjs")
                self.command(process, "objects")
                self.command(process, "buffers")
                process.write_line(command)
                self.assertEqual(process.finish(), status, process.told())
                report = self.report()
                self.check_objects(report, "steps.cjs", "keepObjects", 1, snapshot=-1)
                self.check_buffers(report, "steps.cjs", 1, snapshot=-1)

    def test_no_map_is_left_in_tmp(self):
        start = time.time()
        process = self.app("steps.cjs")
        pid = process.pid
        self.dump(pid)
        self.assertEqual(process.finish(), 0)
        map_file = pathlib.Path(f"/tmp/perf-{pid}.map")  # of an earlier process, if there is one
        self.assertTrue(not map_file.exists() or map_file.stat().st_mtime < start)
        self.assertTrue(os.path.exists(os.path.join(self.recording("node"), f"perf-{pid}.map")))


if __name__ == "__main__":
    harness.main()
