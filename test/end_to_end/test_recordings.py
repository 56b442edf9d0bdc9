# SPDX-License-Identifier: Apache-2.0
"""A recording belongs to who writes it: daemons that give up root, or their root directory; where
recordings are made, and what a process leaves behind or hands on."""

import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest

import harness

NOBODY = 65534
as_root = unittest.skipUnless(os.geteuid() == 0, "needs root to give it up")


class Users(harness.SiltTest):
    def start_dropping(self, *arguments, **options):
        process = self.start([harness.program("gives_up_root"), *arguments], **options)
        process.wait_line("ready dropped")
        return process

    def check_recording(self, path, process):
        """The recording with this snapshot is the new user's, and root reads it."""
        recording = os.path.dirname(path)
        status = os.lstat(recording)
        self.assertEqual((status.st_uid, status.st_mode & 0o7777), (NOBODY, 0o700))
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        process.write_line()
        process.wait_line("ready step")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(self.report(recording).sums("leak_as_nobody")[0], 10)
        self.assertGreaterEqual(len(self.snapshots(recording)), 3, "none at exit")

    def remove_later(self, path):
        self.addCleanup(shutil.rmtree, os.path.dirname(path), ignore_errors=True)

    @as_root
    def test_a_folder_for_all_users_takes_the_recordings_of_all(self):
        os.chmod(self.out, 0o1777)
        process = self.start_dropping()
        path = self.dump(process.pid)
        self.assertEqual(os.path.dirname(os.path.dirname(path)), self.out)
        self.check_recording(path, process)
        self.assertEqual(process.errors(), "")

    @as_root
    def test_a_recording_of_before_is_left_and_its_numbers_go_on(self):
        os.chmod(self.out, 0o1777)
        process = self.start_dropping("early")
        first = self.recording_of(process, "gives_up_root")
        self.assertEqual([os.path.basename(path) for path in self.snapshots(first)], ["000.silt"])
        path = self.dump(process.pid)
        self.assertEqual(os.path.basename(path), "001.silt")
        self.assertNotEqual(os.path.dirname(path), first)
        self.check_recording(path, process)

    @as_root
    def test_a_place_kept_for_other_users_is_taken(self):
        place = os.path.join(self.out, "other-users")
        os.mkdir(place)
        os.chmod(place, 0o1733)
        process = self.start_dropping("early")
        path = self.dump(process.pid)
        self.assertEqual(os.path.dirname(os.path.dirname(path)), place)
        self.check_recording(path, process)
        self.assertEqual(process.errors(), "")

    @as_root
    def test_where_nothing_can_be_written_it_is_said_where_the_recording_is(self):
        process = self.start_dropping("early")
        path = self.dump(process.pid)
        self.remove_later(path)
        self.assertEqual(os.path.dirname(os.path.dirname(path)), "/tmp")
        self.check_recording(path, process)
        line, = process.errors().splitlines()
        for part in (self.out, "'/tmp'", str(NOBODY), "SILT_OUT", "1777"):
            self.assertIn(part, line)

    @as_root
    def test_what_others_prepared_under_its_name_is_not_used(self):
        process = self.start_dropping()
        name = f"silt.gives_up_root.{process.pid}"
        trap = os.path.join(self.folder, "trap")
        os.mkdir(trap)
        os.chmod(trap, 0o777)
        os.symlink(trap, f"/tmp/{name}")
        self.addCleanup(os.unlink, f"/tmp/{name}")
        path = self.dump(process.pid)
        self.remove_later(path)
        self.assertEqual(os.path.dirname(path), f"/tmp/{name}.2")
        self.assertEqual(os.listdir(trap), [])
        self.check_recording(path, process)

    @as_root
    def test_a_changed_root_directory(self):
        root = os.path.join(self.folder, "root")
        os.makedirs(os.path.join(root, "tmp"))
        os.chmod(os.path.join(root, "tmp"), 0o1777)
        process = self.start_dropping("early", f"root={root}")
        path = self.dump(process.pid)
        self.assertEqual(os.path.dirname(os.path.dirname(path)), os.path.join(root, "tmp"))
        self.assertEqual(process.finish(), 0, process.told())

    @as_root
    def test_where_no_place_is_left_dump_says_so_and_the_program_goes_on(self):
        root = os.path.join(self.folder, "root")
        os.makedirs(root)
        process = self.start_dropping(f"root={root}")
        for _ in range(2):
            _, err = self.tool("dump", process.pid, status=3)
            self.assertIn("cannot make a recording", err)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(len(process.errors().splitlines()), 1, process.errors())

    @as_root
    def test_snapshots_every_so_often_follow_the_user(self):
        os.chmod(self.out, 0o1777)
        process = self.start_dropping("early", settings={"SILT_EVERY": "10ms"})

        def recorded():
            process.write_line()
            process.wait_line("ready step")
            return [path for path in self.recordings("gives_up_root")
                    if os.stat(path).st_uid == NOBODY and self.snapshots(path)]
        harness.wait_until(recorded, "a snapshot of the new user")
        self.assertEqual(process.finish(), 0, process.told())


