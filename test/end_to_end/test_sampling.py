#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sampled figures against exact ones, on victims and real programs: unbiased, within the variance
that the sampling predicts, the same for the same seed; and SILT_MEMORY, which turns exact recording
into sampled without losing what was recorded before.

A block of s bytes is sampled with p = 1 - exp(-s / N) and counts as 1 / p blocks. An estimate of
blocks then has the variance (1 - p) / p for each block, one of bytes s² times that; rounding the
weights to whole numbers adds at most 1/4. Seeds are fixed, so a run that passes passes always.
"""

import math
import os
import struct
import sys

import harness

PYTHON_SCRIPT = """
import json, os, re
kept = [{"key %d" % i: ["x" * (i % 300), i, str(i) * 3]} for i in range(4000)]
text = json.dumps(kept)
assert json.loads(text) == kept
words = re.findall("[a-z]+", text)
print(len(text), len(words), flush=True)
os._exit(0)  # with all of it alive
"""
INTERVAL = 32 * 1024
SEEDS = range(1, 9)


def cap_fell_back(path):
    """(flags, sampling interval) of a snapshot's Meta section, and the counter table_bytes."""
    with open(path, "rb") as file:
        data = file.read()
    flags = interval = table_bytes = None
    for i in range(struct.unpack_from("<I", data, 16)[0]):
        kind, count, offset, _, _ = struct.unpack_from("<IIQQQ", data, 64 + 32 * i)
        if kind == 1:
            flags = struct.unpack_from("<I", data, offset + 16)[0]
            interval = struct.unpack_from("<Q", data, offset + 48)[0]
        if kind == 7:
            counters = [struct.unpack_from("<IIQ", data, offset + 16 * k) for k in range(count)]
            table_bytes = {number: value for number, _, value in counters}[5]
    return flags, interval, table_bytes


class Sampled(harness.SiltTest):
    def totals(self, command, environment, text, **settings):
        """[(allocated blocks, bytes, live blocks, live bytes) by stack] of one whole run; what is
        live is so at the first snapshot."""
        for path in self.recordings():
            harness.shutil.rmtree(path)
        settings = {"SILT_CHILDREN": "0", **environment, **settings}
        status, out, err = self.run_program(command, settings=settings, text=text)
        self.assertEqual(status, 0, err)
        report = self.report(self.recording())
        rows = [(stack["allocated_blocks"], stack["allocated_bytes"], stack["live_blocks"][0],
                 stack["live_bytes"][0]) for stack in report.stacks if stack["heap"] == "native"]
        return out, rows

    def check_against_exact(self, command, environment=None, text=""):
        environment = environment or {}
        out, exact = self.totals(command, environment, text)
        truth = [sum(column) for column in zip(*exact)]
        variance = [0.0] * 4
        for allocated, allocated_bytes, live, live_bytes in exact:
            for blocks, size_bytes, at in ((allocated, allocated_bytes, 0), (live, live_bytes, 2)):
                if size_bytes == 0:
                    continue
                size = size_bytes / blocks
                p = -math.expm1(-size / INTERVAL)
                of_one = (1 - p) / p + 0.25
                variance[at] += blocks * of_one
                variance[at + 1] += blocks * of_one * size * size
        sums = [0.0] * 4
        for seed in SEEDS:
            again, sampled = self.totals(command, environment, text, SILT_SAMPLE=str(INTERVAL),
                                         SILT_SEED=str(seed))
            self.assertEqual(again, out)
            self.assertLess(len(sampled), len(exact))
            sums = [a + b for a, b in zip(sums, (sum(column) for column in zip(*sampled)))]
        for name, true, total, spread in zip(
                ("allocated blocks", "allocated bytes", "live blocks", "live bytes"), truth, sums,
                variance):
            mean = total / len(SEEDS)
            sigma = math.sqrt(spread / len(SEEDS))
            # Sizes vary within a stack, where the variance was taken at their mean.
            self.assertLess(abs(mean - true), 5 * sigma,
                            f"{name}: {true} exactly, {mean:.0f} by {len(SEEDS)} sampled runs, "
                            f"{(mean - true) / sigma:+.1f} standard deviations")
            if name != "live blocks":  # sqlite3 holds a few hundred
                self.assertLess(sigma, 0.2 * true, f"{name}: too few samples to tell anything")

    def test_python_is_estimated_within_the_predicted_variance(self):
        self.check_against_exact([sys.executable, "-S", "-c", PYTHON_SCRIPT],
                                 {"PYTHONHASHSEED": "0", "PYTHONMALLOC": "malloc"})

    def test_sqlite_is_estimated_within_the_predicted_variance(self):
        if not harness.shutil.which("sqlite3"):
            self.skipTest("sqlite3 is not installed")
        script = ("create table t(a integer primary key, b text);\n"
                  "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) "
                  "insert into t select i, printf('text %d', i) from n;\n"
                  "select count(*), sum(length(b)) from t;\n"
                  ".system kill -USR2 $PPID\n"
                  "select b from t order by b desc limit 5;\n")
        self.check_against_exact(["sqlite3", "-batch", ":memory:"], text=script)

    def test_the_same_seed_gives_the_same_recording(self):
        # One thread: what a thread draws depends on whether another one had ended before it began.
        def rows(seed):
            return sorted(self.totals([harness.program("exact_counts"), "1"], {}, "\n\n\n",
                                      SILT_SAMPLE="4096", SILT_SEED=str(seed))[1])
        first = rows(7)
        self.assertEqual(rows(7), first)
        self.assertNotEqual(rows(8), first)

    def test_requests_that_no_memory_could_serve_do_not_end_sampling(self):
        # Every byte is a sampling point, so nothing is left to chance.
        for settings in ({"SILT_SAMPLE": "1"}, {}):
            with self.subTest(**settings):
                report, lines = self.run_victim("impossible_sizes", settings=settings)
                self.check_expectations(report, lines)
                for path in self.recordings():
                    harness.shutil.rmtree(path)


