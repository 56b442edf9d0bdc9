# SPDX-License-Identifier: Apache-2.0
"""What says that a target is unharmed sees harm of each kind: a command beside one that differs
in just one thing. The tests that use it would prove nothing otherwise."""

import unittest.mock

import harness
import unharmed


class SeesHarm(harness.SiltTest):
    def check_seen(self, plain, harmed, words):
        both = [unharmed.observe(["/bin/bash", "-c", script], self.environment(),
                                 f"{self.folder}/here") for script in (plain, harmed)]
        self.assertEqual(unharmed.differences(both[0], both[0]), [])
        found = " ".join(unharmed.differences(*both))
        self.assertRegex(found, words)

    def test_a_descriptor_that_a_child_inherits(self):
        self.check_seen("/bin/true; :", "exec 9</dev/null; /bin/true; :",
                        r"true at its exec: descriptors.*'9': '/dev/null")

    def test_a_descriptor_that_is_left_open(self):
        self.check_seen("exec 9</dev/null; exec 9<&-", "exec 9</dev/null",
                        r"bash at its end: descriptors.*'9': '/dev/null")

    def test_a_signal_that_is_ignored(self):
        self.check_seen("/bin/true; :", "trap '' USR1; /bin/true; :", r"true at its exec: SigIgn")

    def test_a_handler_that_is_set(self):
        self.check_seen("trap : USR1; trap - USR1", "trap : USR1", r"bash at its end: SigCgt")

    def test_a_variable_of_a_childs_environment(self):
        self.check_seen("/bin/true; :", "export HARM=1; /bin/true; :",
                        r"true at its exec: environment.*HARM=1")

    def test_a_process_more(self):
        self.check_seen("/bin/true; :", "/bin/true; /bin/true; :", r"only under silt: .*true")

    def test_a_child_that_nobody_waited_for(self):
        self.check_seen("read < <(echo) ; wait", "sleep 0 & kill -KILL $$", r"children|status")

    def test_a_process_left_behind(self):
        self.check_seen(":", "sleep 600 >/dev/null 2>&1 & disown", r"left behind.*sleep")

    def test_a_file_and_its_contents(self):
        self.check_seen("echo a > f", "echo b > f", r"files: .*'f'")

    def test_a_limit_and_the_umask(self):
        self.check_seen("/bin/true; :", "umask 077; ulimit -n 99; /bin/true; :", r"Umask.*limits")

    def test_how_it_ended(self):
        self.check_seen("exit 3", "kill -TERM $$", r"status: plain '3', under silt '-15'")

    def test_time_of_another_order(self):
        # The loop ends by its limit of processor time, so it takes as long on any machine.
        with unittest.mock.patch.multiple(unharmed, MOST_TIMES=1, MOST_MORE_SECONDS=0.1):
            self.check_seen(":", "ulimit -S -t 2; while :; do :; done", r"processor time")


if __name__ == "__main__":
    harness.main()
