# SPDX-License-Identifier: Apache-2.0
"""Whatever the kernel refuses, silt does without it and says so once; the program does not notice.
Each system call of silt's is made to fail in turn; sandboxes, missing folders and libraries."""

import errno
import os
import pathlib
import shutil
import subprocess
import unittest

import harness

# Number of the call, what it fails with.
CALLS = {
    "mmap": (9, errno.ENOMEM),
    "munmap": (11, errno.ENOMEM),
    "madvise": (28, errno.EINVAL),
    "openat": (257, errno.EMFILE),
    "mkdirat": (258, errno.EROFS),
    "pwrite64": (18, errno.EIO),
    "renameat": (264, errno.EIO),
    "read": (0, errno.EIO),
    "readlinkat": (267, errno.EACCES),
    "getcwd": (79, errno.ENOENT),
    "clock_gettime": (228, errno.EPERM),
    "getpid": (39, errno.EPERM),
    "gettid": (186, errno.EPERM),
    "rt_sigpending": (127, errno.EPERM),
    "getrandom": (318, errno.ENOSYS),
    "memfd_create": (319, errno.ENOSYS),
}
# Made so often that only all of them together, and a few of them, are tried.
OFTEN = {"rt_sigprocmask": (14, errno.EPERM)}


class FailingCalls(harness.SiltTest):
    def injected(self, call, error, first, last, **settings):
        """(exit status, standard output, standard error), how many calls there were."""
        counted = os.path.join(self.folder, "counted")
        environment = self.environment(SILT_OUT=self.out, INJECT_PRELOAD=harness.LIBRARY,
                                       **settings)
        done = subprocess.run(
            [harness.program("inject"), "/libsilt.so", str(call), str(error), str(first), str(last),
             counted, harness.program("faults")], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=harness.TIMEOUT, check=False)
        if done.returncode == 77:
            self.skipTest("ptrace is not allowed here")
        return ((done.returncode, done.stdout.decode(), done.stderr.decode()),
                int(pathlib.Path(counted).read_text()))

    def check_call(self, name, call, error, moments, **settings):
        healthy, count = self.injected(call, error, 0, 0, **settings)
        self.assertEqual(healthy[0], 3, healthy)
        self.assertEqual(healthy[2], "")
        self.assertGreater(count, 0, f"silt makes no {name} any more")
        for first, last in moments(count):
            shutil.rmtree(self.out)
            os.mkdir(self.out)
            what = f"{name} {first} to {last} of {count}"
            (status, out, err), _ = self.injected(call, error, first, last, **settings)
            self.assertEqual((status, out), healthy[:2], f"{what}: {err}")
            # The parent and its child, once each.
            self.assertLessEqual(len(err.splitlines()), 2, f"{what}: {err}")
            self.assertTrue(all(line.startswith("silt: ") for line in err.splitlines()), err)
            left = [path for path in pathlib.Path(self.out).rglob("*") if path.is_file()
                    and path.name != "control" and path.suffix != ".silt"]
            self.assertEqual(left, [], what)

    def test_calls_that_only_a_black_box_needs(self):
        for name, call, error in (("fallocate", 285, errno.ENOSPC), ("flock", 73, errno.ENOLCK)):
            self.check_call(name, call, error,
                            lambda count: [(1, 10 ** 9), (count // 2 + 1, 10 ** 9)],
                            SILT_BLACKBOX="1")

    @staticmethod
    def each_and_all_after(count):
        forever = 10 ** 9
        return [(n, last) for n in harness.some(range(1, count + 1), 5) for last in (n, forever)]


def makes_test(name, call, error, moments):
    def test(self):
        self.check_call(name, call, error, moments)
    return test


for each, (its_number, its_error) in CALLS.items():
    setattr(FailingCalls, f"test_each_{each}_fails",
            makes_test(each, its_number, its_error, FailingCalls.each_and_all_after))
for each, (its_number, its_error) in OFTEN.items():
    setattr(FailingCalls, f"test_every_{each}_fails", makes_test(
        each, its_number, its_error,
        lambda count: [(1, 10 ** 9), (1, 1), (count // 2, 10 ** 9), (count, count)]))


class Sandboxes(harness.SiltTest):
    """Filters set by the program itself: no call of silt's is its end, whichever it is."""

    def check_sandbox(self, *arguments, **settings):
        for interval in ("0", "1"):
            done = self.run_program([harness.program("sandboxed"), *arguments],
                                    settings={"SILT_SAMPLE": interval, **settings})
            self.assertEqual(done[:2], (5, "out of the sandbox\n"), done)
            self.assertLessEqual(len(done[2].splitlines()), 1, done)
        return done[2]

    def test_a_filter_that_kills_the_thread(self):
        self.check_sandbox("kill")

    def test_a_filter_that_kills_the_process_set_by_syscall(self):
        self.check_sandbox("process", "syscall")

    def test_a_filter_that_kills_on_mmap_too(self):
        self.check_sandbox("process", "map")

    def test_a_filter_that_raises_a_signal(self):
        self.check_sandbox("trap")

    def test_a_filter_that_answers_with_an_error(self):
        self.check_sandbox("error", "map")

    def test_a_program_that_only_asks_what_the_kernel_can_do_is_recorded(self):
        self.assertEqual(self.check_sandbox("none"), "")
        self.assertEqual(self.report(self.recordings()[0]).sums("leak_in_sandbox")[0], 40)

    def test_strict_mode(self):
        self.check_sandbox("strict")

    def test_no_time_stamp_counter(self):
        self.assertEqual(self.check_sandbox("counter"), "")

    def test_timed_snapshots_in_a_sandbox(self):
        self.check_sandbox("kill", SILT_EVERY="1ms")

    def test_what_it_cannot_do_is_said_once(self):
        self.assertIn("seccomp", self.check_sandbox("kill", "say"))


class Missing(harness.SiltTest):
    """What is not there is done without."""

    def test_without_libunwind_stacks_follow_frame_pointers(self):
        # A file that is not a library where the loader looks first.
        path = pathlib.Path(self.folder) / "libunwind-x86_64.so.8"
        path.write_bytes(b"")
        _, silt = self.assert_unharmed([harness.program("growth")], errors=False,
                                       settings={"LD_LIBRARY_PATH": self.folder})
        err = silt.errors
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertRegex(err, r"libunwind.*frame pointers")
        self.assertTrue(self.report().stacks)

    def in_namespace(self, script, *arguments):
        """Runs a shell script in a mount namespace of its own; skips where that is not allowed."""
        probe = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)
        if probe.returncode != 0:
            self.skipTest("no mount namespaces here")
        return self.run_program(["unshare", "--mount", "/bin/sh", "-c", script, "sh", *arguments],
                                silt=False)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount")
    def test_without_proc(self):
        status, out, err = self.in_namespace(
            'mount -t tmpfs none /proc && LD_PRELOAD="$1" SILT_OUT="$2" exec "$3"',
            harness.LIBRARY, self.out, harness.program("early_limits"))
        plain = self.run_program([harness.program("early_limits")], silt=False)
        self.assertEqual((status, out, err), plain)
        recording, = self.recordings("*")
        self.assertGreater(self.report(recording).sums("leak_under_limits")[0], 0)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to mount")
    def test_a_read_only_folder(self):
        status, out, err = self.in_namespace(
            'mount --bind "$2" "$2" && mount -o remount,bind,ro "$2" && '
            'LD_PRELOAD="$1" SILT_OUT="$2" exec "$3"',
            harness.LIBRARY, self.out, harness.program("early_limits"))
        plain = self.run_program([harness.program("early_limits")], silt=False)
        self.assertEqual((status, out), plain[:2])
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertRegex(err, r"read-only file system.*SILT_OUT")
        self.assertEqual(os.listdir(self.out), [])

    def test_the_out_folder_is_deleted_while_the_program_runs(self):
        process = self.start([harness.program("growth")])
        process.wait_line("ready step")
        os.rmdir(self.out)
        _, err = self.tool("dump", process.pid, status=3)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(len(process.errors().strip().splitlines()), 1, process.errors())


if __name__ == "__main__":
    harness.main()
