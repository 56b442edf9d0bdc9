# SPDX-License-Identifier: Apache-2.0
"""Signals inside hooks, handlers that do not return, forks at the same time: nothing hangs, nothing
crashes, and recording goes on. In exact and in sampling mode, whose tables differ."""

import os
import subprocess

import harness


class Interruptions(harness.SiltTest):
    def check_way(self, way, **settings):
        for interval in ("0", "1"):
            status, out, err = self.run_program(
                [harness.program("interrupted"), way], timeout=120,
                settings={"SILT_SAMPLE": interval, **settings})
            self.assertEqual((status, out.splitlines()[-1:], err), (0, ["ready done"], ""),
                             f"SILT_SAMPLE={interval}")

    def test_snapshot_signals_rain_on_a_thread_that_allocates(self):
        self.check_way("snapshots")

    def test_handlers_end_the_process_inside_hooks(self):
        self.check_way("exit")

    def test_a_thread_stopped_by_a_signal_holds_up_no_other(self):
        self.check_way("stop")

    def test_threads_fork_at_the_same_time(self):
        self.check_way("fork")

    def test_recording_goes_on_after_handlers_left_hooks_by_siglongjmp(self):
        report, lines = self.run_victim("interrupted", "jump")
        self.check_expectations(report, lines)


class Messages(harness.SiltTest):
    """What silt says must not hurt the program."""

    def test_nobody_reads_standard_error(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(["/bin/sh", "-c", "exit 5"], stdin=subprocess.DEVNULL, stderr=writer,
                              env=self.silt_environment(SILT_LOG="info"), timeout=60, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 5)
        self.assertEqual(len(self.snapshots(self.recording())), 1)

    def test_a_file_opened_in_place_of_standard_error_stays_the_programs(self):
        data = os.path.join(self.folder, "data")
        status, _, err = self.run_program(
            ["/bin/sh", "-c", 'exec 2>"$0"; echo mine >&2; exit 5', data],
            settings={"SILT_LOG": "info"})
        self.assertEqual((status, err), (5, ""))
        self.assertEqual(len(self.snapshots(self.recording())), 1)
        with open(data, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine\n")


if __name__ == "__main__":
    harness.main()
