# SPDX-License-Identifier: Apache-2.0
"""`silt report` and `silt check` as scripts use them: exit statuses, files
written with -o, filters, the width, and recordings oddly named or moved."""

import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios
import xml.etree.ElementTree

import growth_recordings
import harness

# Not those that a native program has nothing for, or a build without npm.
FORMATS = [name for name in harness.formats() if name not in ("html", "heapprofile")]


class Gate(growth_recordings.GrowthTest):
    """Each test looks at a recording of its own."""

    # Exit statuses

    def test_a_report_of_a_leak_is_no_failure(self):
        out, _ = self.tool("report", self.record())
        self.assertIn("LEAK", out)

    def test_check_fails_on_a_leak(self):
        out, _ = self.tool("check", self.record(), status=1)
        self.assertIn("check failed", out)
        self.assertIn("growth.cpp", out)

    def test_usage_is_told_before_anything_is_read(self):
        folder = self.record()
        for wrong in (["--format", "nonsense"], ["--verdict", "nonsense"], ["--top", "-1"],
                      ["--limit", "huge"], ["--work", "-3"],
                      ["--policy", "/nonexistent/policy"],
                      ["--policy", self.write("bad.policy", "colour = red\n")],
                      ["--suppressions", self.write("bad.supp", "leak:*\n")]):
            _, err = self.tool("check", *wrong, folder, status=2)
            self.assertTrue(err.strip(), wrong)

    def test_missing_recordings_are_status_three(self):
        _, err = self.tool("check", "/nonexistent/silt.x.1", status=3)
        self.assertIn("/nonexistent/silt.x.1", err)
        empty = pathlib.Path(self.folder, "empty")
        empty.mkdir()
        self.tool("check", empty, status=3)
        self.tool("check", cwd=empty, status=3)

    def test_a_truncated_recording_is_status_three(self):
        folder = self.record()
        for file in folder.glob("*.silt"):
            file.write_bytes(file.read_bytes()[:200])
        _, err = self.tool("check", folder, status=3)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_a_run_too_short_for_a_verdict_is_status_three(self):
        out, _ = self.tool("check", self.record(steps=2), status=3)
        self.assertIn("check without a verdict: too short", out)
        self.assertNotIn("check passed", out)

    def test_inconclusive_is_status_four_when_the_policy_says_so(self):
        policy = self.write("policy", "snapshots = 50\ninconclusive = fail\nverdicts = leak\n"
                                      "growth-per-hour = none\n")
        folder = self.record()
        self.tool("check", "--policy", policy, folder, status=4)
        policy = self.write("policy", "snapshots = 50\ngrowth-per-hour = none\n")
        _, err = self.tool("check", "--policy", policy, folder, status=0)
        self.assertIn("has the older form", err)
        policy = self.write("policy.toml", 'snapshots = 50\ngrowth-per-hour = "none"\n')
        _, err = self.tool("check", "--policy", policy, folder, status=0)
        self.assertNotIn("older form", err)

    # Formats and files

    def test_every_format_is_written_with_o(self):
        folder = self.record()
        for name in FORMATS:
            path = pathlib.Path(self.folder, f"out.{name}")
            out, err = self.tool("report", "--format", name, "-o", path, folder)
            self.assertEqual((out, err), ("", ""), name)
            content = path.read_bytes()
            self.assertGreater(len(content), 20, name)
            if name in ("json", "speedscope", "sarif"):
                json.loads(content)
            elif name in ("junit", "jenkins"):
                xml.etree.ElementTree.fromstring(content)
            elif name == "pprof":
                self.assertEqual(content[:2], b"\x1f\x8b")
            else:
                self.assertIn("handle_request", content.decode())
        self.assertEqual(list(pathlib.Path(self.folder).glob("*.tmp")), [])

    def test_a_failed_check_names_the_file_it_wrote(self):
        path = pathlib.Path(self.folder, "silt.xml")
        _, err = self.tool("check", "--format", "junit", "-o", path, self.record(), status=1)
        self.assertIn(str(path), err)
        failures = xml.etree.ElementTree.parse(path).getroot().iter("failure")
        self.assertEqual(len(list(failures)), 1)

    def test_a_file_that_cannot_be_written_is_status_three(self):
        _, err = self.tool("check", "-o", "/nonexistent/x", self.record(), status=3)
        self.assertIn("/nonexistent/x", err)

    # Recordings

    def test_a_recording_can_be_moved_and_renamed(self):
        folder = self.record()
        before = json.loads(self.tool("report", "--format", "json", folder)[0])["findings"]
        moved = pathlib.Path(self.folder, "elsewhere", "a b\tc;$(touch x)\u00e4'\"<i>")
        moved.parent.mkdir()
        folder.rename(moved)
        after = json.loads(self.tool("report", "--format", "json", moved)[0])["findings"]
        self.assertEqual(before, after)
        for name in FORMATS:
            self.tool("report", "--format", name, moved)
        self.assertFalse(pathlib.Path(self.folder, "x").exists())

    def test_control_characters_in_a_path_never_reach_the_terminal(self):
        bad = pathlib.Path(self.folder, "a\033[31m\nsecond line")
        _, err = self.tool("report", bad, status=3)
        self.assertNotIn("\033", err)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def test_several_recordings_are_read_by_any_number_of_jobs(self):
        first = self.record()
        others = [self.copy(6, f"silt.growth.{number}") for number in (5001, 5002, 5003)]
        texts = {self.tool("report", "--jobs", jobs, first, *others)[0] for jobs in (0, 1, 2, 64)}
        self.assertEqual(len(texts), 1, texts)
        self.tool("report", "--jobs", "-1", first, status=2)
        self.tool("report", "--jobs", "many", first, status=2)
        (others[2] / "000.silt").write_bytes(b"")
        for file in others[2].glob("*.silt"):
            file.write_bytes(b"nothing")
        for jobs in (1, 3):
            _, err = self.tool("report", "--jobs", jobs, first, *others, status=3)
            self.assertIn("silt.growth.5003", err)

    # Figures

    def test_work_gives_bytes_for_each_unit(self):
        folder = self.record()
        seconds = [line["elapsed_seconds"] for line in
                   json.loads(self.tool("report", "--format", "json", folder)[0])["snapshots"]]
        counts = [100 * (number + 1) for number in range(len(seconds))]
        by_time = self.write("by_time", "# seconds requests\n" + "".join(
            f"{second} {count}\n" for second, count in zip(seconds, counts)))
        by_snapshot = self.write("by_snapshot", "".join(f"{count}\n" for count in counts))
        for file in (by_time, by_snapshot):
            report = json.loads(self.tool("report", "--format", "json", "--work", file, folder)[0])
            self.assertAlmostEqual(report["findings"][0]["bytes_per_work"], 4507, delta=45)
        report = json.loads(self.tool("report", "--format", "json", "--work", 500, folder)[0])
        self.assertGreater(report["findings"][0]["bytes_per_work"], 0)
        for text in ("", "1 2\n", "a b\n1 2\n2 3\n", "1 2 3\n2 3 4\n"):
            _, err = self.tool("report", "--work", self.write("bad", text), folder, status=3)
            self.assertIn("bad", err)
        self.tool("report", "--work", "/nonexistent/work", folder, status=3)

    def test_a_limit_tells_when_it_is_reached(self):
        folder = self.record()
        out, _ = self.tool("report", "--limit", "64G", folder)
        self.assertRegex(re.sub(r"\s+", " ", out), r"reaches the limit of .* in ")
        for wrong in ("0", "-5M", "12 parsecs"):
            self.tool("report", "--limit=" + wrong, folder, status=2)

    def test_top_and_filters_choose_what_is_shown(self):
        folder = self.record()

        def shown(*options):
            return json.loads(self.tool("report", "--format", "json", *options, folder)[0])
        everything = shown("--top", 0)["stacks"]
        self.assertGreater(len(everything), len(shown("--top", 1)["stacks"]))
        self.assertEqual(len(shown("--verdict", "leak")["findings"]), 1)
        self.assertEqual(shown("--verdict", "sawtooth")["findings"], [])
        self.assertEqual(len(shown("--function", "handle_req")["findings"]), 1)
        self.assertEqual(shown("--function", "nobody")["findings"], [])
        self.assertEqual(shown("--module", "libnothing")["stacks"], [])

    # The terminal

    def on_terminal(self, columns, *arguments, **settings):
        """What the tool writes to a terminal so many columns wide."""
        main, terminal = pty.openpty()
        try:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            with subprocess.Popen([harness.TOOL, *map(str, arguments)], stdin=terminal,
                                  stdout=terminal, stderr=subprocess.DEVNULL,
                                  env=self.environment(TERM="xterm", **settings)) as process:
                os.close(terminal)
                terminal = -1
                text = b""
                while True:
                    try:
                        part = os.read(main, 65536)
                    except OSError:  # the other side is closed
                        break
                    if not part:
                        break
                    text += part
                self.assertEqual(process.wait(60), 0)
        finally:
            os.close(main)
            if terminal >= 0:
                os.close(terminal)
        return text.decode().replace("\r\n", "\n")

    def test_colour_is_for_terminals_that_want_it(self):
        folder = self.record()
        self.assertIn("\033[", self.on_terminal(80, "report", folder))
        self.assertNotIn("\033[", self.on_terminal(80, "report", folder, NO_COLOR="1"))
        self.assertNotIn("\033", self.tool("report", folder)[0])

    def test_lines_fit_the_terminal(self):
        folder = self.record()
        for columns in (40, 50, 80):
            text = self.on_terminal(columns, "report", folder, NO_COLOR="1")
            self.assertLessEqual(max(map(len, text.splitlines())), columns, text)
            self.assertIn("growth.cpp", text)

    def test_columns_is_obeyed_where_there_is_no_terminal(self):
        folder = self.record()
        out, _ = self.tool("report", folder, env=self.environment(COLUMNS="40"))
        self.assertLessEqual(max(map(len, out.splitlines())), 40, out)
        self.assertIn("growth.cpp", out)
        for nonsense in ("0", "x", "99999999999999999999", "-7"):
            out, _ = self.tool("report", folder, env=self.environment(COLUMNS=nonsense))
            self.assertLessEqual(max(map(len, out.splitlines())), 80, out)


if __name__ == "__main__":
    harness.main()
