# SPDX-License-Identifier: Apache-2.0
"""The checks notice what they are there to notice."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "test" / "end_to_end"))

import check_files  # noqa: E402
import check_layers  # noqa: E402
import check_library  # noqa: E402
import check_tests  # noqa: E402
import harness  # noqa: E402

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


class Checks(harness.SiltTest):
    def tree(self, **files):
        root = pathlib.Path(self.folder) / "tree"
        for name, text in files.items():
            path = root / name.replace("__", "/").replace("_h", ".h").replace("_cpp", ".cpp")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return root

    def layer_problems(self, **files):
        return "\n".join(check_layers.check(self.tree(**files)))

    def test_an_allowed_include_passes(self):
        self.assertEqual(self.layer_problems(
            interposer__base__a_h="", interposer__track__b_cpp='#include "interposer/base/a.h"'), "")

    def test_an_include_against_the_layers_is_named(self):
        self.assertIn("interposer/base may not include 'interposer/hook/a.h'", self.layer_problems(
            interposer__hook__a_h="", interposer__base__b_cpp='#include "interposer/hook/a.h"'))

    def test_the_tool_never_includes_the_library(self):
        self.assertIn("may not include", self.layer_problems(
            interposer__track__a_h="", symbolizer__main_cpp='#include "interposer/track/a.h"'))

    GATE = {"symbolizer__report__gate__a_h": ""}
    FINDINGS = {"symbolizer__report__findings__a_h": ""}
    TO_GATE = '#include "symbolizer/report/gate/a.h"'
    TO_FINDINGS = '#include "symbolizer/report/findings/a.h"'

    def test_what_makes_a_report_knows_nothing_of_the_gate_and_the_other_way_round(self):
        problems = self.layer_problems(
            **self.GATE, **self.FINDINGS, symbolizer__report__gate__b_cpp=self.TO_FINDINGS,
            **{f"symbolizer__{place}": self.TO_GATE
               for place in ("report__build_cpp", "report__findings__b_cpp", "runtime__b_cpp")})
        self.assertEqual(problems.count("may not include"), 4, problems)

    def test_commands_look_at_the_gate_and_build_at_findings(self):
        self.assertEqual(self.layer_problems(
            **self.GATE, **self.FINDINGS, symbolizer__commands__b_cpp=self.TO_GATE,
            symbolizer__report__build_cpp=self.TO_FINDINGS), "")

    def test_an_include_from_its_own_folder_is_named(self):
        self.assertIn("not a path from the root", self.layer_problems(
            interposer__base__a_h="", interposer__base__b_cpp='#include "a.h"'))

    def test_words_of_one_processor_or_runtime_are_named(self):
        for text in ("uint64_t rbp;", "switch (UNW_X86_64_RIP) {}  // x86", "call(SYS_open);",
                     "constexpr uint64_t kFrom = 0x7000'0000'0000;", "bool is_isolate;",
                     "// in Python"):
            self.assertIn("it belongs to", self.layer_problems(interposer__track__a_h=text), text)
        self.assertEqual(self.layer_problems(
            interposer__track__a_h="", interposer__base__arch_x86_64_h="uint64_t rbp;"), "")

    def test_a_runtime_that_the_tool_names_elsewhere_is_named(self):
        text = "if (frame.kind == FrameKind::kJavaScript) {}"
        self.assertIn("behind report/runtime.h", self.layer_problems(symbolizer__report__a_cpp=text))
        self.assertEqual(self.layer_problems(
            symbolizer__report__a_cpp="// as in V8", symbolizer__runtime__nodejs__a_cpp=text), "")

    def test_a_verdict_that_is_assigned_is_named(self):
        for text in ("group.verdict = Verdict::kSteady;", "finding->verdict = kLeak;",
                     "Verdict& verdict = own.verdict;"):
            self.assertIn("a verdict is assigned",
                          self.layer_problems(symbolizer__report__whole_cpp=text), text)
        for text in ("if (a.verdict == Verdict::kLeak) {}", "line.verdict = summary.verdict;",
                     "// other.verdict = Verdict::kLeak"):
            self.assertEqual(self.layer_problems(symbolizer__report__whole_cpp=text), "", text)
        self.assertEqual(self.layer_problems(
            symbolizer__report__why_cpp="finding.verdict = decision.verdict;"), "")

    def test_a_reason_in_words_is_named_where_it_is_a_code(self):
        text = 'reason += "; but it has not grown";'
        for place in ("analyze__rise_cpp", "report__whole_cpp"):
            self.assertIn("is a sentence", self.layer_problems(**{f"symbolizer__{place}": text}))
        self.assertEqual(self.layer_problems(
            symbolizer__analyze__rise_cpp="", symbolizer__report__whole_cpp='#include "a.h"',
            symbolizer__render__reason_words_cpp=text, symbolizer__report__honesty_cpp=text), "")

    def test_a_cycle_is_named(self):
        self.assertIn("cycle", self.layer_problems(
            interposer__base__a_h='#include "interposer/base/b.h"',
            interposer__base__b_h='#include "interposer/base/a.h"'))

    def test_libdw_belongs_to_symbolize_alone(self):
        self.assertIn("only symbolizer/symbolize", self.layer_problems(
            symbolizer__read__a_cpp="#include <elfutils/libdw.h>"))

    def mirror_problems(self, elsewhere, **files):
        return "\n".join(check_tests.check(self.tree(**files), {"interposer": elsewhere}))

    def test_a_source_with_its_test_or_a_reason_passes(self):
        self.assertEqual(self.mirror_problems(
            {"interposer/hook/": "end to end", "interposer/base/b": "base/a_test.cpp"},
            interposer__base__a_cpp="", interposer__base__b_h="", interposer__hook__c_cpp="",
            test__interposer__base__a_test_cpp=""), "")

    def test_a_source_without_test_or_reason_and_a_reason_without_need_are_named(self):
        self.assertIn("interposer/base/a: has no test/interposer/base/a_test.cpp",
                      self.mirror_problems({}, interposer__base__a_h=""))
        said = self.mirror_problems(
            {"interposer/base/a": "once", "interposer/hook/": "gone"}, interposer__base__a_h="",
            test__interposer__base__a_test_cpp="")
        self.assertIn("'interposer/base/a' has its test or is not there", said)
        self.assertIn("'interposer/hook/' has its test or is not there", said)

    def test_a_test_that_is_said_to_be_elsewhere_has_to_be_there(self):
        self.assertIn("'test_no_such.py', said to test 'interposer/base/a', is not there",
                      self.mirror_problems({"interposer/base/a": "test_no_such.py"},
                                           interposer__base__a_h=""))

    def file_problems(self, name, text):
        root = pathlib.Path(self.folder) / "files"
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode())
        return "\n".join(check_files.check_file(root, name))

    def test_a_clean_file_passes(self):
        self.assertEqual(self.file_problems("good_name.cpp", LICENCE), "")

    def test_blemishes_of_files_are_named(self):
        for name, text, said in (
                ("a.cpp", "int a;\n", "SPDX"), ("string_util.h", LICENCE, "says nothing"),
                ("MyFile.cpp", LICENCE, "snake_case"), ("a.cpp", LICENCE + "int a; \n", "trailing"),
                ("a.cpp", LICENCE + "int a;", "newline"), ("a.cpp", LICENCE + "a\r\n", "carriage"),
                ("a.md", "see /ro" + "ot/x\n", "one machine"),
                ("a.md", "https://registry.npm" + "js.org/x\n", "registry"),
                ("a.cpp", LICENCE + "// TO" + "DO\n", "later")):
            self.assertIn(said, self.file_problems(name, text))

    def test_a_long_file_says_why(self):
        lines = "int a;\n" * 300
        self.assertEqual(self.file_problems("a.cpp", LICENCE + "\n" + lines[7 * 2:]), "")
        self.assertIn("has 302 lines", self.file_problems("a.cpp", LICENCE + "\n" + lines))
        self.assertEqual(self.file_problems(
            "a.cpp", LICENCE + "//\n// One list. Longer than\n// 300 lines: it is.\n\n" + lines), "")
        self.assertEqual(self.file_problems("a.py", "# " + LICENCE[3:] + '"""One list. Longer than '
                                            '300 lines: it is."""\n\n' + lines), "")
        self.assertEqual(self.file_problems("b.py", "# " + LICENCE[3:] + '"""One list.\n\nIt is long. '
                                            'Longer than 300 lines: it is.\n"""\n' + lines), "")
        self.assertIn("has 304 lines", self.file_problems(
            "a.cpp", LICENCE + "\n\n// Longer than 300 lines: too late.\n" + lines))

    def library(self, source, *flags):
        path = pathlib.Path(self.folder) / "library.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", path, "-x", "c", "-", *flags],
                       input=source, text=True, check=True)
        return "\n".join(check_library.check(str(path)))

    def test_blemishes_of_the_library_are_named(self):
        two = "__attribute__((constructor)) void a(void) {} __attribute__((constructor)) void b(void) {}"
        self.assertIn("has 2 constructors", self.library(two))
        self.assertIn("has 0 constructors", self.library("void a(void) {}"))
        self.assertIn("needs 'libm.so.6'", self.library(
            "double cos(double); double f(double x) { return cos(x); }", "-lm"))
        self.assertIn("exports 'unheard_of'", self.library("void unheard_of(void) {}"))
        self.assertIn("no longer exports 'malloc'", self.library("void a(void) {}"))
        self.assertIn("not initial-exec", self.library("__thread int a; int *f(void) { return &a; }"))
        # Of glibc 2.34 or later, as it is where this is linked; renamed 2.2.5 by old_symbols.h.
        self.assertRegex(self.library(
            "void *dlsym(void *, const char *); void *f(void) { return dlsym(0, \"f\"); }"),
            r"imports 'dlsym' of GLIBC_2\.34; the newest allowed is GLIBC_2\.17")
        self.assertIn("binds symbols lazily", self.library("void a(void) {}", "-Wl,-z,lazy"))

    def count(self, *tests, status=0):
        log = pathlib.Path(self.folder) / "testlog.json"
        log.write_text("".join(json.dumps(test) + "\n" for test in tests))
        done = subprocess.run([sys.executable, ROOT / "scripts" / "count_tests.py", log, str(status)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def test_the_closing_line_counts_cases(self):
        tap = {"result": "OK", "stdout": "ok 1 - a\nok 2 - b # SKIP why\n1..2\n"}
        catch = {"result": "OK", "stdout": "All tests passed (9 assertions in 4 test cases)\n"}
        plain = {"result": "OK", "stdout": "nothing special\n"}
        self.assertEqual(self.count(tap, catch, plain), (0, "6 passed, 0 failed, 1 skipped\n"))

    def test_the_closing_line_counts_failures(self):
        tap = {"result": "FAIL", "stdout": "ok 1 - a\nnot ok 2 - b\n1..2\n"}
        catch = {"result": "FAIL", "stdout": "test cases: 5 | 3 passed | 2 failed\n"}
        crash = {"result": "ERROR", "stdout": "ok 1 - a\n"}
        hang = {"result": "TIMEOUT", "stdout": "ok 1 - a\n1..1\n"}
        self.assertEqual(self.count(tap, catch, crash, hang, status=1),
                         (1, "5 passed, 5 failed\n"))

    def test_a_run_without_tests_or_with_a_broken_runner_fails(self):
        self.assertEqual(self.count(), (1, "0 passed, 1 failed\n"))
        self.assertEqual(self.count({"result": "OK", "stdout": ""}, status=2),
                         (1, "1 passed, 1 failed\n"))


if __name__ == "__main__":
    harness.main()
