#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the scorer itself: it must see each kind of mistake, or a green corpus proves nothing."""

import argparse
import importlib.machinery
import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import cases as corpus  # noqa: E402
import ways  # noqa: E402

_loader = importlib.machinery.SourceFileLoader("score", str(Path(__file__).with_name("score")))
_spec = importlib.util.spec_from_loader("score", _loader)
score = importlib.util.module_from_spec(_spec)
_loader.exec_module(score)

LEAKING = """// truth: leak first
// truth: leak second or growing
int main() {
  a();  // LEAK: first
  b();  // LEAK: second
}
"""


def finding(line, verdict="leak", file="/elsewhere/program.c", kind="native"):
    return {"verdict": verdict, "growth_bytes": 100, "growth_blocks": 1, "stacks": [1],
            "site": {"function": "f", "file": file, "line": line, "kind": kind}, "reason": "grew"}


class Scoring(unittest.TestCase):
    def judge(self, findings, text=LEAKING, suffix=".c", sample=0, through=None, way=None):
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / f"program{suffix}"
            source.write_text(text)
            case = corpus.Case(source)
        outcome = corpus.Outcome(case, 0, way)
        model = {"findings": findings,
                 "stacks": [{"id": 1, "verdict": "leak", "live_bytes": [1, 2], "frames": []}]}
        for number, line in (through or {}).items():
            frame = {"function": "f", "file": source.name, "line": line}
            model["stacks"].append({"id": number, "verdict": "leak", "live_bytes": [1, 2],
                                    "frames": [frame]})
        hits = score.judge(case, model, outcome, argparse.Namespace(sample=sample))
        return set(hits), outcome

    def test_two_leaks_at_their_lines_are_right(self):
        hits, outcome = self.judge([finding(4), finding(5)])
        self.assertEqual(hits, {"first", "second"})
        self.assertEqual((outcome.mistakes, outcome.located, outcome.false), ([], 2, 0))

    def test_growing_is_right_only_where_the_truth_says_so(self):
        hits, outcome = self.judge([finding(4, "growing"), finding(5, "growing")])
        self.assertEqual(hits, {"second"})
        self.assertEqual([m.split(":")[0] for m in outcome.mistakes], ["undecided"])

    def test_fewer_blocks_than_promised_may_be_growing_where_somebody_else_asks(self):
        few = dict(finding(4, "growing"), growth_blocks=15)
        enough = dict(finding(4, "growing"), growth_blocks=16)
        for asked, found, mistakes in (("later", few, 0), ("later", enough, 1), ("", few, 1)):
            way = argparse.Namespace(asked=asked)
            hits, outcome = self.judge([found, finding(5)], way=way)
            self.assertEqual(len(outcome.mistakes), mistakes)
            self.assertEqual("first" in hits, mistakes == 0)

    def test_a_second_finding_for_one_leak_is_a_mistake(self):
        _, outcome = self.judge([finding(4), finding(4), finding(5)])
        self.assertEqual([m.split(":")[0] for m in outcome.mistakes], ["split"])
        self.assertEqual(outcome.false, 1)

    def test_a_part_of_a_leak_that_is_accused_elsewhere_is_a_split(self):
        stray = dict(finding(9), stacks=[2])
        hits, outcome = self.judge([finding(4), finding(5), stray], through={2: 4})
        self.assertEqual([m.split(":")[0] for m in outcome.mistakes], ["split"])

    def test_a_wrong_line_is_found_but_not_located(self):
        hits, outcome = self.judge([finding(4), finding(9)])
        self.assertEqual(hits, {"first", "second"})
        self.assertEqual((outcome.located, outcome.locatable, outcome.false), (1, 2, 0))
        self.assertTrue(outcome.mistakes[0].startswith("wrong site for 'second'"))

    def test_the_right_line_of_another_file_is_a_wrong_site(self):
        _, outcome = self.judge([finding(4, file="/elsewhere/other.c"), finding(5)])
        self.assertTrue(outcome.mistakes[0].startswith("wrong site for 'first'"))

    def test_a_finding_too_many_is_a_false_accusation(self):
        _, outcome = self.judge([finding(4), finding(5), finding(9, "growing")])
        self.assertEqual(outcome.false, 1)
        self.assertTrue(outcome.mistakes[0].startswith("false accusation"))

    def test_a_healthy_program_may_not_be_accused_of_growing_either(self):
        for verdict, mistakes in (("leak", 1), ("growing", 1), ("bounded", 0), ("sawtooth", 0)):
            _, outcome = self.judge([finding(1, verdict)], "// truth: healthy\n")
            self.assertEqual(len(outcome.mistakes), mistakes, verdict)

    def test_growing_is_tolerated_where_the_truth_says_so(self):
        text = "// truth: healthy\n// truth: tolerate growing\n"
        self.assertEqual(self.judge([finding(1, "growing")], text)[1].mistakes, [])
        self.assertEqual(len(self.judge([finding(1, "leak")], text)[1].mistakes), 1)

    def test_sampled_runs_are_blamed_for_accusing_of_leaks_only(self):
        healthy = "// truth: healthy\n"
        self.assertEqual(self.judge([finding(1, "growing")], healthy, sample=4096)[1].mistakes, [])
        self.assertEqual(len(self.judge([finding(1)], healthy, sample=4096)[1].mistakes), 1)

    def test_a_python_leak_without_python_frames_is_found_but_its_line_not_counted(self):
        text = '"""\ntruth: leak it\n"""\nx()  # LEAK: it\n'
        hits, outcome = self.judge([finding(None, file=None)], text, ".py")
        self.assertEqual((hits, outcome.mistakes, outcome.locatable), ({"it"}, [], 0))
        _, outcome = self.judge([finding(3, file="program.py", kind="python")], text, ".py")
        self.assertEqual(len(outcome.mistakes), 1)

    def test_a_place_of_a_stripped_program_stands_for_all_its_lines(self):
        stripped = finding(None, file=None)
        stripped["site"]["places"] = [("program.c", 5), ("program.c", 4), ("other.c", 4)]
        hits, outcome = self.judge([stripped])
        self.assertEqual((hits, outcome.mistakes, outcome.located), ({"first", "second"}, [], 2))
        _, outcome = self.judge([stripped, stripped])
        self.assertEqual([m.split(":")[0] for m in outcome.mistakes], ["split"])
        stripped["site"]["places"] = [("program.c", 3)]
        _, outcome = self.judge([stripped, finding(5)])
        self.assertTrue(outcome.mistakes[0].startswith("wrong site for 'first'"))

    def test_lines_of_a_stripped_program_are_those_of_the_one_beside_it(self):
        with tempfile.TemporaryDirectory() as name:
            options = argparse.Namespace(folder=Path(name), programs=Path(name) / "programs")
            options.programs.mkdir()
            source = Path(name) / "two.c"
            source.write_text("int other(int a) {\n  return a + 1;\n}\nint main() { return other(0); }\n")
            program = options.programs / "two"
            subprocess.run(["cc", "-g", "-o", str(program), str(source)], check=True)
            folder = ways.stripped_programs(options)
            self.assertNotIn(b".symtab", (folder / "two").read_bytes())
            table = subprocess.run(["nm", str(program)], capture_output=True, text=True, check=True)
            offset = next(int(line.split()[0], 16) for line in table.stdout.splitlines()
                          if line.endswith(" T other"))
            frame = {"file": None, "module": str(folder / "two"), "offset": offset + 4,
                     "function_offset": offset}
            elsewhere = dict(frame, offset=offset, function_offset=1)
            model = {"stacks": [{"id": 1, "frames": [elsewhere, frame]}],
                     "findings": [{"site": dict(frame), "stacks": [1]}]}
            ways.tell_lines(model, options)
            self.assertEqual(model["findings"][0]["site"]["places"], [("two.c", 1)])
            self.assertEqual(elsewhere["places"], [("two.c", 1)])

    def test_a_way_is_drawn_by_seed_and_is_the_programs_own_without_a_length(self):
        case = next(case for case in corpus.load_cases("regcomp"))
        drawn = [str(ways.Way(case, seed, 25)) for seed in range(60)]
        self.assertEqual(drawn, [str(ways.Way(case, seed, 25)) for seed in range(60)])
        self.assertEqual(len(set(drawn)), 6)
        own = {str(ways.Way(case, seed, 0)) for seed in range(60)}
        self.assertEqual(own, {""})

    def test_a_truth_that_cannot_be_understood_stops_the_scorer(self):
        for text in ("// truth: laek it\n", "int x;\n", "// truth: leak it\n",
                     "// truth: healthy\nx();  // LEAK: it\n"):
            with self.assertRaises(SystemExit, msg=text):
                self.judge([], text)

    def test_every_case_of_the_corpus_can_be_read(self):
        cases = corpus.load_cases(None)
        self.assertGreaterEqual(len(cases), 44)
        self.assertEqual({case.language for case in cases}, set(corpus.LANGUAGES.values()))


if __name__ == "__main__":
    unittest.main()