class MemoryCap(harness.SiltTest):
    LIMIT = 16 << 20

    def test_a_reached_cap_is_kept_reported_and_costs_no_block_recorded_before(self):
        settings = {"SILT_MEMORY": "16M", "SILT_SEED": "3", "SILT_AT_EXIT": "0"}
        process = self.start([harness.program("memory_cap")], settings=settings)
        process.run_until("ready early")
        early = self.dump(process.pid)
        process.write_line()
        process.run_until("ready late")
        late = self.dump(process.pid)
        process.write_line()
        process.run_until("ready done")
        done = self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertIn("SILT_MEMORY is reached", process.errors())

        self.assertEqual(cap_fell_back(early)[:2], (0, 0))
        self.check_expectations(self.report(early), process.lines)
        for path in (late, done):
            flags, interval, table_bytes = cap_fell_back(path)
            self.assertEqual((flags & 8, interval), (8, 512 * 1024))
            self.assertLessEqual(table_bytes, self.LIMIT)
        report = self.report(self.recording())
        self.assertTrue([note for note in report.notes if "own memory limit was reached" in note],
                        report.notes)
        # Recorded one by one before the cap: a quarter freed, a quarter resized.
        self.assertEqual(report.sums("allocate_early", snapshot=1)[:2], (20000, 20000 * 104))
        self.assertEqual(report.sums("allocate_early", snapshot=2)[:2], (0, 0))
        # 300,000 of 1,000 bytes live, the most of them estimated.
        blocks, size_bytes, _, allocated = report.sums("allocate_late", snapshot=1)
        deviation = math.sqrt(300e6 * 512 * 1024)
        self.assertAlmostEqual(size_bytes, 300e6, delta=5 * deviation)
        self.assertAlmostEqual(blocks, 300e3, delta=5 * deviation / 1000)
        self.assertAlmostEqual(allocated, 600e6, delta=5 * math.sqrt(600e6 * 512 * 1024))
        self.assertEqual(report.sums("allocate_late", snapshot=2)[:2], (0, 0))

    def test_a_cap_that_is_not_reached_changes_nothing(self):
        report, lines = self.run_victim("exact_counts", settings={"SILT_MEMORY": "1G"})
        self.check_expectations(report, lines, snapshot=0)
        self.assertEqual(report.json["sampling_interval_bytes"], 0)

    def test_threads_go_over_to_sampling_together(self):
        # Whatever the moment at which each of them does, what is freed is gone.
        status, _, err = self.run_program([harness.program("thread_churn")],
                                          settings={"SILT_MEMORY": "1M"}, text="\n" * 20)
        self.assertEqual(status, 0, err)
        self.assertIn("SILT_MEMORY is reached", err)


if __name__ == "__main__":
    harness.main()
