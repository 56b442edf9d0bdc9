# SPDX-License-Identifier: Apache-2.0
"""What the documents tell people to type: commands and options that there are, files of the
repository that are there, links that lead somewhere."""

import pathlib
import re
import subprocess

import harness

ROOT = harness.HERE.parent.parent
BUILD = pathlib.Path(harness.TOOL).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:^|[\s/(])silt +([a-z].*)", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s:#]*)(?:#([^)\s]+))?\)")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# Where a command of the shell, or what silt itself reads of it, is over.
OVER = re.compile(r" -- |[|;&<>#]| — ")
# Of other repositories.
ELSEWHERE = {"test/parallel"}


def codes(page):
    """Each piece of code of a page, lines that go on put together."""
    text = page.read_text(encoding="utf-8")
    yield from (re.sub(r"\\\n\s*", " ", block) for block in BLOCK.findall(text))
    yield from CODE.findall(BLOCK.sub("", text))


def commands(page):
    """(command, its options, the line) of each `silt COMMAND …` on a page."""
    for code in codes(page):
        for found in COMMAND.finditer(code):
            words = OVER.split(QUOTED.sub("'…'", found[1]))[0].split()
            if words and re.fullmatch("[a-z]+", words[0]):
                options = [word.split("=")[0] for word in words if re.match("--[a-z]", word)]
                yield words[0], options, found[0].strip()


def anchors(page):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", BLOCK.sub("", page.read_text(encoding="utf-8")),
                              re.MULTILINE):
        found.add(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-"))
    return found


class Documents(harness.SiltTest):
    def help_of(self, *words):
        done = subprocess.run([harness.TOOL, *words, "--help"], capture_output=True, text=True,
                              check=False, timeout=60)
        return done.stdout if done.returncode == 0 else None

    def test_commands_and_options_are_there(self):
        helps = {}
        seen = 0
        for page in PAGES:
            for command, options, line in commands(page):
                if command not in helps:
                    helps[command] = self.help_of(command)
                with self.subTest(page=page.name, line=line):
                    self.assertIsNotNone(helps[command], f"no command '{command}'")
                    for option in options:
                        self.assertRegex(helps[command], rf"(?<![\w-]){option}(?![\w-])")
                seen += 1
        self.assertGreater(seen, 100)

    def test_files_of_the_repository_are_there(self):
        path = re.compile(r"(?:^|(?<=[\s(]))((?:scripts|test|docs|interposer|symbolizer)/[\w./-]+\w)")
        for page in PAGES:
            for code in codes(page):
                for name in path.findall(code):
                    with self.subTest(page=page.name, name=name):
                        # Written without its ending, or built.
                        there = [*ROOT.glob(name + "*"), *BUILD.glob(name)]
                        self.assertTrue(there or name in ELSEWHERE, name)

    def test_links_lead_somewhere(self):
        for page in PAGES:
            for name, anchor in LINK.findall(BLOCK.sub("", page.read_text(encoding="utf-8"))):
                with self.subTest(page=page.name, link=f"{name}#{anchor}"):
                    target = (page.parent / name) if name else page
                    self.assertTrue(target.exists())
                    if anchor and target.suffix == ".md":
                        self.assertIn(anchor, anchors(target))


if __name__ == "__main__":
    harness.main()
