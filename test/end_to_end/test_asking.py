# SPDX-License-Identifier: Apache-2.0
"""Asking a process is harmless: one that allocates is not interrupted, one that becomes another
program, blocks signals or cannot return from a handler lives on, and nobody can use the files
through which it is asked to make it fault."""

import os
import pathlib
import signal
import stat
import subprocess
import threading

import harness


class AskingTest(harness.SiltTest):
    def interrupted(self, process):
        process.write_line()
        return int(process.wait_line("interrupted").split(" ")[1])

    def start_asked(self, *way, **settings):
        process = self.start([harness.program("asked"), *way], settings=settings)
        process.wait_line("ready asked")
        return process

    def check_finish(self, process):
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")


class Interruptions(AskingTest):
    def test_a_process_that_allocates_notices_nothing(self):
        process = self.start_asked("works")
        paths = [self.dump(process.pid) for _ in range(10)]
        self.assertEqual(len(set(paths)), 10)
        self.assertEqual(self.interrupted(process), 0)
        self.check_expectations(self.report(paths[-1]), process.lines)
        self.check_finish(process)

    def test_top_interrupts_nobody_either(self):
        process = self.start_asked("works")
        self.tool("top", "--once", process.pid)
        self.assertEqual(self.interrupted(process), 0)
        self.check_finish(process)

    def test_a_process_that_waits_notices_nothing_either(self):
        process = self.start_asked("waits")
        self.check_expectations(self.report(self.dump(process.pid)), process.lines)
        self.assertEqual(self.interrupted(process), 0)
        self.check_finish(process)

    def test_a_process_without_a_signal_for_silt_is_never_interrupted(self):
        process = self.start_asked("works", SILT_SIGNAL="none")
        self.dump(process.pid)
        self.dump(process.pid)
        self.assertEqual(self.interrupted(process), 0)
        self.check_finish(process)

    def test_signals_blocked_for_moments_are_no_obstacle(self):
        process = self.start_asked("moments")
        for _ in range(3):
            self.dump(process.pid)
        self.check_finish(process)

    def test_the_request_is_taken_back(self):
        process = self.start([harness.program("blocked_signal")])
        process.wait_line("ready blocked")
        self.tool("dump", "--timeout", "200ms", process.pid, status=3)
        self.assertEqual(os.listdir(self.out), [])
        self.assertEqual(process.finish(), 0)

    def test_a_folder_that_everybody_writes_to(self):
        os.chmod(self.out, 0o1777)
        process = self.start_asked("works")
        self.dump(process.pid)
        self.assertEqual(self.interrupted(process), 0)
        self.check_finish(process)

    def test_a_folder_that_cannot_be_shown(self):
        """The card has no room for its path: the signal is left."""
        self.out = os.path.join(self.folder, "d" * 200, "e" * 200)
        os.makedirs(self.out)
        process = self.start_asked("works")
        self.dump(process.pid)
        before = self.interrupted(process)
        self.dump(process.pid)  # by now the recording is known
        self.assertEqual(self.interrupted(process), before)
        self.check_finish(process)


class Sandboxes(AskingTest):
    """A filter under which no handler returns: sshd's children live in such."""

    def test_a_process_that_cannot_return_is_asked_in_writing(self):
        process = self.start_asked("sandboxed", "works")
        self.dump(process.pid)
        self.assertEqual(self.interrupted(process), 0)
        self.check_finish(process)

    def test_one_that_waits_too_is_left_alone_and_told_about(self):
        process = self.start_asked("sandboxed", "waits")
        _, err = self.tool("dump", "--timeout", "700ms", process.pid, status=3)
        self.assertRegex(err, r"may not return from a signal handler.*while it allocates")
        os.kill(process.pid, signal.SIGURG)
        self.assertEqual(self.interrupted(process), 0)
        self.check_finish(process)

    def test_a_filter_that_was_refused_changes_nothing(self):
        process = self.start_asked("refused")
        self.dump(process.pid)
        os.kill(process.pid, signal.SIGUSR2)
        harness.wait_until(lambda: len(self.snapshots(self.recording())) == 2, "a snapshot")
        self.check_finish(process)


class Execs(AskingTest):
    def test_programs_that_become_others_are_never_killed(self):
        """What is asked is in exec, or just out of it, as often as not."""
        script = ('n=0; i=0; while [ $i -lt 300 ]; do i=$((i+1)); /bin/true || n=$((n+1)); done; '
                  'echo "killed $n"')
        process = self.start(["/bin/sh", "-c", script], settings={"SILT_AT_EXIT": "0"})
        asked = [0, 0]

        def ask(which):
            children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
            while process.process.poll() is None:
                try:
                    pids = children.read_text().split()
                except OSError:
                    return
                for pid in pids:
                    self.tool("dump", "--timeout", "200ms", pid, status=None)
                    asked[which] += 1

        threads = [threading.Thread(target=ask, args=(which,)) for which in (0, 1)]
        for thread in threads:
            thread.start()
        self.assertEqual(process.wait_line("killed", timeout=300), "killed 0")
        self.assertEqual(process.finish(), 0, process.told())
        for thread in threads:
            thread.join()
        self.assertGreater(min(asked), 0)

    def test_a_program_without_a_handler_ignores_the_signal(self):
        process = self.start(["/bin/cat"], silt=False)
        os.kill(process.pid, signal.SIGURG)
        _, err = self.tool("dump", process.pid, status=3)
        self.assertIn("runs without libsilt.so", err)
        self.assertEqual(process.finish(), 0)


