# SPDX-License-Identifier: Apache-2.0
"""A leak detector must not leak: a program whose stacks come once each. Silt's own memory stays what
it was, every count is exact to the unit, and every snapshot that is taken meanwhile is whole."""

import unittest

import harness
import test_python
from harness import SiltTest, program

SECONDS = 6  # of the victim's processor time, in each half: 45,000 stacks, 25 MB of tree
SNAPSHOTS = 4  # meanwhile; a report reads all of their stacks


class Folding(SiltTest):
    def test_stacks_that_come_once_take_no_more_and_no_more_memory(self):
        process = self.start([program("ever_new_stacks"), str(SECONDS)])
        process.wait_line("ready first", timeout=20 * harness.TIMEOUT)
        self.dump(process.pid)
        process.write_line()
        for _ in range(SNAPSHOTS):  # of a process that works, beside whatever else the machine does
            self.tool("dump", "--timeout", "100s", process.pid)
        process.wait_line("ready done", timeout=20 * harness.TIMEOUT)
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")  # above all, it has not gone over to sampling
        report = self.report(top=20)
        snapshots = report.snapshots
        told = [[int(word) for word in line.split() if word.isdigit()]
                for line in process.lines if line.startswith("allocated ")]
        names = ("allocated_blocks", "allocated_bytes", "live_blocks", "live_bytes")
        self.assertEqual([snapshots[-1][name] - snapshots[0][name] for name in names],
                         [after - before for before, after in zip(*told)])
        own = [snapshot["rss"]["silt"] for snapshot in snapshots]
        # Each half makes as many stacks as the other: without folding this would double. The tree
        # may be 16 MB large before it is folded sooner, and grows on while a round is under way.
        self.assertLess(own[-1], own[0] * 1.4 + (4 << 20), own)
        self.assertLess(max(own), 64 << 20, own)
        self.assertRegex(" ".join(report.json["honesty"]),
                         r"[0-9,.]+( million)? stacks without live memory.* were folded")
        # Each snapshot meanwhile has all blocks that stay, and one that passes at the most.
        for before, after in zip(snapshots, snapshots[1:]):
            self.assertGreaterEqual(after["allocated_blocks"], before["allocated_blocks"])
            self.assertGreaterEqual(after["live_blocks"], before["live_blocks"] - 1)
        # They stay at one place in each of their stacks, which folding has not touched.
        leaf, = {stack["frames"][0]["function"] for stack in report.growing()}
        self.assertIn("staying", leaf)

    @unittest.skipIf(test_python.PYTHON is None, "not installed: python3.11")
    def test_stacks_of_python_that_come_once_are_folded(self):
        victim = str(harness.HERE / "python" / "ever_new_stacks.py")
        process = self.start([test_python.PYTHON, victim, str(SECONDS)])
        process.wait_line("ready first", timeout=20 * harness.TIMEOUT)
        self.dump(process.pid)
        process.write_line()
        self.tool("dump", "--timeout", "100s", process.pid)
        process.wait_line("ready done", timeout=20 * harness.TIMEOUT)
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")
        # Without the one that Python's own end takes.
        recording = self.recording()
        text, _ = self.tool("report", "--format", "json", "--function", "staying", "--top", 1000000,
                            *self.snapshots(recording)[:3])
        report = harness.Report(text)
        told = [[int(word) for word in line.split() if word.isdigit()]
                for line in process.lines if line.startswith("allocated ")]
        self.assertRegex(" ".join(report.json["honesty"]),
                         r"[0-9,.]+( million)? stacks without live memory.* were folded")
        own = [snapshot["rss"]["silt"] for snapshot in report.snapshots]
        self.assertLess(own[-1], own[0] * 1.4 + (4 << 20), own)
        # Every block that stays is at the stack that made it, to the unit. (The list that keeps them
        # grows there, too.)
        kept = [stack for stack in report.stacks if stack["heap"] == "python"]
        blocks = [sum(stack["live_blocks"][i] for stack in kept) for i in (0, 2)]
        size = [sum(stack["live_bytes"][i] for stack in kept) for i in (0, 2)]
        self.assertEqual(blocks, [counts[1] + 1 for counts in (told[0], told[1])])
        for i in (0, 1):
            self.assertLessEqual(told[i][1] * 31_033, size[i])
            self.assertLess(size[i], told[i][1] * 31_033 + 31_033)


if __name__ == "__main__":
    harness.main()
