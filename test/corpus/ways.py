# SPDX-License-Identifier: Apache-2.0
"""Ways to run a program of the corpus that are not its own: as long as users run theirs, asked for
snapshots from outside at odd times, from its start or later, and stripped. Which of these a run gets
is drawn by its seed, so that any number of runs is a sample of all combinations."""

import os
import random
import subprocess
import threading
from pathlib import Path

USUAL_SECONDS = 2.25  # of ten rounds by their own pace
# In these parts of a usual run: from one question to the next on average, and to the first one.
BETWEEN = 0.045
FROM_THE_START = 0.04
LATER = 0.33
DUMP_TIMEOUT = 60
COMPILED = ("C", "C++")


class Way:
    """How one run is made. `seconds`: about how long it takes; 0: as the program has it."""

    def __init__(self, case, seed, seconds):
        self._chance = random.Random(f"{case.name} {seed}")
        self.slowness = max(1, round(seconds / USUAL_SECONDS))
        self.asked = self._chance.choice(("", "from the start", "later")) if seconds else ""
        self.stripped = bool(seconds) and case.language in COMPILED and self._chance.random() < 0.5

    def __str__(self):
        words = [f"{self.slowness} times as slow"] if self.slowness > 1 else []
        words += [f"asked {self.asked}"] if self.asked else []
        words += ["stripped"] if self.stripped else []
        return ", ".join(words)

    def fewest_snapshots(self, usual):
        """Of a recording that can be judged. How many come of questions at odd times is chance."""
        return min(usual, 6) if self.asked else usual

    def settings(self):
        more = {"CORPUS_SLOWNESS": str(self.slowness)}
        return more | {"CORPUS_IS_ASKED": "1"} if self.asked else more

    def programs(self, options):
        return stripped_programs(options) if self.stripped else options.programs

    def ask(self, process, options):
        """Takes snapshots of a process and all that it has started, until it ends."""
        length = USUAL_SECONDS * self.slowness
        wait = length * (LATER if self.asked == "later" else FROM_THE_START)
        while True:
            try:
                process.wait(wait)
                return
            except subprocess.TimeoutExpired:
                pass
            # It may end meanwhile, which is no mistake; too few snapshots are one.
            subprocess.run([str(options.silt), "dump", "--quiet", "--tree", str(process.pid)],
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=DUMP_TIMEOUT)
            wait = length * BETWEEN * self._chance.uniform(0.2, 1.8)


_strip_lock = threading.Lock()


def stripped_programs(options):
    """The folder of the programs without symbols and debug information."""
    folder = options.folder / "stripped"
    with _strip_lock:
        if folder.exists():
            return folder
        folder.mkdir()
        for path in sorted(options.programs.iterdir()):
            if path.is_file() and path.read_bytes()[:4] == b"\x7fELF":
                subprocess.run(["strip", "--strip-all", "-o", str(folder / path.name), str(path)],
                               check=True)
                (folder / path.name).chmod(0o755)
    return folder


def tell_lines(model, options):
    """Adds `places`, [(file, line)], to each frame of a stripped program, as the program beside it
    that is not stripped has them, from the innermost inlined function outwards. A report of a
    stripped program cannot tell two lines of one function apart, so its sites get the places of all
    their stacks' frames in that function."""
    folder = str(options.folder / "stripped") + os.sep
    frames = [frame for stack in model["stacks"] for frame in stack.get("frames", [])
              if not frame.get("file") and (frame.get("module") or "").startswith(folder)]
    by_program = {}
    for frame in frames:
        by_program.setdefault(Path(frame["module"]).name, set()).add(frame["offset"])
    places = {name: _places(options.programs / name, offsets)
              for name, offsets in by_program.items()}
    for frame in frames:
        frame["places"] = places[Path(frame["module"]).name][frame["offset"]]
    by_id = {stack["id"]: stack for stack in model["stacks"]}
    for finding in model["findings"]:
        site = finding.get("site")
        if not site or site.get("file"):
            continue
        site["places"] = [place for i in finding.get("stacks", []) if i in by_id
                          for frame in by_id[i].get("frames", [])
                          if (frame.get("module"), frame.get("function_offset")) ==
                          (site.get("module"), site.get("function_offset"))
                          for place in frame.get("places", [])]


def _places(program, offsets):
    """{offset: [(file name, line)]}"""
    asked = sorted(offsets)
    done = subprocess.run(["addr2line", "-a", "-i", "-e", str(program), *map(hex, asked)],
                          capture_output=True, text=True, check=True)
    found = {}
    for line in done.stdout.splitlines():
        if line.startswith("0x"):
            rows = found.setdefault(int(line, 16), [])
        else:
            file, _, number = line.partition(" ")[0].rpartition(":")
            if number.isdigit():
                rows.append((os.path.basename(file), int(number)))
    return found