class Folders(harness.SiltTest):
    def test_children_record_where_the_first_process_was_started(self):
        environment = self.silt_environment()
        del environment["SILT_OUT"]
        script = "mkdir below; cd below && /bin/sh -c 'cd / && exec env'; exit 0"
        done = subprocess.run(["/bin/sh", "-c", script], cwd=self.out, env=environment, check=True,
                              capture_output=True, text=True)
        self.assertIn(f"SILT_OUT={self.out}\n", done.stdout)
        self.assertEqual(done.stderr, "")
        self.assertEqual(os.listdir(os.path.join(self.out, "below")), [])
        self.assertGreaterEqual(len(self.recordings("env")), 1)

    def test_a_relative_folder_is_handed_on_as_an_absolute_one(self):
        os.mkdir(os.path.join(self.out, "here"))
        done = subprocess.run(["/bin/sh", "-c", "cd / && exec env"], cwd=self.out, check=True,
                              env=self.silt_environment(SILT_OUT="here"), capture_output=True,
                              text=True)
        values = [line for line in done.stdout.splitlines() if line.startswith("SILT_OUT=")]
        self.assertEqual(values, [f"SILT_OUT={self.out}/here"])

    def test_the_environment_is_the_same_but_for_that(self):
        plain = subprocess.run(["/usr/bin/env"], env=self.environment(), check=True,
                               capture_output=True, text=True)
        environment = self.silt_environment()
        del environment["SILT_OUT"]
        silt = subprocess.run(["/usr/bin/env"], env=environment, check=True, cwd=self.out,
                              capture_output=True, text=True)
        added = [line for line in silt.stdout.splitlines() if line not in plain.stdout.splitlines()]
        self.assertEqual(sorted(line.split("=")[0] for line in added), ["LD_PRELOAD", "SILT_OUT"])

    def test_a_folder_with_nothing_in_it_is_removed_at_exit(self):
        process = self.start([harness.program("blocked_signal")], settings={"SILT_AT_EXIT": "0"})
        process.wait_line("ready")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(os.listdir(self.out), [])

    @as_root
    def test_a_full_disk_at_the_first_snapshot_is_said_and_tried_again(self):
        small = os.path.join(self.folder, "small")
        os.mkdir(small)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small],
                                 check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a tmpfs here")
        self.addCleanup(subprocess.run, ["umount", small], check=False)
        filler = pathlib.Path(small) / "filler"
        process = self.start([harness.program("growth")], settings={"SILT_OUT": small})
        process.wait_line("ready step")
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        for _ in range(2):
            _, err = self.tool("dump", process.pid, status=3)
            self.assertRegex(err, r"(?i)no space")
        filler.unlink()
        path = self.dump(process.pid)
        self.assertEqual(os.path.basename(path), "000.silt")
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_map_of_compiled_code_is_copied_as_it_grows(self):
        process = self.start([harness.program("growing_map")])
        for _ in range(4):
            process.wait_line("ready step")
            path = self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        copy = pathlib.Path(path).parent / f"perf-{process.pid}.map"
        names = [line.split(" ")[-1] for line in copy.read_text().splitlines() if line]
        self.assertEqual(names, ["first_name", "second_name", "new"])

    def test_forks_beside_snapshots_inherit_no_descriptors(self):
        for way in ("fork", "clone"):
            status, out, err = self.run_program(
                [harness.program("forks_beside_snapshots"), "150", way],
                settings={"SILT_AT_EXIT": "0"})
            self.assertEqual((status, err), (0, ""), out)
            shutil.rmtree(self.out)
            os.mkdir(self.out)


