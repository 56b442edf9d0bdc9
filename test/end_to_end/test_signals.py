# SPDX-License-Identifier: Apache-2.0
"""Signals: storms of them inside hooks and the loader, programs that block or await silt's, every
way to set a handler. The program does what it does without silt, and silt finds a way in."""

import errno
import os
import pathlib
import signal

import harness


class Storms(harness.SiltTest):
    """Five thousand signals, nested, as fast as a thread can take them."""

    def check_storm(self, way):
        for interval in ("0", "1"):
            status, out, err = self.run_program(
                [harness.program("storm"), way, harness.program("plugin_a.so")], timeout=120,
                settings={"SILT_SAMPLE": interval})
            self.assertEqual((status, out.splitlines()[-1:], err), (0, ["ready done"], ""))
            if interval == "0":
                own = [path for path in self.recordings("storm")
                       if len(self.snapshots(path)) == max(
                           len(self.snapshots(other)) for other in self.recordings("storm"))]
                newest = self.snapshots(own[0])[-1]
                self.assertGreater(len(self.snapshots(own[0])), 1)
                self.check_expectations(self.report(newest), out.splitlines())

    def test_a_storm_during_malloc_free_and_mappings(self):
        self.check_storm("memory")

    def test_a_storm_during_fork(self):
        self.check_storm("fork")

    def test_a_storm_during_dlopen_and_dlclose(self):
        self.check_storm("loader")

    def test_a_storm_while_threads_begin_and_end(self):
        self.check_storm("threads")

    def test_a_storm_during_everything(self):
        self.check_storm("everything")


class Handlers(harness.SiltTest):
    def command(self, process, text):
        process.write_line(text)
        return int(process.wait_line("plain").split(" ")[1])

    def test_each_way_to_set_a_handler_keeps_it_and_keeps_silts(self):
        process = self.start([harness.program("own_handler")])
        process.wait_line("ready")
        for kind in ("bsd", "sysv", "sigset"):
            calls = self.command(process, kind)
            self.dump(process.pid)
            self.assertEqual(self.command(process, "count"), calls, kind)
            os.kill(process.pid, signal.SIGUSR2)
            harness.wait_until(lambda: self.command(process, "count") == calls + 1, kind)
            self.dump(process.pid)
        self.command(process, "sigignore")
        taken = len(self.snapshots(self.recording()))
        os.kill(process.pid, signal.SIGUSR2)
        self.command(process, "count")  # by now it has been ignored
        self.dump(process.pid)
        self.assertEqual(len(self.snapshots(self.recording())), taken + 1)
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_signal_that_is_held_comes_when_it_is_released(self):
        for silt in (False, True):
            process = self.start([harness.program("own_handler")], silt=silt)
            process.wait_line("ready")
            self.command(process, "sigset")
            self.command(process, "hold")
            os.kill(process.pid, signal.SIGUSR2)
            self.assertEqual(self.command(process, "count"), 0)
            self.command(process, "release")
            self.assertEqual(self.command(process, "count"), 1)
            self.assertEqual(process.finish(), 0, process.told())


