# SPDX-License-Identifier: Apache-2.0
"""Signals inside hooks, handlers that do not return, forks at the same time: nothing hangs, nothing
crashes, and recording goes on. In exact and in sampling mode, whose tables differ."""

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


if __name__ == "__main__":
    harness.main()
