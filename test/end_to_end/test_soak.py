# SPDX-License-Identifier: Apache-2.0
"""`silt soak`: from a program and a load to an exit status, reports, and nothing left running."""

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree

import harness

PACE = 300  # requests a second
LOAD = f"{shlex.quote(sys.executable)} {harness.HERE / 'paced_load.py'}"


def writes_html():
    """Whether the tool was built with what its HTML page needs."""
    done = subprocess.run([harness.TOOL, "report", "--format", "html", "no-such-recording"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return done.returncode != 2


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Soak(harness.SiltTest):
    def soak(self, *arguments, status=0, env=None, **options):
        """Runs `silt soak ARGUMENTS`; returns (standard output, standard error)."""
        environment = self.environment(SILT_LIBRARY=harness.LIBRARY, **(env or {}))
        return self.tool("soak", *arguments, status=status, timeout=600, env=environment, **options)

    def start_soak(self, *arguments, **options):
        return self.start([harness.TOOL, "soak", *map(str, arguments)], silt=False,
                          settings={"SILT_LIBRARY": harness.LIBRARY}, **options)

    def server(self, *more):
        """(port, the options that make load for it, the program's words)"""
        port = harness.free_port()
        return port, ["--ready-port", port, "--load", f"{LOAD} {port} {PACE} 600"], [
            "--", harness.program("session_server"), port, "600", *more]

    def path(self, name):
        return os.path.join(self.folder, name)

    def text(self, name):
        return pathlib.Path(self.path(name)).read_text(encoding="utf-8", errors="replace")


class Servers(Soak):
    def check_files(self, leaks):
        """What JUnit, Markdown, HTML and JSON must say."""
        root = xml.etree.ElementTree.fromstring(self.text("silt.xml"))
        failures = [f"{case.get('name')} {failure.get('message')} {failure.text}"
                    for case in root.iter("testcase") for failure in case.iter("failure")]
        markdown = self.text("silt.md")
        page = self.text("silt.html") if writes_html() else None
        findings = json.loads(self.text("silt.json"))["findings"]
        if page is not None:
            self.assertIn("<html", page.lower())
        self.assertEqual(any(finding["verdict"] == "leak" for finding in findings), leaks)
        if not leaks:
            self.assertEqual(failures, [])
            return
        self.assertTrue(failures)
        for text in filter(None, (" ".join(failures), markdown, page)):
            self.assertIn("session_server.cpp", text)
            self.assertIn("SessionTable", text)
        self.assertRegex(" ".join(failures), r"[kMG]B/h")
        self.assertRegex(" ".join(failures), r"\d+ %")
        self.assertRegex(markdown, r"\*\*leak\*\* .*\| \+\d+ [kMG]B \|.*\| \d+ % \|")
        if page is not None:
            self.assertRegex(page, r'"pace": ?"\+[\d.]+ [kMG]B/h')
            self.assertRegex(page, r'"confidence": ?0?\.\d+')
        leak = findings[0]
        self.assertGreater(leak["bytes_per_hour"], PACE * 3600 * 100)
        self.assertGreater(leak["confidence"], 0.5)
        # Looked up by itself, at the last snapshot.
        kept = [owner for owner in leak["owners"] if owner["path"][:1] == ["chain of tree"]]
        self.assertGreater(sum(owner["share"] for owner in kept), 0.9, leak["owners"])

    def soak_server(self, status, *more):
        _, load, program = self.server(*more)
        return self.soak("--duration", "20s", *load, "--junit", "silt.xml", "--markdown", "silt.md",
                         "--json", "silt.json", *(["--html", "silt.html"] if writes_html() else []),
                         *program, status=status)

    def test_a_leaking_server_fails_with_place_pace_and_confidence(self):
        out, err = self.soak_server(1)
        last = out.strip().splitlines()[-1]
        self.assertRegex(last, r"^silt soak: failed: leak at .*SessionTable::.*session_server\.cpp")
        self.assertRegex(last, r"/h, \d+ % sure")
        self.assertIn("snapshot 10 of 10", err)
        self.check_files(leaks=True)

    def test_its_mended_twin_passes_and_says_what_it_would_have_seen(self):
        out, _ = self.soak_server(0, 200)
        last = out.strip().splitlines()[-1]
        # A signal may cross a process's own look at the request: then there is one snapshot more.
        self.assertRegex(last, r"^silt soak: passed: no leak in 1\d snapshots over .*"
                               r"detection limit: [\d,]+ blocks/h")
        self.check_files(leaks=False)

    def test_the_summary_of_a_github_job_gets_the_markdown(self):
        summary = self.path("summary.md")
        pathlib.Path(summary).write_text("before\n", encoding="utf-8")
        _, load, program = self.server()
        out, _ = self.soak("--duration", "6s", "--github", *load, *program, status=1,
                           env={"GITHUB_STEP_SUMMARY": summary})
        self.assertTrue(self.text("summary.md").startswith("before\n"))
        self.assertIn("SessionTable", self.text("summary.md"))
        self.assertRegex(out, r"(?m)^::error file=.*session_server\.cpp,line=\d+")

    def test_a_policy_can_allow_it_and_a_suppression_excuse_it(self):
        pathlib.Path(self.path("policy")).write_text("growth-per-hour = 100 GB\n", encoding="utf-8")
        pathlib.Path(self.path("suppressions")).write_text(
            "leak:SessionTable::*  # known since March\n", encoding="utf-8")
        for option in ("--policy", "--suppressions"):
            _, load, program = self.server()
            out, _ = self.soak("--duration", "5s", option, option[2:], *load, *program)
            self.assertIn("silt soak: passed: nothing beyond the policy", out)

    def test_a_terminated_soak_ends_the_program_and_reports(self):
        port, load, program = self.server()
        soak = self.start_soak("--duration", "600s", "--every", "300ms", "--warm-up", "300ms",
                               "--out", self.out, *load, *program)
        recording = harness.wait_until(lambda: self.recordings("session_server"), "a recording")[0]
        harness.wait_until(lambda: len(self.snapshots(recording)) >= 8, "eight snapshots")
        pid = int(recording.rsplit(".", 1)[1])
        os.kill(soak.pid, signal.SIGTERM)
        self.assertEqual(soak.finish(), 1, soak.told())
        self.assertIn("SIGTERM: ending the program", soak.errors())
        self.assertRegex(soak.lines[-1], "^silt soak: failed: leak at .*SessionTable")
        self.assertFalse(is_running(pid))
        self.assertFalse(harness.answers(port))


class Ends(Soak):
    """Programs that end, or do not, in their own ways."""

    QUICK = ["--duration", "2s", "--warm-up", "200ms", "--grace", "500ms"]

    def test_usage(self):
        for wrong, told in [
                ([], "a program is needed: silt soak"),
                (["--duration", "soon", "--", "true"], "--duration 'soon' is not a time"),
                (["--snapshots", "3", "--", "true"], "at least 4 snapshots"),
                (["--warm-up", "3m", "--", "true"], "leaves nothing of --duration"),
                (["--every", "1s", "--snapshots", "8", "--", "true"], "exclude each other"),
                (["--policy", "nowhere", "--", "true"], "cannot read policy 'nowhere'"),
                (["--ready-port", "70000", "--", "true"], "70000")]:
            _, err = self.soak(*wrong, status=2)
            self.assertIn(told, err)
            self.assertEqual(len(err.splitlines()), 1, err)

    def test_help_has_examples(self):
        out, _ = self.tool("soak", "--help")
        self.assertIn("silt soak --duration 2m --load", out)

    def test_a_program_that_is_not_there(self):
        _, err = self.soak("--", "./no-such-program", status=3)
        self.assertIn("no-such-program", err)

    def test_a_program_that_ends_at_once_is_told_with_its_last_words(self):
        _, err = self.soak(*self.QUICK, "--wait", "1m", "--", "sh", "-c",
                           "echo cannot bind >&2; sleep 0.2; exit 7", status=3)
        self.assertIn("the program ended with status 7", err)
        self.assertIn("| cannot bind", err)

    def test_a_program_that_crashes_is_not_cleared(self):
        out, err = self.soak("--duration", "600s", "--every", "200ms", "--warm-up", "200ms",
                             "--load", 'sleep 3; kill -SEGV "$SILT_SOAK_PID"; sleep 60', "--",
                             "sleep", "600", status=3)
        self.assertIn("the program ended by itself by signal SIGSEGV", err)
        self.assertIn("no verdict: the program ended by itself", out)

    def test_a_program_that_ends_well_before_the_time_is_judged_all_the_same(self):
        out, err = self.soak("--duration", "600s", "--every", "100ms", "--warm-up", "100ms",
                             "--load", 'until [ -e out/silt.bash.$SILT_SOAK_PID/006.silt ]; do '
                             'sleep 0.1; done; kill "$SILT_SOAK_PID"; sleep 60',
                             "--out", "out", "--", "bash", "-c",
                             "sleep 600 & trap 'kill $!; exit 0' TERM; wait", status=0)
        self.assertIn("the program ended by itself with status 0", err)
        self.assertIn("silt soak: passed: no leak in", out)

    def test_a_load_that_fails_at_once_clears_nothing(self):
        _, err = self.soak("--duration", "600s", "--every", "200ms", "--warm-up", "200ms",
                           "--load", "echo no such host >&2; exit 6", "--ready-timeout", "500ms",
                           "--", "sleep", "600", status=3)
        self.assertIn("the load ended with status 6", err)
        self.assertIn("| no such host", err)
        self.assertIn("3 of 3 runs of the load failed, the last one with status 6", err)
        _, err = self.soak("--duration", "600s", "--every", "200ms", "--warm-up", "200ms",
                           "--load", "no-such-command", "--", "sleep", "600", status=3)
        self.assertIn("3 of 3 runs of the load failed, the last one with status 127", err)

    def test_a_load_of_which_each_run_failed_was_none(self):
        # It might have worked later: the soak is over sooner than the patience for that.
        out, _ = self.soak("--duration", "3s", "--load", "exit 6", "--", "sleep", "600", status=3)
        self.assertRegex(out, r"no verdict: there was no load: \d+ of \d+ runs of the load failed")

    def test_snapshots_that_take_longer_than_the_interval_do_not_lengthen_it(self):
        _, err = self.soak("--duration", "2s", "--snapshots", "400", "--", "sleep", "600")
        self.assertRegex(err, r"\d+ of 400 snapshots were taken: they took longer than 4 ms each")

    def test_a_load_that_fails_while_the_program_starts_is_a_load_afterwards(self):
        _, err = self.soak("--duration", "4s", "--warm-up", "200ms", "--grace", "500ms",
                           "--load", "test -e ready || exit 7; echo once more >> runs; sleep 0.1",
                           "--", "sh", "-c", "sleep 2; touch ready; exec sleep 600")
        self.assertIn("the load began at once; where the program has to start first", err)
        self.assertGreater(len(self.text("runs").splitlines()), 2)

    def test_a_load_is_repeated_until_the_time_is_over(self):
        self.soak(*self.QUICK, "--load", "echo once more >> runs; sleep 0.1",
                  "--", "sleep", "600")
        self.assertGreater(len(self.text("runs").splitlines()), 2)

    def test_a_program_that_is_never_ready(self):
        _, err = self.soak(*self.QUICK, "--ready", "false", "--ready-timeout", "1s",
                           "--load", "touch loaded", "--", "sleep", "600", status=3)
        self.assertIn("the --ready command did not succeed within 1.0 s", err)
        self.assertFalse(os.path.exists(self.path("loaded")))

    def test_the_load_waits_for_the_ready_command(self):
        self.soak(*self.QUICK, "--ready", "test -e ready || { touch ready; false; }",
                  "--load", "test -e ready && touch loaded; sleep 60", "--", "sleep", "600")
        self.assertTrue(os.path.exists(self.path("loaded")))

    def test_a_program_that_ignores_sigterm_is_killed(self):
        out, err = self.soak(*self.QUICK, "--out", "out", "--show-output", "--", "sh", "-c",
                             'echo "pid $$"; trap "" TERM; while :; do sleep 0.1; done')
        self.assertIn("the program did not end within 0.5 s of SIGTERM and was killed", err)
        self.assertIn("silt soak: passed", out)
        pid = int(next(line for line in err.splitlines() if line.startswith("pid ")).split()[1])
        self.assertFalse(is_running(pid))

    def test_what_the_program_left_behind_is_ended_and_nothing_else(self):
        stranger = self.start(["sleep", "600"], silt=False)
        self.soak(*self.QUICK, "--", "bash", "-c",
                  "(trap '' HUP; echo $BASHPID > left; exec sleep 600) & "
                  "(setsid sleep 600 & echo $! > apart); exec sleep 600")
        for name in ("left", "apart"):
            self.assertFalse(is_running(int(self.text(name))), name)
        self.assertTrue(is_running(stranger.pid))

    def test_a_child_from_before_is_none_of_its_business(self):
        command = shlex.join([harness.TOOL, "soak", *self.QUICK, "--", "sleep", "600"])
        status, _, err = self.run_program(
            ["sh", "-c", f"sleep 600 >apart 2>&1 & echo $! > stranger; exec {command}"],
            silt=False, settings={"SILT_LIBRARY": harness.LIBRARY}, cwd=self.folder)
        stranger = int(self.text("stranger"))
        self.addCleanup(os.kill, stranger, signal.SIGKILL)
        self.assertEqual(status, 0, err)
        self.assertTrue(is_running(stranger))

    def test_the_folder_is_kept_only_when_asked(self):
        self.soak(*self.QUICK, "--", "sleep", "600", env={"TMPDIR": self.out})
        self.assertEqual(os.listdir(self.out), [])
        self.soak(*self.QUICK, "--out", self.out, "--", "sleep", "600")
        self.assertEqual(len(self.snapshots(self.recording("sleep"))), 10)
        self.tool("check", self.recording("sleep"))

    def test_a_second_signal_ends_without_a_report(self):
        soak = self.start_soak("--duration", "600s", "--every", "100ms", "--warm-up", "100ms",
                               "--grace", "600s", "--out", self.out, "--", "sh", "-c",
                               'trap "" INT TERM; while :; do sleep 0.1; done')
        recording = harness.wait_until(lambda: self.recordings("*sh"), "a recording")[0]
        harness.wait_until(lambda: self.snapshots(recording), "a snapshot")
        soak.process.send_signal(signal.SIGINT)
        harness.wait_until(lambda: "SIGINT" in soak.errors(), "an answer to SIGINT")
        soak.process.send_signal(signal.SIGINT)
        self.assertEqual(soak.finish(), 130, soak.told())
        self.assertEqual(soak.lines, [])
        self.assertFalse(is_running(int(recording.rsplit(".", 1)[1])))


class Processes(Soak):
    def test_the_worker_that_leaks_is_told_from_the_one_that_does_not(self):
        out, _ = self.soak("--duration", "6s", "--out", self.out, "--json", "silt.json", "--",
                           harness.program("two_workers"), status=1)
        self.assertRegex(out, r"silt soak: failed: leak at handle_request .*two_workers\.c")
        self.assertEqual(len(self.recordings("two_workers")), 3)
        self.assertEqual(len(re.findall(r"two_workers \(pid \d+\).*, no leak", out)), 2, out)
        self.assertEqual(len(re.findall(r"two_workers \(pid \d+\).*, 1 leak", out)), 1, out)


if __name__ == "__main__":
    harness.main()
