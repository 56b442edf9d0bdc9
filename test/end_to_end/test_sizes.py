# SPDX-License-Identifier: Apache-2.0
"""SILT_AT: snapshots when the process comes to a size, has grown, or fills its cgroup."""

import harness

MIB = 1 << 20


class Sizes(harness.SiltTest):
    STEP = 8 * MIB

    def begin(self, marks):
        process = self.start([harness.program("grows_on_demand")],
                             settings={"SILT_AT": marks, "SILT_AT_EXIT": "0"})
        process.wait_line("ready begun")
        self.process = process
        self.folder_of_it = self.recording_of(process, "grows_on_demand")
        return process

    def step(self, letter="g", times=1):
        for _ in range(times):
            self.process.write_line(letter)
            self.process.wait_line("stepped")

    def resident(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * 4096

    def taken(self):
        return len(self.snapshots(self.folder_of_it))

    def wait_for(self, number):
        harness.wait_until(lambda: self.taken() >= number, f"snapshot {number}")

    def end(self):
        self.assertEqual(self.process.finish(), 0, self.process.told())
        self.assertEqual(self.process.errors(), "")

    def test_at_a_size_once_and_again_after_it_was_well_below(self):
        self.begin("64M")
        for _ in range(2):
            before = self.taken()
            # The kernel's own count is off by some pages, and the look may come at any moment.
            while self.resident() < 62 * MIB:
                self.assertEqual(self.taken(), before)
                self.step()
            while self.resident() < 66 * MIB:
                self.step()
            self.wait_for(before + 1)
            # Above the mark nothing more is taken, nor where memory falls a little and rises.
            self.step(times=3)
            self.step("f")
        self.end()
        self.assertEqual(self.taken(), 2)
        for snapshot in self.report(self.folder_of_it).snapshots:
            self.assertTrue(63 * MIB < snapshot["rss_bytes"] < 80 * MIB, snapshot)

    def test_at_growth_since_the_last_one_whoever_asked_for_that(self):
        self.begin("+22M")
        self.dump(self.process.pid)  # the loader and silt itself are there by now
        for letters in ("ggg", "gg", "ggg"):
            before = self.taken()
            for letter in letters:
                self.step(letter)
            if letters == "gg":
                self.dump(self.process.pid)  # growth counts from here
            self.wait_for(before + 1)
        self.end()
        live = [snapshot["live_bytes"] for snapshot in self.report(self.folder_of_it).snapshots]
        growth = [after - before for before, after in zip(live, live[1:])]
        # The look comes in the middle of a step, or at its end, and what is resident grows by more
        # than the blocks: by silt's tables, by pages of files.
        self.assertEqual(len(growth), 3)
        self.assertTrue(19 * MIB < growth[0] <= 24.1 * MIB, growth)
        self.assertTrue(15.9 * MIB < growth[0] + growth[1] - 24 * MIB < 16.1 * MIB, growth)
        self.assertTrue(19 * MIB < growth[2] <= 24.1 * MIB, growth)

    def test_at_growth_by_a_share(self):
        self.begin("+100%")
        while self.taken() < 2:
            self.step()
        self.end()
        sizes = [snapshot["rss_bytes"] for snapshot in self.report(self.folder_of_it).snapshots]
        self.assertGreater(sizes[1], 1.9 * sizes[0])

    def test_marks_that_are_not_understood_are_named_and_the_program_runs(self):
        for marks in ("lots", "+", "90", "0%", "101%", "1G,,2G", "+5x%"):
            process = self.begin(marks)
            self.step()
            self.assertEqual(process.finish(), 0)
            said = process.errors()
            if marks == "90":  # bytes: it is reached at once
                self.assertEqual(said, "")
                continue
            self.assertIn(f"SILT_AT='{marks}' is not understood (up to 16 marks such as "
                          "512M,1G,+25%,90%, or 0 for off)", said)
            self.assertEqual(said.count("\n"), 1, said)
            self.assertEqual(self.taken(), 0)

    def test_the_tool_refuses_them_before_the_program_runs(self):
        _, err = self.tool("run", "--at", "1G,many", "true", status=2)
        self.assertIn("--at '1G,many' is not understood", err)


if __name__ == "__main__":
    harness.main()
