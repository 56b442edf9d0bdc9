# SPDX-License-Identifier: Apache-2.0
"""`silt top`: pictures of what grows, on a terminal that is left as it was found."""

import contextlib
import os
import re
import signal
import sys
import termios

import harness
from screens import Screen, Tmux


class Top(harness.SiltTest):
    def start_server(self):
        port = harness.free_port()
        server = self.start([harness.program("session_server"), str(port), "600"])
        server.wait_line("listening on")
        self.start([sys.executable, str(harness.HERE / "paced_load.py"), str(port), "200", "600"],
                   silt=False)
        return server

    def start_in_tmux(self, width, *arguments):
        """A real terminal of so many columns, whose picture can be read as it stands."""
        screen = Tmux(width, 24, [harness.TOOL, "top", *map(str, arguments)],
                      self.environment(), self.folder)
        self.addCleanup(screen.close)
        return screen

    def start_top(self, *arguments):
        environment = self.environment(TERM="xterm")
        environment.pop("NO_COLOR", None)
        screen = Screen([harness.TOOL, "top", *map(str, arguments)], environment, self.folder)
        self.addCleanup(screen.close)
        return screen

    def check_left_well(self, screen):
        self.assertEqual(screen.process.wait(harness.TIMEOUT), 0)
        self.assertEqual(termios.tcgetattr(screen.slave), screen.settings)
        text = screen.rest()
        self.assertEqual(text.count("\033[?1049h"), 1)
        self.assertEqual(text.count("\033[?1049l"), 1)
        self.assertLess(text.rfind("\033[?25l"), text.rfind("\033[?25h"))

    def test_a_process_is_followed_until_q(self):
        server = self.start_server()
        screen = self.start_top("--interval", "200ms", server.pid)
        screen.wait_text(r"3 snapshots over")
        screen.wait_text(r"\+[\d.]+ k?B/s +[\d.]+ k?B  SessionTable::\w+ ")
        self.assertIn("RSS", screen.text)
        screen.type(b"q")
        self.check_left_well(screen)
        self.assertIsNone(server.process.poll())

    def test_it_can_be_paused_and_sorted(self):
        server = self.start_server()
        screen = self.start_top("--interval", "100ms", server.pid)
        screen.wait_text(r"2 snapshots over")
        screen.wait_text(r"s sort: verdict")
        screen.type(b" ")
        screen.wait_text(r"exact, paused")
        screen.wait_text(r"space go on")
        screen.type(b"s")
        screen.wait_text(r"s sort: growth")
        screen.type(b" ")
        screen.wait_text(r"space pause")
        screen.wait_text(r"snapshots over")
        screen.type(b"q")
        self.check_left_well(screen)
        # What stays on the terminal is the picture alone.
        self.assertNotIn("space pause", screen.text[screen.text.rfind("\033[?1049l"):])

    def test_a_signal_quits_and_restores_the_terminal(self):
        server = self.start_server()
        for number in (signal.SIGINT, signal.SIGTERM):
            screen = self.start_top("--interval", "200ms", server.pid)
            screen.wait_text(r"2 snapshots over")
            screen.process.send_signal(number)
            self.check_left_well(screen)

    def test_a_recording_is_followed(self):
        server = self.start_server()
        self.dump(server.pid)
        screen = self.start_top("--interval", "100ms", self.recording())
        screen.wait_text(r"1 snapshot over")
        self.dump(server.pid)
        screen.wait_text(r"2 snapshots over")
        screen.type(b"q")
        self.check_left_well(screen)

    def test_a_process_that_does_not_answer_for_a_while_is_followed_all_the_same(self):
        server = self.start_server()
        screen = self.start_top("--interval", "100ms", server.pid)
        screen.wait_text(r"2 snapshots over")
        os.kill(server.pid, signal.SIGSTOP)
        screen.wait_text(r"process \d+ is stopped: let it go on")
        os.kill(server.pid, signal.SIGCONT)
        # Nothing of it stands below the summary, the line after RSS.
        screen.wait_text(r"RSS [^\n]*\n[^\n]*\n\033\[K\r?\n")
        screen.type(b"q")
        self.check_left_well(screen)

    def test_the_end_of_the_process_is_told(self):
        server = self.start_server()
        screen = self.start_top("--interval", "100ms", server.pid)
        screen.wait_text(r"2 snapshots over")
        server.process.terminate()
        screen.wait_text(r"silt top: .*process \d+")
        self.check_left_well(screen)

    def test_one_picture_without_a_terminal_fits_80_columns(self):
        server = self.start_server()
        for _ in range(3):
            self.dump(server.pid)
        out, _ = self.tool("top", "--once", self.recording())
        self.assertNotIn("\033", out)
        lines = out.splitlines()
        self.assertRegex(lines[0], r"session_server \(pid \d+\), 3 snapshots over")
        self.assertRegex(lines[1], r"native .* blocks, .* since start")
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertLessEqual(len(lines), 24)

    def test_a_leak_becomes_a_row_with_its_verdict_at_60_80_and_120_columns(self):
        server = self.start_server()
        for width, headings in ((60, ["verdict", "growth", "now", "where"]),
                                (80, ["verdict", "growth", "now", "live", "where"]),
                                (120, ["verdict", "growth", "now", "blocks", "live", "heap",
                                       "where"])):
            screen = self.start_in_tmux(width, "--interval", "200ms", server.pid)
            lines = screen.wait(r"^>leak .* SessionTable::visit\b")
            self.assertEqual(lines[5].split(), headings)
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertRegex(lines[23], r"^q quit  Enter stack")
            screen.close()

    def test_a_row_can_be_looked_into_and_rows_be_filtered(self):
        server = self.start_server()
        screen = self.start_in_tmux(80, "--interval", "200ms", server.pid)
        screen.wait(r"^>leak .* SessionTable::visit")
        screen.type("Enter")
        screen.wait(r"grew in .* windows")
        screen.wait(r"^> SessionTable::visit .*session_server.cpp:\d+$")
        screen.wait(r"^  Worker::run .*session_server.cpp:\d+$")
        screen.type("End")
        lines = screen.wait(r"^  (start_thread|\S*clone\S*) ")
        self.assertFalse([line for line in lines if re.match("[a-z]+ SessionTable", line)], lines)
        screen.type("Escape")
        screen.wait(r"^ verdict")
        screen.type("/", "render", "Enter")
        lines = screen.wait("Esc all rows")
        self.assertFalse([line for line in lines if "visit" in line], lines)
        screen.type("?")
        screen.wait("the tree of processes")

    def test_snapshots_that_somebody_else_removes_do_not_end_it(self):
        server = self.start_server()
        screen = self.start_in_tmux(80, "--interval", "200ms", server.pid)
        screen.wait(r"^>leak .* SessionTable::visit")
        for _ in range(5):
            for name in self.snapshots():
                with contextlib.suppress(FileNotFoundError):
                    os.remove(os.path.join(self.recording(), name))
            screen.wait(r"^session_server ")
        screen.wait(r"^>leak .* SessionTable::visit")

    def snapshots(self):
        return sorted(name for name in os.listdir(self.recording()) if name.endswith(".silt"))

    def test_snapshots_taken_for_it_go_again_unless_they_are_kept(self):
        server = self.start_server()
        self.dump(server.pid)
        before = self.snapshots()
        screen = self.start_top("--interval", "100ms", server.pid)
        screen.wait_text(r"3 snapshots over")
        self.assertGreater(len(self.snapshots()), len(before))
        screen.type(b"q")
        self.check_left_well(screen)
        self.assertEqual(self.snapshots(), before)
        screen = self.start_top("--interval", "100ms", server.pid)
        screen.type(b"k")
        screen.wait_text(r"k keep: yes")
        screen.wait_text(r"3 snapshots over")
        screen.type(b"q")
        self.check_left_well(screen)
        self.assertGreaterEqual(len(self.snapshots()), len(before) + 3)

    def test_of_very_many_snapshots_few_are_on_the_disk_at_a_time(self):
        server = self.start_server()
        screen = self.start_top("--interval", "10ms", server.pid)
        screen.wait_text(r"60 snapshots over")
        self.assertLessEqual(len(self.snapshots()), 28)

    def test_without_a_pid_a_process_is_chosen_from_a_tree(self):
        server = self.start_server()
        out, _ = self.tool("top", "--once")
        self.assertRegex(out, r"process(es)? under silt\n")
        self.assertRegex(out, rf"(?m)^ +{server.pid} +[\d.]+ MB +0 B  session_server \d+ 600$")
        parent = os.getpid()
        screen = self.start_in_tmux(80, "--interval", "200ms", parent)
        screen.wait("1 process under silt")
        screen.wait(rf"^> +{server.pid} ")
        screen.type("Enter")
        screen.wait(rf"^session_server \(pid {server.pid}\)")
        screen.type("t")
        screen.wait(r"^q quit  Esc back  Enter look at it")
        screen.type("Escape")
        screen.wait(r"^ verdict")

    def test_what_is_wrong_is_told(self):
        os.mkdir(os.path.join(self.folder, "empty"))
        for arguments, status, told in [(["empty"], 3, "no snapshot in 'empty'"),
                                        (["nowhere"], 3, "nowhere"),
                                        ([os.getpid()], 3, "runs without libsilt.so"),
                                        (["--interval", "0s", "empty"], 2, "--interval '0s'"),
                                        (["--interval", "x"], 2, "--interval 'x'")]:
            _, err = self.tool("top", *arguments, status=status)
            self.assertIn(told, err)


if __name__ == "__main__":
    harness.main()