class Missing(harness.SiltTest):
    """What was recorded and could not be judged is named, and is no pass."""

    def record(self, *arguments):
        process = self.start([harness.program("gives_up_root"), "worker", *arguments],
                             settings={"SILT_AT_EXIT": "0"})
        worker = harness.wait_until(lambda: self.child_of(process.pid), "the worker")
        # One that is younger than a second is not told of.
        harness.wait_until(lambda: self.age_of(worker) > 1.2, "a worker of age")
        return process, worker

    @staticmethod
    def child_of(pid):
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return int(text[0]) if text else 0

    @staticmethod
    def age_of(pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (time.clock_gettime(time.CLOCK_BOOTTIME)
                - int(fields[19]) / os.sysconf("SC_CLK_TCK"))

    @as_root
    def test_a_master_alone_clears_nobody(self):
        os.chmod(self.out, 0o1777)
        process, worker = self.record()
        path = ""
        for _ in range(5):
            path = self.dump(process.pid)
        master = os.path.dirname(path)
        out, _ = self.tool("check", master, status=4)
        self.assertIn(f"process {worker} (gives_up_root) could not be judged", out)
        out, _ = self.tool("report", master)
        self.assertIn(f"process {worker}", out)
        policy = os.path.join(self.folder, "policy")
        pathlib.Path(policy).write_text("unjudged = pass\n")
        self.tool("check", "--policy", policy, master)
        for _ in range(5):
            path = self.dump(worker)
        out, _ = self.tool("check", master, os.path.dirname(path), status=None)
        self.assertNotIn("could not be judged", out)
        process.process.terminate()
        self.assertEqual(process.finish(), 0, process.told())

    def soak(self, *arguments, status):
        out, err = self.tool("soak", "--quiet", "--duration", "4s", "--out",
                             os.path.join(self.folder, "soaked"), "--", *arguments, status=status,
                             env=self.environment(SILT_LIBRARY=harness.LIBRARY))
        return out + err

    @as_root
    def test_a_soak_finds_the_leak_of_a_worker_that_gave_up_root(self):
        text = self.soak(harness.program("gives_up_root"), "worker", status=1)
        self.assertIn("leak_as_nobody", text)
        # All recordings are in the folder itself, and what was kept for other users is gone.
        names = [name for name in os.listdir(os.path.join(self.folder, "soaked"))
                 if not name.endswith(".log")]
        self.assertEqual(len(names), 2, names)
        self.assertTrue(all(re.fullmatch(r"silt\.gives_up_root\.\d+", name) for name in names), names)

    @as_root
    def test_a_worker_that_cannot_be_asked_makes_a_soak_inconclusive(self):
        root = os.path.join(self.folder, "root")
        os.makedirs(root)
        text = self.soak(harness.program("gives_up_root"), "worker", f"root={root}", status=4)
        self.assertRegex(text, r"inconclusive: process \d+ \(gives_up_root\) could not be judged: ")
        self.assertIn("check inconclusive", text)
        self.assertNotIn("soak: passed", text)


if __name__ == "__main__":
    harness.main()
