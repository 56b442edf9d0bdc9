# SPDX-License-Identifier: Apache-2.0
"""A random program's own books against silt's: to the unit in exact mode, within what theory allows
in sampling mode.

Seeds are printed; SILT_STRESS_SEED repeats one.
"""

import math
import os
import sys

sys.path.insert(0, os.environ["SILT_HARNESS"])
import harness  # noqa: E402

STRESS = os.environ["SILT_STRESS"]
INTERVAL = 65536


class Stress(harness.SiltTest):
    def run_stress(self, seed, steps, *more, settings=None, dumps=0):
        print(f"# seed {seed}, {steps} steps, {settings or 'exact'}")
        process = self.start([STRESS, seed, steps, *more], settings=settings)
        process.wait_line("ready running")
        for _ in range(dumps):
            self.dump(process.pid)
        process.write_line()
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        recording = self.recordings("allocator_stress")[-1]
        report = self.report(recording)
        return report, process.lines, dumps, recording

    def test_every_entry_point_from_many_threads_is_exact(self):
        given = os.environ.get("SILT_STRESS_SEED")
        for seed in [int(given)] if given else [1, int.from_bytes(os.urandom(3), "little")]:
            report, lines, last, recording = self.run_stress(str(seed), "300000", dumps=2)
            self.check_expectations(report, lines, snapshot=last)
            harness.shutil.rmtree(recording)

    def test_estimates_vary_as_much_as_theory_says_and_no_more(self):
        squares = {"live": [], "allocated": []}
        sums = {"live": 0.0, "allocated": 0.0}
        for seed in range(1, 9):
            report, lines, last, recording = self.run_stress(
                str(seed), "120000", str(INTERVAL),
                settings={"SILT_SAMPLE": str(INTERVAL), "SILT_SEED": str(seed)})
            harness.shutil.rmtree(recording)
            variances = {line.split(" ")[1]: [float(text) for text in line.split(" ")[2:]]
                         for line in lines if line.startswith("variance ")}
            total = {"live": [0.0, 0.0], "allocated": [0.0, 0.0]}
            for function, heap, numbers in self.expectations(lines):
                estimate = report.sums(function, heap, last)
                if heap == "mapping":  # these are never sampled
                    self.assertEqual(list(estimate), numbers, function)
                    continue
                for kind, at in (("live", 1), ("allocated", 3)):
                    difference = estimate[at] - numbers[at]
                    squares[kind].append(difference ** 2 / variances[function][at])
                    total[kind][0] += difference
                    total[kind][1] += variances[function][at]
            for kind, (difference, variance) in total.items():
                sums[kind] += difference / math.sqrt(variance)
                self.assertLess(abs(difference), 5 * math.sqrt(variance),
                                f"seed {seed}: {kind} bytes")
        for kind, values in squares.items():
            ratio = sum(values) / len(values)
            print(f"# {kind} bytes: variance is {ratio:.2f} of the predicted, "
                  f"bias {sums[kind] / 8:.2f} standard deviations")
            self.assertLess(ratio, 1.8, kind)
            self.assertGreater(ratio, 0.4, kind)
            self.assertLess(abs(sums[kind]) / math.sqrt(8), 4, kind)


if __name__ == "__main__":
    harness.main()
