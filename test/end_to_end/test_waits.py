# SPDX-License-Identifier: Apache-2.0
"""Waits that the kernel does not take up again after a handler: a snapshot's signal does not end
them, a signal of the program's own does."""

import errno
import os
import pathlib
import platform
import signal
import time

import harness

FOR_INPUT = ("poll", "poll_chk", "ppoll", "ppoll_chk", "select", "pselect", "epoll_wait",
             "epoll_pwait", "epoll_pwait2")
FROM_PEER = ("read", "read_chk", "recv", "recv_chk", "recvfrom", "recvfrom_chk", "recvmsg", "accept",
             "accept4")
MASKED = ("masked-ppoll", "masked-pselect", "masked-epoll_pwait", "masked-epoll_pwait2")
WITH_A_LIMIT = {"semtimedop": errno.EAGAIN, "sem_timedwait": errno.ETIMEDOUT,
                "sem_clockwait": errno.ETIMEDOUT, "sigtimedwait": errno.EAGAIN,
                **dict.fromkeys(FROM_PEER, errno.EAGAIN)}
WITHOUT = ("msgrcv", "msgsnd", "semop", "sigwaitinfo", "semtimedop", "sem_timedwait",
           "sem_clockwait", "sigtimedwait")


def known(ways):
    """Those that this system's libc has."""
    version = tuple(map(int, platform.libc_ver()[1].split(".")))
    return [way for way in ways if not (way.endswith("epoll_pwait2") and version < (2, 35))
            and not (way == "sem_clockwait" and version < (2, 30))]


class Waits(harness.SiltTest):
    def start_waiter(self, way, *limit):
        process = self.start([harness.program("waiter"), way, *map(str, limit)])
        process.wait_line("ready waiting")
        self.wait_until_it_waits(process)
        return process

    def wait_until_it_waits(self, process):
        status = pathlib.Path(f"/proc/{process.pid}/syscall")
        harness.wait_until(lambda: not status.read_text().startswith("running"), "its wait")

    def check_told(self, process, way, result, error, handled=0):
        self.assertEqual(process.wait_line("waited"), f"waited {way} {result} {error} {handled}")
        self.assertEqual(process.finish(), 0, process.told())
        self.assertNotIn("early", process.lines)

    def test_a_wait_with_a_limit_ends_at_that_after_signals_without_end(self):
        # Side by side, to take as long as one. A signal comes more often than the time is long: a
        # wait that began anew each time would never end.
        waiters = {}
        for way in known(FOR_INPUT + tuple(WITH_A_LIMIT)):
            waiters[way] = self.start_waiter(way, 2000)
            os.kill(waiters[way].pid, signal.SIGUSR2)
        end = time.monotonic() + 60
        left = dict(waiters)
        while left and time.monotonic() < end:
            for process in left.values():
                os.kill(process.pid, signal.SIGURG)  # which nothing would notice without silt
            time.sleep(0.05)
            left = {way: process for way, process in left.items()
                    if process.process.poll() is None}
        self.assertEqual(list(left), [])
        for way, process in waiters.items():
            with self.subTest(way):
                error = WITH_A_LIMIT.get(way)
                self.check_told(process, way, -1 if error else 0, error or 77)
        for recording in self.recordings("waiter"):
            self.assertEqual(len(self.snapshots(recording)), 2)  # the other one at exit

    def test_a_wait_for_input_gets_it_after_snapshots(self):
        for way in known(FOR_INPUT + FROM_PEER):
            with self.subTest(way):
                process = self.start_waiter(way)
                self.dump(process.pid)
                os.kill(process.pid, signal.SIGURG)
                os.kill(process.pid, signal.SIGUSR2)
                self.dump(process.pid)
                process.write_line("come")
                self.check_told(process, way, 1, 77)

    def test_a_signal_of_the_programs_own_ends_a_wait(self):
        for way in known(FOR_INPUT + FROM_PEER + MASKED + WITHOUT):
            with self.subTest(way):
                process = self.start_waiter(way)
                self.dump(process.pid)
                os.kill(process.pid, signal.SIGURG)
                self.wait_until_it_waits(process)
                self.assertEqual([line for line in process.lines if "waited" in line], [])
                os.kill(process.pid, signal.SIGUSR1)
                self.check_told(process, way, -1, errno.EINTR, 1)

    def test_a_signal_of_the_programs_own_that_comes_with_silts_ends_a_wait(self):
        # Stopped, the process gets both at once; the kernel delivers the lower number first.
        for way in known(("poll", "select", "pause") + MASKED):
            for own in (signal.SIGUSR1, signal.SIGALRM):
                with self.subTest(way, own=own.name):
                    process = self.start_waiter(way)
                    os.kill(process.pid, signal.SIGSTOP)
                    harness.wait_until(lambda: "\nState:\tT" in pathlib.Path(
                        f"/proc/{process.pid}/status").read_text(), "its stop")
                    os.kill(process.pid, own)
                    os.kill(process.pid, signal.SIGUSR2)
                    os.kill(process.pid, signal.SIGCONT)
                    self.check_told(process, way, -1, errno.EINTR, 1)

    def test_a_handler_that_waits_as_well_ends_the_wait_that_it_interrupted(self):
        process = self.start_waiter("nested")
        os.kill(process.pid, signal.SIGUSR1)
        process.wait_line("nested waiting")
        self.wait_until_it_waits(process)
        self.dump(process.pid)
        os.kill(process.pid, signal.SIGURG)
        process.write_line("come")
        self.check_told(process, "nested", -1, errno.EINTR, 1)

    def test_a_thread_that_waits_can_be_cancelled_after_snapshots(self):
        process = self.start_waiter("cancelled")
        self.dump(process.pid)
        os.kill(process.pid, signal.SIGUSR2)
        self.dump(process.pid)
        process.write_line("come")
        self.check_told(process, "cancelled", 1, 77)
        self.assertIn("cleaned up", process.lines)


if __name__ == "__main__":
    harness.main()
