#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What recording costs Python: six loads of the kinds that pyperformance has, plain, under silt
exact and sampled, and under tracemalloc, taking turns. CPU time of the load alone, once for ROUNDS
of it, the least of some runs each; a factor is against plain. What silt does once in a process for
each place that allocates (it reads code objects and derives rules for native frames) shows in short
programs: with --rounds 1 it is a part of what is measured.

With --count, instructions instead of time, by callgrind: what ROUNDS rounds execute more than one,
so that neither the start nor other users of the machine count. Misses of the caches do not show.

usage: python_cost.py [--library LIBSILT] [--python BINARY] [--runs N] [--rounds N] [--count]
                      [LOAD...]
"""

import argparse
import math
import os
import re
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
load()
gc.collect()
begin = time.process_time()
for _ in range(ROUNDS):
    load()
print((time.process_time() - begin) / ROUNDS)
"""


def time_of(command, code, rounds, settings):
    """CPU seconds of a round."""
    done = subprocess.run([*command, "-c", code + TIMED.replace("ROUNDS", str(rounds))],
                          env={**os.environ, **settings}, check=True, capture_output=True, text=True)
    return float(done.stdout)


def instructions_of(command, code, rounds, settings):
    """Instructions of a round, in millions."""
    def collected(count):
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command, "-c",
             code + TIMED.replace("ROUNDS", str(count))], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, check=True, text=True,
            # Places of objects, and so the order of sets and dicts, are the same in all runs.
            env={**os.environ, **settings, "PYTHONHASHSEED": "0"})
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
        unit = "million" if options.count else "plain ms"
        print(f"{'load':<10}{unit:>10}" + "".join(f"{way:>13}" for way in list(ways)[1:]))
        factors = {way: [] for way in ways}
        for name in options.loads or LOADS:
            best = {}
            for _ in range(runs):
                for way, (settings, arguments) in ways.items():
                    figure = measure([options.python, *arguments], LOADS[name], options.rounds,
                                     settings)
                    best[way] = min(best.get(way, math.inf), figure)
            print(f"{name:<10}{best['plain'] * (1 if options.count else 1000):>10.1f}"
                  + "".join(f"{best[way] / best['plain']:>12.2f}x" for way in list(ways)[1:]),
                  flush=True)
            for way in ways:
                factors[way].append(best[way] / best["plain"])
        print(f"{'geometric mean':<20}" + "".join(
            f"{math.prod(factors[way]) ** (1 / len(factors[way])):>12.2f}x"
            for way in list(ways)[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
