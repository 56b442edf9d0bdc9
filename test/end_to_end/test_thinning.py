# SPDX-License-Identifier: Apache-2.0
"""Recordings of which only some snapshots stay, thinned by age: what is there, and what a report
over them says."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

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


class Series(harness.SiltTest):
    """What a recording of a long time takes, and a report over it. The driver fills the tables as a
    program of so many stacks would, and each snapshot comes a minute after the one before
    (test/interposer/snapshot/series_recording.cpp); with SILT_KEEP they are compact."""

    def record(self, stacks, minutes, keep, share):
        """(the recording, what it must sum up to: live blocks, live bytes, blocks, bytes)"""
        folder = pathlib.Path(self.folder) / f"{share}"
        folder.mkdir()
        told = subprocess.run([os.environ["SILT_SERIES_RECORDING"], folder, str(stacks),
                               str(minutes), str(keep), str(share)], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.split()
        recording, = folder.iterdir()
        return recording, [int(number) for number in told[:4]]

    def size(self, recording):
        for path in recording.iterdir():
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
        return sum(path.stat().st_size for path in recording.iterdir())

    def check_report(self, recording, sums):
        """Returns the report's snapshots, and the seconds of processor time and MB it took."""
        process = subprocess.Popen([harness.TOOL, "report", "--format", "json", recording],
                                   stdout=subprocess.PIPE, text=True)
        report = json.loads(process.stdout.read())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = status
        self.assertEqual(status, 0)
        self.assertFalse([note for note in report["notes"] if "skipped" in note], report["notes"])
        last = report["snapshots"][-1]
        self.assertEqual([last[key] for key in ("live_blocks", "live_bytes", "allocated_blocks",
                                                "allocated_bytes")], sums)
        return report["snapshots"], used.ru_utime + used.ru_stime, used.ru_maxrss / 1000

    def test_five_hours_of_two_thousand_stacks(self):
        recording, sums = self.record(2000, 300, 50, 30)
        numbers = sorted(int(path.stem) for path in recording.glob("*.silt"))
        self.assertEqual((len(numbers), numbers[0], numbers[-1]), (50, 0, 299))
        snapshots, _, _ = self.check_report(recording, sums)
        self.assertEqual([each["sequence"] for each in snapshots], numbers)
        self.assertAlmostEqual(snapshots[-1]["elapsed_seconds"], 300 * 60, delta=120)
        # A whole snapshot of it takes 48 kB.
        self.assertLess(self.size(recording), 50 * 16_000)

        # Without the one that most of the others are told by there are still some, and one line
        # for each that cannot be read.
        newest_base = max((path for path in recording.glob("*.silt")
                           if int(path.stem) in (8, 16, 32, 64, 128, 256)),
                          key=lambda path: int(path.stem))
        newest_base.unlink()
        done = subprocess.run([harness.TOOL, "report", recording], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout + done.stderr,
                         rf"skipped '299.silt'|tells only how it differs from\s+'{newest_base.name}'")

    @unittest.skipUnless("SILT_TEST_LONG" in os.environ, "for scripts/test_long")
    def test_a_week_of_fifty_thousand_stacks_takes_less_than_50_MB(self):
        for share in (10, 100):
            begin = time.monotonic()
            recording, sums = self.record(50_000, 7 * 24 * 60, 200, share)
            megabytes = self.size(recording) / 1e6
            made = time.monotonic() - begin
            snapshots, seconds, resident = self.check_report(recording, sums)
            self.assertEqual((len(snapshots), snapshots[-1]["sequence"]), (200, 10_079))
            print(f"# a week, {share} % of 50,000 stacks active each minute: {megabytes:.1f} MB, "
                  f"made in {made:.0f} s; a report takes {seconds:.1f} s of CPU and "
                  f"{resident:.0f} MB")
            self.assertLess(megabytes, 50)
            self.assertLess(resident, 1000)
            shutil.rmtree(recording)


if __name__ == "__main__":
    harness.main()
