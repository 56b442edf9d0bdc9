# SPDX-License-Identifier: Apache-2.0
"""What `silt check` allows: by a policy, by suppressions, and by what was known before."""

import json
import pathlib
import re

import growth_recordings
import harness


class Policy(growth_recordings.GrowthTest):
    """Each test checks a recording of one leak."""

    def test_a_policy_allows_a_pace_and_no_more(self):
        hour = json.loads(self.tool("report", "--format", "json", self.record())[0])
        pace = hour["findings"][0]["bytes_per_hour"]
        allowed = self.write("allowed", f"growth-per-hour = {int(pace * 2)} B\n")
        self.tool("check", "--policy", allowed, pathlib.Path(self.out, "silt.growth.4006"))
        strict = self.write("strict", f"growth-per-hour = {int(pace / 2)} B\n")
        self.tool("check", "--policy", strict, pathlib.Path(self.out, "silt.growth.4006"), status=1)

    def test_a_suppression_with_a_reason_excuses(self):
        file = self.write("supp", "leak:handle_request  # known, see the release notes\n")
        out, _ = self.tool("check", "--suppressions", file, self.record())
        self.assertIn("known, see the release notes", re.sub(r"\s+", " ", out))

    def test_a_suppression_file_of_leaksanitizer_is_read_as_it_is(self):
        file = self.write("lsan.supp", "# known leaks\n\nleak:handle_request*\nleak:libother.so$\n")
        out, err = self.tool("check", "--suppressions", file, self.record())
        self.assertIn("suppressed: handle_request", re.sub(r"\s+", " ", out))
        self.assertRegex(err, r"lsan\.supp': 2 lines without a reason")

    def test_a_policy_to_begin_with_explains_all_and_changes_nothing(self):
        folder = self.record()
        _, err = self.tool("check", "--init")
        self.assertIn("'silt.policy'", err)
        before = self.tool("check", folder, status=1)[0]
        self.assertEqual(self.tool("check", "--policy", "silt.policy", folder, status=1)[0], before)
        _, err = self.tool("check", "--init", status=3)
        self.assertRegex(err, "cannot write policy 'silt.policy': File exists; --init FILE")
        self.tool("check", "--init", "other.policy")
        self.assertEqual(pathlib.Path(self.folder, "other.policy").read_bytes(),
                         pathlib.Path(self.folder, "silt.policy").read_bytes())

    def test_a_report_says_of_a_baseline_what_the_gate_says(self):
        folder = self.record()
        baseline = pathlib.Path(self.folder, "silt.baseline")
        self.tool("check", "--write-baseline", baseline, folder)

        def changes(*words, status=0):
            out, _ = self.tool(*words, "--baseline", baseline, "--format", "json", folder,
                               status=status)
            return [(finding.get("change"), finding.get("baseline_bytes_per_hour"))
                    for finding in json.loads(out)["findings"]]

        self.assertEqual(changes("report")[0][0], "known")
        self.assertEqual(changes("report"), changes("check"))
        text = baseline.read_text(encoding="utf-8")
        baseline.write_text(re.sub(r"(?m)^\d+ ", "1 ", text), encoding="utf-8")
        self.assertEqual(changes("report")[0][0], "worse")
        self.assertEqual(changes("report"), changes("check", status=1))
        baseline.write_text("5 native: elsewhere\n", encoding="utf-8")
        self.assertEqual(changes("report")[0][0], "new")
        self.assertEqual(changes("report"), changes("check", status=1))
        baseline.write_text("nonsense\n", encoding="utf-8")
        _, err = self.tool("report", "--baseline", baseline, folder, status=3)
        self.assertRegex(err, "baseline '.*silt.baseline', line 1")

    def test_a_suppression_of_something_else_does_not(self):
        file = self.write("supp", "leak:somewhere_else  # another one\n")
        self.tool("check", "--suppressions", file, self.record(), status=1)

    def test_an_expired_suppression_excuses_no_more(self):
        folder = self.record()
        file = self.write("supp", "leak:handle_request until=2001-01-31  # soon\n")
        out, err = self.tool("check", "--suppressions", file, folder, status=1)
        self.assertIn("2001-01-31", out + err)
        file = self.write("supp", "leak:handle_request until=2199-01-31  # soon\n")
        self.tool("check", "--suppressions", file, folder)

    def test_a_baseline_knows_what_was_there(self):
        folder = self.record()
        baseline = pathlib.Path(self.folder, "silt.baseline")
        self.tool("check", "--write-baseline", baseline, folder)
        self.assertIn("growth", baseline.read_text(encoding="utf-8"))
        self.tool("check", "--baseline", baseline, folder)
        baseline.write_text("\n".join(
            line for line in baseline.read_text(encoding="utf-8").splitlines()
            if line.startswith("#")) + "\n", encoding="utf-8")
        self.tool("check", "--baseline", baseline, folder, status=1)

    def test_an_earlier_recording_tells_what_is_known(self):
        folder = self.record()
        earlier = self.copy(6, "silt.growth.3999")
        out, _ = self.tool("report", "--compare", earlier, folder)
        self.assertIn("known", out)
        # As it was called before.
        self.assertEqual(self.tool("report", "--baseline", earlier, folder)[0], out)


if __name__ == "__main__":
    harness.main()
