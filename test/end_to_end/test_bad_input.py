# SPDX-License-Identifier: Apache-2.0
"""What the tool is given wrongly: one clear line on standard error, the right status, no crash."""

import os
import pathlib
import random
import subprocess

import harness


class BadInput(harness.SiltTest):
    def check_refused(self, *arguments, status=3, names=()):
        out, err = self.tool(*arguments, status=status)
        self.assertEqual(out, "")
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        for text in names:
            self.assertIn(str(text), err)
        return err

    def good_snapshot(self):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        path = self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        return pathlib.Path(path)

    def test_an_empty_file(self):
        path = pathlib.Path(self.folder) / "000.silt"
        path.write_bytes(b"")
        self.check_refused("report", path, names=[path])

    def test_a_foreign_file(self):
        path = pathlib.Path(self.folder) / "000.silt"
        path.write_bytes(pathlib.Path(harness.program("growth")).read_bytes())
        self.check_refused("report", path, names=[path])

    def test_a_file_that_is_not_there(self):
        self.check_refused("report", "/nonexistent/000.silt", names=["/nonexistent/000.silt"])

    def test_a_folder_without_recordings(self):
        empty = pathlib.Path(self.folder) / "empty"
        empty.mkdir()
        self.check_refused("report", empty, names=[empty])
        self.tool("report", status=3, cwd=empty)

    def test_truncated_anywhere(self):
        good = self.good_snapshot().read_bytes()
        path = pathlib.Path(self.folder) / "000.silt"
        chosen = random.Random(1)
        lengths = [1, 7, 8, 63, 64, 65, 96, 127, len(good) // 2, len(good) - 1]
        for length in lengths + [chosen.randrange(len(good)) for _ in range(20)]:
            path.write_bytes(good[:length])
            self.check_refused("report", path, names=[path])

    def test_corrupt_anywhere(self):
        good = self.good_snapshot().read_bytes()
        path = pathlib.Path(self.folder) / "000.silt"
        chosen = random.Random(2)
        for offset in list(range(0, 160, 7)) + [chosen.randrange(len(good)) for _ in range(60)]:
            bad = bytearray(good)
            bad[offset] ^= 1 << chosen.randrange(8)
            path.write_bytes(bytes(bad))
            done = subprocess.run([harness.TOOL, "report", str(path)], capture_output=True,
                                  env=self.environment(), timeout=60, check=False)
            self.assertIn(done.returncode, (0, 3), f"offset {offset}: {done}")
            if done.returncode == 3:
                self.assertEqual(len(done.stderr.decode().strip().splitlines()), 1, done.stderr)
            elif b"padding" not in done.stderr:
                # Bytes between sections are covered by no checksum: nothing else may pass.
                original = self.tool("report", "--format", "json", self.write_good(good))[0]
                self.assertEqual(self.tool("report", "--format", "json", path)[0].replace(
                    str(path), ""), original.replace(str(path), ""), f"offset {offset}")

    def write_good(self, good):
        path = pathlib.Path(self.folder) / "good.silt"
        path.write_bytes(good)
        return path

    def test_a_bad_snapshot_among_good_ones_is_skipped_with_a_note(self):
        process = self.start([harness.program("growth")])
        for _ in range(4):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        bad = pathlib.Path(self.recording()) / "001.silt"
        bad.write_bytes(bad.read_bytes()[:1000])
        report = self.report()
        self.assertEqual(len(report.snapshots), 4)
        self.assertIn("001.silt", " ".join(report.notes))

    def test_snapshots_of_two_processes_are_not_mixed(self):
        first, second = self.good_snapshot(), self.good_snapshot()
        self.tool("report", first, second, status=None)

    def test_usage(self):
        for arguments in ([], ["nonsense"], ["report", "--format", "nonsense"], ["dump"],
                          ["dump", "notanumber"], ["report", "--nonsense"], ["run"]):
            out, err = self.tool(*arguments, status=2)
            self.assertTrue(err.strip(), arguments)

    def test_help_of_every_command_has_an_example(self):
        out, _ = self.tool("--help")
        for command in ("run", "dump", "report"):
            self.assertIn(command, out)
            self.assertRegex(self.tool(command, "--help")[0], rf"silt {command} .*\w")

    def test_output_that_cannot_be_written(self):
        path = self.good_snapshot()
        self.check_refused("report", "-o", "/nonexistent/folder/out.txt", path, status=3,
                           names=["/nonexistent/folder/out.txt"])

    def test_a_pid_that_does_not_exist(self):
        with open("/proc/sys/kernel/pid_max", encoding="utf-8") as file:
            pid = int(file.read()) + 1
        self.check_refused("dump", pid, names=[pid])

    def test_a_process_without_silt(self):
        process = self.start([harness.program("growth")], silt=False)
        process.wait_line("ready step")
        out, err = self.tool("dump", process.pid, status=3)
        self.assertEqual(out, "")
        # What is wrong in the first line; below it what can be done about it.
        first, *advice = err.splitlines()
        self.assertIn(f"process {process.pid} runs without libsilt.so", first)
        self.assertEqual(len(advice), 2, err)
        self.assertIn("silt run PROGRAM", advice[0])
        self.assertEqual(process.finish(), 0)  # the signal would have ended it

    def test_a_process_of_someone_else(self):
        if os.geteuid() != 0 or harness.shutil.which("setpriv") is None:
            self.skipTest("needs root and setpriv")
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        done = subprocess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", harness.TOOL, "dump",
             str(process.pid)], capture_output=True, env=self.environment(), check=False, timeout=60)
        self.assertEqual(done.returncode, 3, done)
        self.assertEqual(len(done.stderr.decode().strip().splitlines()), 1, done.stderr)
        self.assertEqual(process.finish(), 0)

    def test_several_pids_of_which_one_is_wrong(self):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        out, err = self.tool("dump", process.pid, 99999999, status=3)
        self.assertTrue(out.strip().endswith("000.silt"), out)
        self.assertIn("99999999", err)
        self.assertEqual(process.finish(), 0)


if __name__ == "__main__":
    harness.main()
