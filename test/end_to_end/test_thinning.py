# SPDX-License-Identifier: Apache-2.0
"""Recordings of which only some snapshots stay, thinned by age: what is there, and what a report
over them says."""

import os
import pathlib
import signal

import harness


class Keeping(harness.SiltTest):
    """SILT_KEEP: how many snapshots of a recording stay."""

    STEPS = 24

    def record(self, **settings):
        """(the numbers of the snapshots that are left, the finding, the notes)"""
        process = self.start([harness.program("leak_a_line")],
                             settings={"SILT_AT_EXIT": "0", **settings})
        process.wait_line("ready begun")
        recording = self.recording_of(process, "leak_a_line")
        for number in range(self.STEPS):
            process.write_line()
            process.wait_line("stepped")
            newest = os.path.join(recording, f"{number:03d}.silt")
            os.kill(process.pid, signal.SIGUSR2)
            harness.wait_until(lambda: os.path.exists(newest), f"snapshot {number}")
        left = [int(pathlib.Path(path).stem) for path in self.snapshots(recording)]
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report(recording)
        self.assertEqual(report.sums("leak_some")[:2],
                         (40 * self.STEPS, 40 * 1607 * self.STEPS))
        finding = report.json["findings"][0]
        return left, finding, " ".join(report.notes)

    def test_a_thinned_recording_has_the_first_and_the_newest_and_the_same_verdict(self):
        left, whole, notes = self.record()
        self.assertEqual(left, list(range(self.STEPS)))
        self.assertNotIn("thinned", notes)
        left, thinned, notes = self.record(SILT_KEEP="8")
        self.assertEqual((len(left), left[0], left[-1]), (8, 0, self.STEPS - 1), left)
        self.assertIn(f"8 of {self.STEPS} snapshots are left", notes)
        for key in ("verdict", "growth_bytes", "growth_blocks"):
            self.assertEqual(thinned[key], whole[key], key)
        self.assertEqual(thinned["site"]["function"], whole["site"]["function"])

    def test_a_number_too_small_is_named_and_all_are_kept(self):
        process = self.start([harness.program("growth")], settings={"SILT_KEEP": "3"})
        process.wait_line("ready step")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        self.assertIn("SILT_KEEP='3' is not understood (a number from 4 to 100000, or 0 for all)",
                      process.told())


if __name__ == "__main__":
    harness.main()
