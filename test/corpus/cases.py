# SPDX-License-Identifier: Apache-2.0
"""The programs of the corpus, the truth that they state (`score` says how), and how they are run.
"""

import os
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
LANGUAGES = {".c": "C", ".cpp": "C++", ".py": "Python", ".js": "JavaScript"}
ACCUSING = ("leak", "growing")
MINIMUM_SNAPSHOTS = 8
PROGRAM_TIMEOUT = 120


class Case:
    """One program and its truth, as its source states them."""

    def __init__(self, source):
        self.source = source
        self.name = source.stem
        self.language = LANGUAGES[source.suffix]
        text = source.read_text()
        self.expected = {}  # name of a leak -> verdicts that are right for it
        self.tolerates_growing = False
        self.below_noise = False
        self.healthy = False
        sources = [source]
        for line in re.findall(r"^(?:// )?truth: (.+)$", text, re.MULTILINE):
            words = line.split()
            if words == ["healthy"]:
                self.healthy = True
            elif words == ["tolerate", "growing"]:
                self.tolerates_growing = True
            elif line == "below the noise of the total":
                self.below_noise = True
            elif words[0] == "also" and len(words) == 2:
                sources.append(source.parent / words[1])
            elif words[0] == "leak" and words[2:] in ([], ["or", "growing"]):
                self.expected[words[1]] = ACCUSING if words[2:] else ("leak",)
            else:
                raise SystemExit(f"score: cannot understand 'truth: {line}' in '{source}'")
        if self.healthy == bool(self.expected):
            raise SystemExit(f"score: '{source}' must say either healthy or leak")
        self.lines = {}  # (file name, line) -> name of the leak
        for path in sources:
            for number, line in enumerate(path.read_text().splitlines(), 1):
                marker = re.search(r"(?://|#) LEAK: (\w+)", line)
                if marker:
                    self.lines[path.name, number] = marker[1]
        if set(self.lines.values()) != set(self.expected):
            raise SystemExit(f"score: markers and truth differ in '{source}'")

    def command(self, programs, node="node"):
        if self.language == "Python":
            return ["python3", str(self.source)]
        if self.language == "JavaScript":
            return [node, "--expose-gc", str(self.source)]
        return [str(programs / self.name)]

    def markers(self, frame):
        """The leaks whose marked lines this frame is at: of a stripped program's there may be more
        than one (ways.tell_lines)."""
        if not frame:
            return []
        places = frame.get("places", [])
        if frame.get("file") and frame.get("line"):
            places = [(os.path.basename(frame["file"]), frame["line"])]
        return sorted({self.lines[place] for place in places if place in self.lines})


class Outcome:
    """What one run of one case came to: figures for the sums, and mistakes in words."""

    def __init__(self, case, run, way=None):
        self.case = case
        self.run = run
        self.way = way
        self.expected = len(case.expected)
        self.found = 0           # expected leaks that were reported, at whatever line
        self.located = 0         # those whose site is the marked line
        self.locatable = 0       # those whose site could be told
        self.accusations = 0     # findings that accuse somebody
        self.false = 0           # those that are wrong
        self.missed = 0
        self.recordings = []     # of its processes, as long as they are kept
        self.snapshots = 0
        self.seconds = 0.0
        self.mistakes = []       # texts; empty: all is right
        self.notes = []


def load_cases(pattern):
    found = [p for folder in ("leaks", "healthy") for p in sorted((HERE / folder).iterdir())
             if p.suffix in LANGUAGES and "." not in p.stem]
    cases = [Case(path) for path in found]
    if pattern:
        wanted = re.compile(pattern)
        cases = [case for case in cases if wanted.fullmatch(case.name)]
        if not cases:
            raise SystemExit(f"score: no case is named '{pattern}'")
    return cases


def environment(run, options):
    settings = {k: v for k, v in os.environ.items() if not k.startswith("SILT_")}
    settings.pop("LD_PRELOAD", None)
    settings.update(CORPUS_SEED=str(run), PYTHONMALLOC="malloc", PYTHONHASHSEED="0",
                    PYTHONDONTWRITEBYTECODE="1", CORPUS_PROGRAMS=str(options.programs),
                    NODE_PATH=str(options.programs / "packages" / "node_modules"))
    return settings
