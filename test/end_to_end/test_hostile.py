# SPDX-License-Identifier: Apache-2.0
"""Names that try to break out of a report: symbols, source paths, folders and arguments with markup,
workflow commands, escape sequences and characters that turn the direction of writing. Every format
is read by a real parser, which must see text and nothing else.

Environment: as harness.py, and SILT_HTML_RECORDINGS (a program), SILT_HAS_HTML (0: built without
npm).
"""

import gzip
import html.parser
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree

import harness
import html_browser

HAS_HTML = os.environ.get("SILT_HAS_HTML", "1") == "1"
RECORDINGS = os.path.abspath(os.environ.get("SILT_HTML_RECORDINGS",
                                            "build/test/end_to_end/html_recordings"))
MARKUP = ("</script><silt-evil></silt-evil><img src=x "
          "onerror=\"document.documentElement.setAttribute('data-evil','1')\">")
SYMBOLS = (
    MARKUP,
    "'\"><silt-evil onclick=alert(1)>",
    "]]></failure><silt-evil/><failure><![CDATA[",
    "&evil;<!ENTITY evil SYSTEM 'file:///etc/passwd'>",
    "::error file=evil.c,line=1::evil-command",
    "a\n::error::evil-command\r::warning::evil-command",
    "%0A::error::evil-command%0D",
    "##[group]evil-command",
    "\x1b[31mred\x1b]0;title\x07\x1b[2J\x08\x7f",
    "\u202egnp.evil\u202c\u2066\u200f\ufeff",
    "`code`|*bold*|[link](javascript:alert(1))|<silt-evil>|```",
    "${jndi:ldap://evil} {{constructor.constructor('alert(1)')()}} <%= evil %>",
    "semi;colon 12 34;",
    "c1 \u0085\u009b31m \U000e0041",
    "\\u003c/script\\u003e \\n \\x1b",
)
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
                       "\ufeff\U000e0000-\U000e007f]")
SOURCE = r"""
#include <stdio.h>
#include <stdlib.h>
#define LEAK(number) \
  __attribute__((noinline)) void* evil_##number##_end(void) { \
    void* volatile block = malloc(1000 + number); return block; }
#line 7 "</script><silt-evil>/::error file=evil::evil-command/a.c"
%s
int main(void) {
  for (int step = 0; step < 7; ++step) {
    for (int i = 0; i < 50; ++i) { %s }
    printf("ready step\n"); fflush(stdout);
    if (getchar() == EOF) return 1;
  }
}
"""