class Handlers(AskingTest):
    def test_handlers_of_a_librarys_constructor_are_kept(self):
        for silt in (False, True):
            process = self.start([harness.program("early_handlers_user")], silt=silt)
            process.wait_line("ready raised")
            if silt:
                self.dump(process.pid)
            self.assertEqual(process.finish(), 0, process.told())

    def count(self, process, text):
        process.write_line(text)
        return int(process.wait_line("plain").split(" ")[1])

    def test_the_programs_own_use_of_the_tools_signal(self):
        process = self.start([harness.program("own_handler"), str(int(signal.SIGURG))])
        process.wait_line("ready")
        for kind in ("plain", "bsd", "sysv", "sigset"):
            calls = self.count(process, kind)
            self.dump(process.pid)
            self.assertEqual(self.count(process, "count"), calls, kind)
            os.kill(process.pid, signal.SIGURG)
            harness.wait_until(lambda: self.count(process, "count") == calls + 1, kind)
        taken = len(self.snapshots(self.recording()))
        calls = self.count(process, "default")
        os.kill(process.pid, signal.SIGURG)
        self.assertEqual(self.count(process, "count"), calls)
        self.assertEqual(len(self.snapshots(self.recording())), taken)
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())

    def test_one_signal_for_both(self):
        process = self.start_asked("waits", SILT_SIGNAL="URG")
        self.dump(process.pid)
        os.kill(process.pid, signal.SIGURG)
        harness.wait_until(lambda: len(self.snapshots(self.recording())) == 2, "a snapshot")
        self.check_finish(process)


class ControlFiles(AskingTest):
    """Whatever becomes of the control file, the process lives, and can be asked again."""

    def check_damage(self, damage):
        for way in ("works", "waits"):
            process = self.start_asked(way)
            first = self.dump(process.pid)
            control = os.path.join(os.path.dirname(first), "control")
            damage(control)
            second = self.dump(process.pid)
            self.assertEqual(os.path.basename(second), "001.silt")
            # Made anew, or written over.
            self.assertTrue(stat.S_ISREG(os.lstat(control).st_mode))
            self.assertEqual(os.path.basename(self.dump(process.pid)), "002.silt")
            self.check_finish(process)

    def test_truncated(self):
        self.check_damage(lambda control: os.truncate(control, 0))

    def test_removed(self):
        self.check_damage(os.unlink)

    def test_replaced_by_another_file(self):
        def replace(control):
            os.unlink(control)
            pathlib.Path(control).write_bytes(b"\xff" * 8192)
        self.check_damage(replace)

    def test_replaced_by_a_fifo(self):
        def replace(control):
            os.unlink(control)
            os.mkfifo(control)
        self.check_damage(replace)

    def test_replaced_by_a_link(self):
        precious = os.path.join(self.folder, "precious")
        pathlib.Path(precious).write_text("kept", encoding="utf-8")

        def replace(control):
            os.unlink(control)
            os.symlink(precious, control)
        self.check_damage(replace)
        self.assertEqual(pathlib.Path(precious).read_text(encoding="utf-8"), "kept")

    def test_filled_with_what_means_harm(self):
        def fill(control):
            with open(control, "r+b") as file:
                file.write(os.urandom(304))
        self.check_damage(fill)

    def test_a_request_that_is_no_file(self):
        """It cannot be removed: the process goes on, and the signal is left."""
        process = self.start_asked("works")
        request = os.path.join(self.out, f".silt-request.{process.pid}")
        os.mkdir(request)
        self.dump(process.pid)
        os.rmdir(request)
        self.check_finish(process)

    def test_a_request_that_is_a_link(self):
        process = self.start_asked("works")
        precious = os.path.join(self.folder, "precious")
        pathlib.Path(precious).write_text("kept", encoding="utf-8")
        os.symlink(precious, os.path.join(self.out, f".silt-request.{process.pid}"))
        harness.wait_until(lambda: self.recordings("asked"), "a snapshot")
        self.check_finish(process)
        self.assertEqual(pathlib.Path(precious).read_text(encoding="utf-8"), "kept")


class Soaks(AskingTest):
    def test_a_program_that_cannot_be_reached_does_not_hold_up_a_soak(self):
        reader, writer = os.pipe()  # nobody writes: the program waits
        done = subprocess.run(
            [harness.TOOL, "soak", "--duration", "4s", "--", harness.program("blocked_signal")],
            stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self.environment(), cwd=self.folder, timeout=60, check=False)
        os.close(reader)
        os.close(writer)
        self.assertIn(b"blocks SIGURG in all its threads", done.stderr)


if __name__ == "__main__":
    harness.main()
