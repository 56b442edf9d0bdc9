# SPDX-License-Identifier: Apache-2.0
"""What people type: help in every form, settings by option and by variable, words that are the
program's, colours, folders that are not there yet, and what `silt run` says of programs before they
run."""

import os
import pathlib
import re
import shutil
import stat
import subprocess

import harness

COMMANDS = ("run", "dump", "heapsnapshot", "report", "check", "export", "push", "soak", "top",
            "completion")
OPTIONS_PAGE = harness.HERE.parent.parent / "docs" / "options.md"

PLAIN = "int main(void) { return 7; }\n"
# What the Go linker writes at the beginning of what can be written.
GO_MARK = ('__attribute__((section(".go.buildinfo"), aligned(16), used)) '
           'char mark[32] = "\\xff Go buildinf:";\n')


class CommandLine(harness.SiltTest):
    def silt(self, *words, status=0, **settings):
        """(standard output, standard error)"""
        done = subprocess.run([harness.TOOL, *words], capture_output=True, text=True, check=False,
                              env=self.environment(**settings), cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def test_help_in_every_form(self):
        everything = self.silt("--help")[0]
        self.assertEqual(self.silt("help")[0], everything)
        self.assertEqual(self.silt("-h")[0], everything)
        self.assertEqual(self.silt(status=2), ("", everything))
        for command in COMMANDS:
            self.assertEqual(self.silt("help", command)[0], self.silt(command, "--help")[0])
            self.assertIn(command, everything)
        version = self.silt("--version")[0]
        self.assertRegex(version, r"^silt \d+\.\d+\.\d+\n$")
        self.assertEqual(self.silt("-V")[0], version)

    def test_every_help_has_the_exit_statuses_and_nothing_of_the_parser(self):
        for words in ((), *((command,) for command in COMMANDS)):
            text = self.silt(*words, "--help")[0]
            self.assertIn("Exit status", text, words)
            for foreign in ("{", "TEXT", "UINT", "BOOLEAN"):
                self.assertNotIn(foreign, text.partition("Policy file")[0], words)
            long_names = [line for line in text.splitlines() if len(line) > 100]
            # (One that has as many choices as there are formats takes a line of its own.)
            self.assertEqual([line for line in long_names if "--format" not in line], [], words)

    def test_typing_errors(self):
        self.assertIn("did you mean 'silt report'?", self.silt("reprot", status=2)[1])
        self.assertIn("did you mean 'silt report'?", self.silt("help", "reprot", status=2)[1])
        self.assertIn("--format 'xml' is not understood (text, ",
                      self.silt("report", "--format", "xml", status=2)[1])
        self.assertIn("--top 'x' is not understood (a number, 0 or more)",
                      self.silt("report", "--top", "x", status=2)[1])
        self.assertIn("did you mean '--sample'?", self.silt("run", "--smaple", "0", "true", status=2)[1])
        self.assertIn("--sample 'much' is not understood",
                      self.silt("run", "--sample", "much", "true", status=2)[1])

    def test_a_program_needs_no_mark_before_it(self):
        out, _ = self.silt("run", "--out", "rec", "sh", "-c", "echo $0 $1", "--sample", "-V")
        self.assertEqual(out, "--sample -V\n")

    def variables(self, *options):
        """What a program that runs under `silt run` with these options finds of silt's."""
        out, err = self.silt("run", *options, "env")
        self.assertEqual(err, "")
        found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
        preload = found.get("LD_PRELOAD", "")
        self.assertIn("libsilt.so", preload)
        return {name: value for name, value in found.items() if name.startswith("SILT_")}

    def test_run_records_as_the_library_alone_does(self):
        plain = self.run_program(["env"], settings={"SILT_OUT": "."}, cwd=self.folder)[1]
        wanted = {line for line in plain.splitlines() if line.startswith("SILT_")}
        given = {f"{name}={value}" for name, value in self.variables().items()}
        self.assertEqual(given, wanted)

    def test_every_setting_has_an_option(self):
        words = ["--out", "rec", "--signal", "USR1", "--sample", "1M", "--memory", "64M", "--every",
                 "1h", "--no-at-exit", "--no-children", "--no-mmap", "--no-inner", "--log", "error", "--node", "all",
                 "--node-interval", "1M", "--node-inlining", "0", "--keep", "50", "--at", "64M,+25%,90%",
                 "--blackbox", "1"]
        found = self.variables(*words)
        self.assertRegex(found.pop("SILT_ROOT_PID"), r"^\d+$")  # of --no-children
        self.assertEqual(found, {
            "SILT_OUT": os.path.join(self.folder, "rec"), "SILT_SIGNAL": "USR1",
            "SILT_SAMPLE": "1M", "SILT_MEMORY": "64M", "SILT_EVERY": "1h", "SILT_AT_EXIT": "0",
            "SILT_CHILDREN": "0", "SILT_MMAP": "0", "SILT_INNER": "0", "SILT_LOG": "error", "SILT_NODE": "all",
            "SILT_NODE_INTERVAL": "1M", "SILT_NODE_INLINING": "0",
            "SILT_KEEP": "50", "SILT_AT": "64M,+25%,90%", "SILT_BLACKBOX": "1"})

    def test_help_and_the_page_of_settings_agree(self):
        text = re.sub(r"\n {20,}", " ", self.silt("run", "--help")[0])
        told = {}
        for option, variable, default in re.findall(
                r"^  (--[\w-]+).*\((SILT_\w+)(=0|; default: [^)]*)\)", text, re.MULTILINE):
            told[variable] = (option, default.removeprefix("; default: "))
        rows = {}
        for line in OPTIONS_PAGE.read_text(encoding="utf-8").splitlines():
            match = re.match(r"\| `(SILT_\w+)` \| `(--[\w-]+)` \| .* \| (.*) \|$", line)
            if match:
                rows[match.group(1)] = (match.group(2), match.group(3).replace("`", ""))
        self.assertEqual(set(told), set(rows))
        self.assertGreaterEqual(len(rows), 12)
        for variable, (option, default) in told.items():
            wanted = (option, "1" if default == "=0" else default)
            self.assertEqual(rows[variable], wanted, variable)

    def test_a_folder_that_is_missing_is_made(self):
        folder = pathlib.Path(self.folder, "not", "there", "yet")
        for name, settings in ((folder / "a", {"SILT_OUT": str(folder / "a")}),
                               (folder / "b", {"SILT_OUT": "not/there/yet/b/"})):
            status, _, err = self.run_program(["true"], settings=settings, cwd=self.folder)
            self.assertEqual((status, err), (0, ""))
            self.assertEqual(len(list(name.glob("silt.true.*/*.silt"))), 1, name)
        pathlib.Path(self.folder, "file").touch()
        status, _, err = self.run_program(["true"], settings={"SILT_OUT": self.folder + "/file/x"})
        self.assertEqual(status, 0)
        self.assertEqual(len(err.splitlines()), 1, err)
        self.assertIn("not a directory", err.lower())

    def test_colour_and_the_format_of_a_file(self):
        self.run_program(["true"])
        recording = self.recording("true")
        plain = self.silt("report", recording)[0]
        self.assertNotIn("\033", plain)
        coloured = self.silt("report", recording, CLICOLOR_FORCE="1")[0]
        self.assertIn("\033[", coloured)
        self.assertEqual(re.sub(r"\033\[[0-9;]*m", "", coloured), plain)
        self.assertEqual(self.silt("report", recording, CLICOLOR_FORCE="1", NO_COLOR="1")[0], plain)
        self.silt("report", recording, "-o", "x.json")
        self.assertTrue(pathlib.Path(self.folder, "x.json").read_text().startswith("{"))
        self.silt("report", recording, "-o", "x.md")
        self.assertIn("#", pathlib.Path(self.folder, "x.md").read_text())

    def build(self, name, text, *options):
        path = os.path.join(self.folder, name)
        subprocess.run(["gcc", "-O1", "-x", "c", "-", "-o", path, *options], input=text, text=True,
                       check=True)
        return path

    def said_of(self, program, settings=None, status=7):
        """The one line on standard error, and how many recordings there are."""
        out = os.path.join(self.folder, "rec." + os.path.basename(program))
        done = subprocess.run([harness.TOOL, "run", "--out", out, program], capture_output=True,
                              text=True, check=False, env=self.environment(**(settings or {})),
                              timeout=60)
        self.assertEqual(done.returncode, status, done)
        self.assertLessEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr, len(list(pathlib.Path(out).glob("silt.*/*.silt")))

    def test_what_is_wholly_recorded_is_run_without_a_word(self):
        self.assertEqual(self.said_of(self.build("plain", PLAIN)), ("", 1))

    def test_a_static_program(self):
        said, recordings = self.said_of(self.build("fixed", PLAIN, "-static"))
        self.assertEqual(recordings, 0)
        self.assertRegex(said, "nothing will be recorded in '.*fixed': .*statically linked")

    def test_a_program_for_another_machine(self):
        for name, offset, value, told in (("other", 18, 0xf3, "another processor"),
                                          ("narrow", 4, 1, "32-bit")):
            path = self.build(name, PLAIN)
            with open(path, "r+b") as file:
                file.seek(offset)
                file.write(bytes([value]))
            done = subprocess.run([harness.TOOL, "run", path], capture_output=True, text=True,
                                  check=False, cwd=self.folder, timeout=60)
            self.assertRegex(done.stderr, f"nothing will be recorded in '.*{name}': .*{told}")
            if name == "other":  # which no shell must read as a script
                self.assertEqual(done.returncode, 126, done.stderr)
                self.assertRegex(done.stderr, f"cannot run '.*{name}': exec format error")

    def test_a_program_that_gains_rights(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to give a file away")
        path = self.build("gains", PLAIN)
        os.chown(path, 65534, 65534)
        os.chmod(path, 0o755 | stat.S_ISUID)
        self.assertIn("ignores preloads", self.said_of(path)[0])

    def test_programs_of_go(self):
        said, recordings = self.said_of(self.build("go", GO_MARK + PLAIN, "-static"))
        self.assertRegex(said, "nothing will be recorded in '.*go': it is a Go program without cgo")
        self.assertEqual(recordings, 0)
        stripped = '__attribute__((section(".gopclntab"), used)) const char table[16] = "";\n'
        said, _ = self.said_of(self.build("go_stripped", stripped + PLAIN, "-static", "-s"))
        self.assertRegex(said, "it is a Go program without cgo")
        said, recordings = self.said_of(self.build("cgo", GO_MARK + PLAIN))
        self.assertRegex(said, r"not everything will be recorded in '.*cgo': it is a Go program: .*cgo"
                               ".*without a snapshot at exit: .*--every.*--blackbox 1")
        self.assertEqual(recordings, 1)

    def test_allocators_inside(self):
        inner = "#include <stddef.h>\n__attribute__((used, noinline)) void* NAME(size_t n) " \
                "{ static char room[1 << 16]; static size_t at; return room + (at += n + 15 & -16); }\n"
        left_alone = {"SILT_INNER": "0"}
        for name in ("je_malloc", "_rjem_malloc", "mi_malloc"):
            path = self.build(name, inner.replace("NAME", name) + PLAIN)
            said, recordings = self.said_of(path, left_alone)
            self.assertRegex(said, rf"not everything .*allocator inside \({name}\).* C library's")
            self.assertEqual(recordings, 1)
            # What records it says itself where it cannot.
            self.assertEqual(self.said_of(path)[0] == "", os.uname().machine == "x86_64")
        own = self.build("own", inner.replace("NAME", "malloc") +
                         "void free(void* block) { (void)block; }\n" + PLAIN,
                         "-rdynamic", "-fno-builtin")
        said, _ = self.said_of(own, left_alone)
        self.assertRegex(said, r"not everything .*allocator inside \(malloc\)")
        self.assertNotIn("C library's", said)
        stripped = self.build("stripped", inner.replace("NAME", "je_malloc") + PLAIN, "-s")
        self.assertEqual(self.said_of(stripped)[0], "")

    def test_a_script_is_told_by_what_runs_it(self):
        fixed = self.build("runs", PLAIN, "-static")
        for name, line in (("plainly", f"#! {fixed}\n"),
                           ("by_env", f"#!/usr/bin/env {os.path.basename(fixed)}\n")):
            path = os.path.join(self.folder, name)
            pathlib.Path(path).write_text(line, encoding="utf-8")
            os.chmod(path, 0o755)
            done = subprocess.run([harness.TOOL, "run", path], capture_output=True, text=True,
                                  check=False, cwd=self.folder, timeout=60,
                                  env=self.environment(PATH=f"{self.folder}:{os.environ['PATH']}"))
            self.assertEqual(done.returncode, 7, done)
            self.assertIn("statically linked", done.stderr)

    def test_what_shells_complete_is_what_there_is(self):
        for shell in ("bash", "zsh", "fish"):
            text = self.silt("completion", shell)[0]
            for word in ("soak", "node-interval", "github"):
                self.assertIn(word, text, shell)
            if shutil.which(shell):
                subprocess.run([shell, "-n"], input=text, text=True, check=True)
        script = self.silt("completion", "bash")[0] + (
            "COMP_WORDS=(silt run --no-m); COMP_CWORD=2; _silt; echo ${COMPREPLY[*]}\n"
            "COMP_WORDS=(silt re); COMP_CWORD=1; _silt; echo ${COMPREPLY[*]}\n")
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "--no-mmap\nreport\n")


if __name__ == "__main__":
    harness.main()
