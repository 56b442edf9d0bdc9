# SPDX-License-Identifier: Apache-2.0
"""What the tool says while it works: where it goes, how much of it, and as what."""

import json
import os
import pathlib
import re
import stat
import subprocess

import harness

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Log(harness.SiltTest):
    def setUp(self):
        super().setUp()
        self.assertEqual(self.run_program([harness.program("growth")])[0], 0)
        self.growth = self.recording("growth")
        self.log = pathlib.Path(self.folder, "silt.log")

    def silt(self, *words, status=0):
        done = subprocess.run([harness.TOOL, *map(str, words)], capture_output=True, text=True,
                              env=self.environment(), cwd=self.folder, timeout=harness.TIMEOUT,
                              check=False)
        self.assertEqual(done.returncode, status, done)
        return done

    def test_verbose_says_what_was_read_and_whence_names_come(self):
        silent = self.silt("report", self.growth)
        self.assertEqual(silent.stderr, "")
        told = self.silt("report", "--verbose", self.growth)
        self.assertEqual(told.stdout, silent.stdout)
        self.assertRegex(told.stderr, r"(?m)^silt report: '.*silt\.growth\.\d+': 1 snapshot of 'growth'")
        self.assertRegex(told.stderr, r"(?m)^silt report: names of '.*growth' come from '.*growth'$")

    def test_json_lines(self):
        told = self.silt("report", "--log-format", "json", "-v", self.growth)
        lines = [json.loads(line) for line in told.stderr.splitlines()]
        self.assertGreaterEqual(len(lines), 2)
        for line in lines:
            self.assertEqual(list(line), ["time", "level", "name", "text"])
            self.assertRegex(line["time"], f"^{TIME}$")
            self.assertEqual((line["level"], line["name"]), ("debug", "silt report"))
        failed = self.silt("report", "--log-format", "json", "nothing\xff\nhere", status=3)
        line = json.loads(failed.stderr)
        self.assertEqual(line["level"], "error")
        self.assertEqual(failed.stderr.count("\n"), 1)

    def test_a_log_file_is_appended_to_with_times_and_nobody_else_reads_it(self):
        for number in (1, 2):
            told = self.silt("report", "--log-file", self.log, "nothing-here", status=3)
            lines = self.log.read_text(encoding="utf-8").splitlines()
            self.assertEqual(len(lines), number)
            self.assertRegex(lines[-1], f"^{TIME} error silt report: ")
            self.assertTrue(lines[-1].endswith(told.stderr.strip()), (lines, told.stderr))
        self.assertEqual(stat.S_IMODE(self.log.stat().st_mode), 0o600)

    def test_a_log_file_that_cannot_be_written_is_told_before_anything_is_done(self):
        link = pathlib.Path(self.folder, "link")
        link.symlink_to(self.log)
        for path, why in ((link, "symbolic link"), (self.folder, "directory"),
                          (os.path.join(self.folder, "none", "log"), "no such file")):
            told = self.silt("report", "--log-file", path, self.growth, status=2)
            self.assertEqual(told.stdout, "")
            self.assertEqual(told.stderr.count("\n"), 1)
            self.assertIn(why, told.stderr.lower())
        self.assertFalse(self.log.exists())

    def test_quiet_and_verbose_exclude_each_other(self):
        self.assertIn("--quiet", self.silt("report", "-q", "-v", self.growth, status=2).stderr)

    def test_control_characters_reach_neither_terminal_nor_file(self):
        told = self.silt("report", "--log-file", self.log, "none\x1b[2J\nsilt: fine", status=3)
        for text in (told.stderr, self.log.read_text(encoding="utf-8")):
            self.assertEqual(text.count("\n"), 1)
            self.assertNotIn("\x1b", text)

    def test_a_soak_tells_its_steps_and_quiet_keeps_them_for_the_file(self):
        words = ["--duration", "3s", "--snapshots", "4", "--log-file", self.log, "--",
                 "/bin/sleep", "60"]
        told = self.silt("soak", *words)
        steps = [line for line in told.stderr.splitlines() if line.startswith("silt soak: ")]
        self.assertTrue(any("started" in line for line in steps), told.stderr)
        in_file = [re.sub(f"^{TIME} info ", "", line)
                   for line in self.log.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([line for line in in_file if line in steps], steps)
        self.log.unlink()
        quiet = self.silt("soak", "--quiet", *words)
        self.assertEqual(quiet.stderr, "")
        self.assertIn("started", self.log.read_text(encoding="utf-8"))


if __name__ == "__main__":
    harness.main()
