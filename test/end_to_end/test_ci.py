# SPDX-License-Identifier: Apache-2.0
"""The recipes of docs/ci.md are run as they stand, but shorter, and on a port of the test's own.

A recipe is the shell block after `<!-- recipe: NAME -->`, or in YAML the command after a comment
`# recipe: NAME`. Files that recipes need stand after `<!-- file: NAME -->`.
"""

import json
import os
import pathlib
import re
import subprocess
import textwrap
import xml.etree.ElementTree

import harness
import test_soak

GUIDE = harness.HERE.parent.parent / "docs" / "ci.md"


def marked_blocks(text, kind):
    """Name -> text of the fenced block after each mark of that kind."""
    pattern = rf"<!-- {kind}: (\S+) -->\n```\w*\n(.*?)```"
    return {name: body for name, body in re.findall(pattern, text, re.DOTALL)}


def yaml_recipes(text):
    """Commands in YAML: the lines of a `run: |` after the mark, or the item `- >-` after it."""
    found = {}
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        lines = block.splitlines()
        for number, line in enumerate(lines):
            mark = re.fullmatch(r"( *)# recipe: (\S+)", line)
            if not mark:
                continue
            indent = len(mark.group(1))
            folded = lines[number + 1].strip() == "- >-"
            start = number + (2 if folded else 1)
            deepest = indent + (2 if folded else 0)
            body = []
            for following in lines[start:]:
                if len(following) - len(following.lstrip()) < deepest:
                    break
                body.append(following)
            command = textwrap.dedent("\n".join(body))
            found[mark.group(2)] = command.replace("\n", " ") if folded else command
    return found


class Recipes(harness.SiltTest):
    def setUp(self):
        super().setUp()
        text = GUIDE.read_text(encoding="utf-8")
        self.recipes = {**marked_blocks(text, "recipe"), **yaml_recipes(text)}
        for name, body in marked_blocks(text, "file").items():
            pathlib.Path(self.folder, name).write_text(body, encoding="utf-8")
        os.mkdir(self.path("bin"))
        os.symlink(harness.TOOL, self.path("bin/silt"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def run_recipe(self, name, status, *server_arguments, **settings):
        """Runs a recipe with a server of ours; (standard output, standard error)."""
        server = pathlib.Path(self.path("server"))
        words = " ".join(map(str, server_arguments))
        server.write_text(
            f'#!/bin/sh\nexec {harness.program("session_server")} "$1" 600 {words}\n',
            encoding="utf-8")
        server.chmod(0o755)
        command = self.recipes[name]
        for long, short in [("--duration 2m", "--duration 6s"), ("-d5s", "-d2s"),
                            ("--every 10s --warm-up 20s", "--every 500ms --warm-up 1s"),
                            ("8080", str(harness.free_port()))]:
            command = command.replace(long, short)
        self.assertNotIn("2m", command)
        if not test_soak.writes_html():
            command = command.replace("--html silt.html", "")
        environment = self.environment(SILT_LIBRARY=harness.LIBRARY, **settings)
        environment["PATH"] = f"{self.path('bin')}:{environment['PATH']}"
        done = subprocess.run(["sh", "-e", "-c", command], cwd=self.folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=600,
                              check=False)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, f"{command}\n{out[-3000:]}\n{err[-3000:]}")
        return out, err

    def text(self, name):
        return pathlib.Path(self.path(name)).read_text(encoding="utf-8", errors="replace")

    def failures(self):
        root = xml.etree.ElementTree.parse(self.path("silt.xml")).getroot()
        return [failure.get("message") for failure in root.iter("failure")]

    def test_every_recipe_has_a_test(self):
        self.assertEqual(set(self.recipes), {"shell", "signal", "status", "github", "gitlab",
                                             "policy", "baseline"})

    @harness.needs("wrk")
    def test_a_plain_shell(self):
        self.run_recipe("shell", 1)
        self.assertIn("SessionTable", " ".join(self.failures()))
        self.assertIn("SessionTable", self.text("silt.md"))

    @harness.needs("wrk")
    def test_a_plain_shell_with_a_healthy_server(self):
        out, _ = self.run_recipe("shell", 0, 200)
        self.assertEqual(self.failures(), [])
        self.assertIn("silt soak: passed", out)

    @harness.needs("curl")
    def test_a_load_that_knows_the_process(self):
        self.run_recipe("signal", 1)
        self.assertTrue(list(pathlib.Path(self.path("recordings")).glob("silt.session_server.*")))

    @harness.needs("wrk", "curl", "jq")
    def test_a_job_that_looks_at_the_status(self):
        out, _ = self.run_recipe("status", 1)
        self.assertRegex(out, r"(?m)SessionTable::\S+.* bytes/h$")
        self.assertTrue(json.loads(self.text("silt.json")))

    @harness.needs("wrk")
    def test_github_actions(self):
        summary = self.path("summary.md")
        out, _ = self.run_recipe("github", 1, GITHUB_STEP_SUMMARY=summary)
        self.assertRegex(out, r"(?m)^::error file=.*session_server\.cpp,line=\d+")
        self.assertIn("SessionTable", self.text("summary.md"))
        self.assertTrue(self.failures())
        self.assertEqual(os.path.isfile(self.path("silt.html")), test_soak.writes_html())
        self.tool("report", *pathlib.Path(self.path("recordings")).glob("silt.session_server.*"))

    @harness.needs("wrk")
    def test_gitlab_ci(self):
        self.run_recipe("gitlab", 1)
        self.assertIn("SessionTable", " ".join(self.failures()))

    @harness.needs("wrk")
    def test_a_policy_and_a_suppression(self):
        out, _ = self.run_recipe("policy", 0)
        self.assertIn("silt soak: passed: nothing beyond the policy", out)

    @harness.needs("wrk")
    def test_only_what_is_new(self):
        out, _ = self.run_recipe("baseline", 0)
        self.assertIn("silt soak: passed: nothing beyond the policy", out)


if __name__ == "__main__":
    harness.main()