class Awaited(harness.SiltTest):
    """`silt dump` gets its snapshot, and the program gets what was sent to it and nothing else."""

    def received(self, process):
        process.write_line()
        return int(process.wait_line("received").split(" ")[1])

    def check_awaited(self, way, **settings):
        process = self.start([harness.program("awaited"), way], settings=settings)
        process.wait_line("ready waiting")
        first = self.dump(process.pid)
        second = self.dump(process.pid)
        self.assertNotEqual(first, second)
        self.assertEqual(self.received(process), 0)
        self.check_expectations(self.report(second), process.lines)
        return process

    def check_signal_arrives(self, process):
        taken = len(self.snapshots(self.recording()))
        os.kill(process.pid, signal.SIGUSR2)
        harness.wait_until(lambda: self.received(process) == 1, "the program's own signal")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(len(self.snapshots(self.recording())), taken + 1)  # at exit

    def test_a_program_that_reads_the_signal_from_a_signalfd(self):
        self.check_signal_arrives(self.check_awaited("signalfd"))

    def test_a_program_that_waits_in_sigwait(self):
        self.check_signal_arrives(self.check_awaited("sigwait"))

    def test_a_program_that_waits_in_sigtimedwait_now_and_then(self):
        self.check_signal_arrives(self.check_awaited("timed"))

    def test_a_program_that_replaced_the_handler_by_a_raw_system_call(self):
        process = self.start([harness.program("awaited"), "raw"])
        process.wait_line("ready waiting")
        # The kernel says that the signal is handled; only the process knows by whom.
        maps = pathlib.Path(f"/proc/{process.pid}/maps")
        harness.wait_until(lambda: "silt process: 0 h" in maps.read_text(), "what it knows")
        os.kill(process.pid, signal.SIGUSR2)
        harness.wait_until(lambda: self.received(process) == 1, "the program's own handler")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_program_that_blocks_every_signal_but_allocates(self):
        process = self.check_awaited("blocked")
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_program_without_a_signal_for_silt(self):
        process = self.check_awaited("timed", SILT_SIGNAL="none")
        self.check_signal_arrives(process)

    def test_a_program_that_blocks_every_signal_and_does_nothing(self):
        process = self.start([harness.program("blocked_signal")])
        process.wait_line("ready blocked")
        _, err = self.tool("dump", "--timeout", "2s", process.pid, status=3)
        self.assertRegex(err, r"blocks SIGURG in all its threads.*while it allocates")
        self.assertEqual(len(err.strip().splitlines()), 1)
        self.assertEqual(process.finish(), 0)

    def test_what_nobody_asked_for_leaves_no_folder(self):
        process = self.start([harness.program("awaited"), "blocked"],
                             settings={"SILT_AT_EXIT": "0"})
        process.wait_line("ready waiting")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(os.listdir(self.out), [])


class Sleepers(harness.SiltTest):
    """A program whose only thread sleeps: a snapshot does not end its sleep, a signal of its own
    does."""

    def start_sleeper(self, way, seconds):
        process = self.start([harness.program("sleeper"), way, str(seconds)])
        process.wait_line("ready sleeping")
        maps = pathlib.Path(f"/proc/{process.pid}/syscall")
        harness.wait_until(lambda: not maps.read_text().startswith("running"), "its sleep")
        return process

    def test_a_sleep_goes_on_after_snapshots(self):
        for way, seconds in (("sleep", 3), ("usleep", 3), ("nanosleep", 3),
                             ("clock_nanosleep", 3), ("until", 3)):
            with self.subTest(way):
                process = self.start_sleeper(way, seconds)
                self.dump(process.pid)
                os.kill(process.pid, signal.SIGUSR2)
                os.kill(process.pid, signal.SIGURG)  # which nothing would notice without silt
                self.assertEqual(process.wait_line("slept"), f"slept {way} 0 77")
                self.assertEqual(process.finish(), 0)
                self.assertNotIn("early", process.lines)
                self.assertGreaterEqual(len(self.snapshots(self.recordings("sleeper")[-1])), 2)

    def test_a_wait_for_a_signal_goes_on_after_snapshots(self):
        for way in ("pause", "sigsuspend"):
            with self.subTest(way):
                process = self.start_sleeper(way, 0)
                self.dump(process.pid)
                self.dump(process.pid)
                self.assertNotIn(f"slept {way} -1 {errno.EINTR}", process.lines)
                os.kill(process.pid, signal.SIGUSR1)
                self.assertEqual(process.wait_line("slept"), f"slept {way} -1 {errno.EINTR}")
                self.assertEqual(process.finish(), 0)

    def test_a_signal_of_the_programs_own_ends_a_sleep(self):
        for way, result, error in (("sleep", 59, 77), ("nanosleep", -1, errno.EINTR),
                                   ("clock_nanosleep", errno.EINTR, 77)):
            with self.subTest(way):
                process = self.start_sleeper(way, 61)
                self.dump(process.pid)
                os.kill(process.pid, signal.SIGUSR1)
                told = process.wait_line("slept").split()
                self.assertEqual(told[3], str(error))
                self.assertIn(int(told[2]), range(result - 30, result + 2) if way == "sleep"
                              else [result])
                self.assertEqual(process.finish(), 0)


if __name__ == "__main__":
    harness.main()
