# SPDX-License-Identifier: Apache-2.0
"""Where `-o` writes: files are replaced whole, and what is no file is written to and stays."""

import json
import os
import pathlib
import stat
import subprocess
import threading
import unittest

import harness


class Outputs(harness.SiltTest):
    def setUp(self):
        super().setUp()
        self.run_program([harness.program("usable_size")])
        self.path = os.path.join(self.folder, "report")

    def write(self, path, *more, **options):
        return self.tool("report", "--format", "json", "-o", path, self.recording(), *more,
                         **options)

    def test_a_file_is_replaced_and_keeps_its_rights(self):
        pathlib.Path(self.path).write_text("old")
        os.chmod(self.path, 0o640)
        self.write(self.path)
        json.loads(pathlib.Path(self.path).read_text())
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o640)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out", "report"])

    def test_a_link_stays_and_its_file_is_written(self):
        target = os.path.join(self.folder, "target")
        pathlib.Path(target).write_text("old")
        os.symlink("target", self.path)
        self.write(self.path)
        self.assertTrue(os.path.islink(self.path))
        json.loads(pathlib.Path(target).read_text())

    def test_a_pipe_with_a_name(self):
        os.mkfifo(self.path)
        read = []
        reader = threading.Thread(target=lambda: read.append(pathlib.Path(self.path).read_text()))
        reader.start()
        self.write(self.path)
        reader.join(harness.TIMEOUT)
        json.loads(read[0])
        self.assertTrue(stat.S_ISFIFO(os.lstat(self.path).st_mode))

    def test_standard_output_by_its_names_goes_on_where_it_is(self):
        for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            kept = os.path.join(self.folder, "kept")
            with open(kept, "w", encoding="utf-8") as file:
                file.write("before\n")
                file.flush()
                subprocess.run([harness.TOOL, "report", "--format", "json", "-o", name,
                                self.recording()], stdout=file, check=True,
                               env=self.environment())
            first, rest = pathlib.Path(kept).read_text().split("\n", 1)
            self.assertEqual(first, "before", name)
            json.loads(rest)

    def test_a_device_is_written_to(self):
        before = os.lstat("/dev/null")
        link = os.path.join(self.folder, "nothing")
        os.symlink("/dev/null", link)
        if not os.access("/dev", os.W_OK):  # else see the next one: never risk the machine's own
            self.write("/dev/null")
        self.write(link)
        self.assertEqual(os.lstat("/dev/null").st_ino, before.st_ino)
        self.assertTrue(os.path.islink(link))
        _, err = self.write("/dev/full", status=3)
        self.assertRegex(err, r"cannot write to '/dev/full': No space")

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount")
    def test_devices_stay_when_root_could_replace_them(self):
        script = ("mount -t tmpfs none \"$1\" && mknod \"$1/null\" c 1 3 && "
                  "ln -s /proc/self/fd/1 \"$1/stdout\" && mount --bind \"$1\" /dev && "
                  "\"$2\" report -o /dev/null \"$3\" && "
                  "\"$2\" report --format json -o /dev/stdout \"$3\" && "
                  "test -c /dev/null && test -L /dev/stdout && test \"$(ls /dev | wc -l)\" = 2")
        place = os.path.join(self.folder, "dev")
        os.mkdir(place)
        if subprocess.run(["unshare", "--mount", "true"], check=False,
                          capture_output=True).returncode != 0:
            self.skipTest("no mount namespaces here")
        status, out, err = self.run_program(
            ["unshare", "--mount", "/bin/sh", "-c", script, "sh", place, harness.TOOL,
             self.recording()], silt=False)
        if "mount:" in err or "mknod:" in err:
            self.skipTest(err)
        self.assertEqual((status, err), (0, ""))
        json.loads(out)

    def test_a_trap_under_the_temporary_name_is_not_followed(self):
        # The name has the process's number in it: a shell's, kept over exec.
        victim = os.path.join(self.folder, "victim")
        pathlib.Path(victim).write_text("mine")
        done = subprocess.run(
            ["/bin/sh", "-c", f"ln -s '{victim}' '{self.path}'.$$.tmp; exec \"$@\"", "sh",
             harness.TOOL, "report", "-o", self.path, self.recording()],
            env=self.environment(), check=False, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(pathlib.Path(victim).read_text(), "mine")


if __name__ == "__main__":
    harness.main()