class Elements(html.parser.HTMLParser):
    """Every start tag with its attributes, as a browser would see them in the file itself."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.found = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def evil(self):
        return [(tag, attrs) for tag, attrs in self.found
                if tag == "silt-evil" or "data-evil" in attrs
                or any(name.startswith("on") for name in attrs)]


class Hostile(harness.SiltTest):
    def setUp(self):
        super().setUp()
        self.recordings_made = [self.built(), self.run_evil_program()]

    def built(self):
        folder = os.path.join(self.folder, "silt.built.1")
        subprocess.run([RECORDINGS, "hostile", folder], check=True, timeout=300)
        return folder

    def run_evil_program(self):
        """Compiled here: the linker takes any symbol, DWARF any path, the kernel any argument."""
        numbers = range(len(SYMBOLS))
        source = pathlib.Path(self.folder) / "evil.c"
        source.write_text(SOURCE % ("\n".join(f"LEAK({n})" for n in numbers),
                                    " ".join(f"evil_{n}_end();" for n in numbers)))
        objects = pathlib.Path(self.folder) / "evil.o"
        subprocess.run(["gcc", "-O1", "-g1", "-c", "-o", objects, source], check=True)
        # The names that debug information has are taken away, so that the symbols' count.
        subprocess.run(["gcc", "-O1", "-c", "-o", f"{objects}.plain", source], check=True)
        for number, symbol in enumerate(SYMBOLS):
            which = f"{objects}.plain" if number % 2 else objects
            subprocess.run(["objcopy", f"--redefine-sym=evil_{number}_end={symbol}", which],
                           check=True)
        folder = pathlib.Path(self.folder) / "<silt-evil>\n::error::evil-command\n\x1b[31m"
        folder.mkdir()
        for name, file in (("<b>evil", f"{objects}.plain"), ("evil-lines", objects)):
            subprocess.run(["gcc", "-o", folder / name, file], check=True)
        process = self.start([str(folder / "<b>evil"), MARKUP, "\n::error::evil-command",
                              "\x1b[2J\u202e"])
        for _ in range(7):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        return self.recordings()[-1]

    def written(self, kind, command="report"):
        for recording in self.recordings_made:
            path = os.path.join(self.folder, f"out.{kind}")
            for target in (["-o", path], []) if kind not in ("pprof", "html") else (["-o", path],):
                out, err = self.tool(command, "--format", kind, "--top", "0", *target, recording,
                                     status=1 if command == "check" else 0)
                data = pathlib.Path(path).read_bytes() if target else out.encode()
                self.assertNotRegex(err, FORBIDDEN)
                yield data

    def text(self, kind, command="report"):
        for data in self.written(kind, command):
            text = data.decode("utf-8")  # strictly
            self.assertIsNone(FORBIDDEN.search(text), FORBIDDEN.search(text))
            yield text

    def check_no_command(self, text, allowed=()):
        """No line that a CI runner would obey."""
        for line in text.splitlines():
            stripped = line.strip()
            if stripped.startswith(("::", "##[")) and not stripped.startswith(allowed):
                self.fail(line)

    def test_text(self):
        for command in ("report", "check"):
            for text in self.text("text", command):
                self.check_no_command(text)

    def test_json_and_the_formats_made_of_it(self):
        for kind in ("json", "sarif", "speedscope"):
            for text in self.text(kind):
                read = json.dumps(json.loads(text))
                if kind != "sarif":  # which names sites only
                    self.assertRegex(read, "evil|onerror")

    def test_names_are_whole_in_json(self):
        report = harness.Report(list(self.text("json"))[-1])
        names = {frame["function"] for stack in report.stacks for frame in stack["frames"]}
        for plain in (SYMBOLS[1], SYMBOLS[3], SYMBOLS[7]):
            self.assertIn(plain, names)

    def test_junit(self):
        for command in ("report", "check"):
            for text in [*self.text("junit", command), *self.text("jenkins", command)]:
                root = xml.etree.ElementTree.fromstring(text)
                tags = {element.tag for element in root.iter()}
                self.assertLessEqual(tags, {"testsuites", "testsuite", "testcase", "failure",
                                            "skipped", "properties", "property", "system-out",
                                            "system-err", "error"})
                self.assertNotIn("<!", text)
                self.assertTrue(list(root.iter("testcase")))

    def test_github_annotations(self):
        properties = re.compile(r"::(error|warning|notice|group|endgroup)( [a-zA-Z]+=[^:,\n]*"
                                r"(,[a-zA-Z]+=[^:,\n]*)*)?::")
        for command in ("report", "check"):
            for text in self.text("github", command):
                lines = text.splitlines()
                commands = [line for line in lines if line.lstrip().startswith("::")]
                self.assertTrue(commands)
                for line in commands:
                    match = properties.match(line)
                    self.assertTrue(match, line)
                    for pair in (match.group(2) or "").strip().split(","):
                        self.assertIn(pair.split("=")[0], ("", "title", "file", "line", "col"))
                self.check_no_command(text, ("::error", "::warning", "::notice", "::group::",
                                             "::endgroup::"))
                self.assertFalse([line for line in lines if re.match(
                    r"\s*::(error|warning)( file=evil\.c,line=1)?::evil-command", line)])

    def test_markdown(self):
        for command in ("report", "check"):
            for text in self.text("markdown", command):
                self.check_no_command(text)
                if shutil.which("cmark"):
                    page = subprocess.run(["cmark", "--unsafe"], input=text.encode(),
                                          capture_output=True, check=True).stdout.decode()
                    elements = Elements(page)
                    self.assertEqual(elements.evil(), [])
                    self.assertEqual([a for t, a in elements.found if t in ("a", "img", "script")
                                      and "javascript" in str(a).lower()], [])

    def test_folded(self):
        for text in self.text("folded"):
            for line in text.splitlines():
                self.assertRegex(line, r"^[^;]+(;[^;]+)* \d+$")

    def test_pprof(self):
        seen = b""
        for data in self.written("pprof"):
            raw = gzip.decompress(data)
            seen += raw
            done = subprocess.run(["protoc", "--decode_raw"], input=raw, capture_output=True,
                                  check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"<silt-evil onclick", seen)

    @unittest.skipUnless(HAS_HTML, "silt was built without npm")
    def test_html_has_no_foreign_element(self):
        for text in self.text("html"):
            self.assertEqual(Elements(text).evil(), [])

    @unittest.skipUnless(HAS_HTML, "silt was built without npm")
    @unittest.skipUnless(html_browser.PROGRAM, "not installed: chromium")
    def test_html_runs_nothing_in_a_browser(self):
        for number, data in enumerate(self.written("html")):
            page = os.path.join(self.folder, f"page{number}.html")
            pathlib.Path(page).write_bytes(data)
            browser = html_browser.Browser()
            self.addCleanup(browser.close)
            browser.open(page)
            self.assertEqual(browser.value("document.querySelectorAll('silt-evil, img').length"), 0)
            self.assertFalse(browser.value("document.documentElement.hasAttribute('data-evil')"))
            self.assertEqual(browser.complaints, [])

    def test_messages_about_hostile_paths(self):
        for arguments in ((f"/nonexistent/{MARKUP}\n::error::evil-command\x1b[2J",),
                          ("--compare", "/nonexistent/\n::error::x\u202e",
                           self.recordings_made[0]),
                          ("--verdict", "\x1b[2J\n::error::x", self.recordings_made[0])):
            _, err = self.tool("report", *arguments, status=None)
            self.check_no_command(err)
            self.assertNotIn("\x1b", err)


if __name__ == "__main__":
    harness.main()
