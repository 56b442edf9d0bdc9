#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What recording costs Python: six loads of the kinds that pyperformance has, plain, under silt
exact and sampled, and under tracemalloc, taking turns in a new order each time.

A figure is the CPU time of the quickest of ROUNDS rounds in a process that is warm (what else the
machine does only adds to that). A factor is that against plain Python in the same turn, which
hashes texts with the same seed; what is printed is the median of the turns' factors. Plain Python
runs twice in each turn: how far its second run is from the first, at most, is the noise. With
--rounds 1 the first round is taken, and so what silt does once in a process for each place that
allocates (it reads code objects and derives rules for native frames), as in a short program.

The last two columns judge: whether exact takes at most half of tracemalloc's slow-down (what each
takes more than plain), or none that is more than the noise; and whether sampled takes at most 1.10.

With --count, instructions instead of time, by callgrind: what ROUNDS rounds execute more than one,
so that neither the start nor other users of the machine count. Misses of the caches do not show.

usage: python_cost.py [--library LIBSILT] [--python BINARY] [--runs N] [--rounds N] [--count]
                      [LOAD...]
"""

import argparse
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile

LOADS = {
    "json": """
import json
data = {"users": [{"name": "user %d" % i, "tags": ["a", "b", str(i)], "age": i} for i in range(60)]}
def load():
    for _ in range(150):
        json.loads(json.dumps(data))
""",
    "objects": """
class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y
    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)
def load():
    at = Vector(0.5, 1.5)
    for i in range(100_000):
        at = at + Vector(i, 1.0)
""",
    "calls": """
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def load():
    fib(24)
""",
    "texts": """
import re
text = " ".join("word%d" % (i * 7919 % 5000) for i in range(20_000))
def load():
    counts = {}
    for word in re.findall(r"[a-z]+[0-9]+", text):
        counts[word] = counts.get(word, 0) + 1
    "\\n".join(sorted("%s=%d" % item for item in counts.items()))
    text.upper().split("D")
""",
    "asyncio": """
import asyncio
async def step(n):
    await asyncio.sleep(0)
    return [n]
async def main():
    for _ in range(25):
        await asyncio.gather(*[step(n) for n in range(100)])
def load():
    asyncio.run(main())
""",
    "numbers": """
def load():
    size = 45
    a = [[(i * j) % 7 + 0.5 for j in range(size)] for i in range(size)]
    b = [list(row) for row in zip(*a)]
    [[sum(x * y for x, y in zip(row, column)) for column in b] for row in a]
    len([d for d in range(2, 4000) if all(d % p for p in range(2, int(d ** 0.5) + 1))])
""",
}
TIMED = """
import gc, time
if ROUNDS > 1: load()
gc.collect()
times = []
for _ in range(ROUNDS):
    begin = time.process_time()
    load()
    times.append(time.process_time() - begin)
print(min(times) * 1000)
"""


def time_of(command, code, rounds, settings):
    """CPU milliseconds of a round."""
    done = subprocess.run([*command, "-c", code + TIMED.replace("ROUNDS", str(rounds))],
                          env={**os.environ, **settings}, check=True, capture_output=True, text=True)
    return float(done.stdout)


def instructions_of(command, code, rounds, settings):
    """Instructions of a round, in millions."""
    def collected(count):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command, "-c",
             code + "load()\n" * count], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, check=True, text=True,
            env={**os.environ, **settings})
        return int(re.search(r"Collected : (\d+)", done.stderr).group(1))
    return (collected(rounds + 1) - collected(1)) / rounds / 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--library", default="build/interposer/libsilt.so")
    parser.add_argument("--python", default="/usr/bin/python3.11")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--count", action="store_true", help="instructions instead of time")
    parser.add_argument("loads", nargs="*", metavar="LOAD", help="one of " + ", ".join(LOADS))
    options = parser.parse_args()
    measure, runs = (instructions_of, 1) if options.count else (time_of, options.runs)
    library = os.path.abspath(options.library)
    with tempfile.TemporaryDirectory() as folder:
        silt = {"LD_PRELOAD": library, "SILT_OUT": folder, "SILT_AT_EXIT": "0"}
        ways = {"plain": ({}, []), "exact": (silt, []),
                "sampled": (dict(silt, SILT_SAMPLE="512K"), []),
                "tracemalloc": ({}, ["-X", "tracemalloc"])}
        if not options.count:
            ways["noise"] = ways["plain"]
        unit = "million" if options.count else "plain ms"
        print(f"{'load':<10}{unit:>10}" + "".join(f"{way:>13}" for way in list(ways)[1:]) +
              "   at most half   at most 1.10")
        medians = {way: [] for way in ways}
        for name in options.loads or LOADS:
            figures = {way: [] for way in ways}
            for run in range(runs):
                # Places of objects, and so the order of sets and dicts, are the same in a turn.
                seed = {"PYTHONHASHSEED": str(run)}
                for way in random.sample(list(ways), len(ways)):
                    settings, arguments = ways[way]
                    figures[way].append(measure([options.python, *arguments], LOADS[name],
                                                options.rounds, {**settings, **seed}))
            ratios = {way: [one / plain for one, plain in zip(figures[way], figures["plain"])]
                      for way in ways}
            of = {way: statistics.median(ratios[way]) for way in ways}
            noise = max(abs(ratio - 1) for ratio in ratios.get("noise", [1]))
            for way in ways:
                medians[way].append(of[way])
            half = of["exact"] - 1 <= max((of["tracemalloc"] - 1) / 2, noise)
            print(f"{name:<10}{min(figures['plain']):>10.1f}" +
                  "".join(f"{of[way]:>12.2f}x" for way in ("exact", "sampled", "tracemalloc")) +
                  ("" if options.count else f"{f'± {noise:.2f}':>13}") +
                  f"{'yes' if half else 'NO':>15}{'yes' if of['sampled'] <= 1.10 else 'NO':>15}",
                  flush=True)
        print(f"{'geometric mean':<20}" + "".join(
            f"{statistics.geometric_mean(medians[way]):>12.2f}x"
            for way in ("exact", "sampled", "tracemalloc")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
