# SPDX-License-Identifier: Apache-2.0
"""RSS is told as a sum of parts, and each part is what the victim made."""

import harness

MEGABYTE = 1_000_000
PARTS = ("files", "js_heap", "native_live", "allocator_held", "mappings", "stacks", "silt", "other",
         "unknown")


class MemoryParts(harness.SiltTest):
    def run_to_the_end(self, **options):
        process = self.start([harness.program("held_memory")],
                             settings={"SILT_AT_EXIT": "0"}, **options)
        for name in ("live", "freed"):
            process.wait_line(f"ready {name}")
            for _ in range(3):
                self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        return self.report()

    def parts(self, report):
        snapshots = report.snapshots
        self.assertEqual(len(snapshots), 6)
        for snapshot in snapshots:
            self.assertEqual(sum(snapshot["rss"][part] for part in PARTS), snapshot["rss_bytes"])
        return snapshots[0]["rss"], snapshots[-1]["rss"]

    def assert_within(self, value, low, high):
        self.assertGreaterEqual(value, low)
        self.assertLessEqual(value, high)

    def test_each_part_is_what_the_program_made(self):
        live, freed = self.parts(self.run_to_the_end())
        # 100,000 blocks of 480 bytes with their headers; half of 24 MiB; a stack of 6 MiB; a huge
        # page more where the kernel makes them by itself.
        self.assert_within(live["native_live"], 48 * MEGABYTE, 52 * MEGABYTE)
        self.assert_within(live["allocator_held"], 0, 6 * MEGABYTE)
        self.assert_within(live["mappings"], 12.5 * MEGABYTE, 14.8 * MEGABYTE)
        self.assert_within(live["stacks"], 6.2 * MEGABYTE, 9 * MEGABYTE)
        self.assert_within(live["silt"], 0.1 * MEGABYTE, 60 * MEGABYTE)
        self.assert_within(freed["native_live"], 0.7 * MEGABYTE, 2 * MEGABYTE)
        self.assert_within(freed["allocator_held"], 44 * MEGABYTE, 54 * MEGABYTE)
        self.assertIsNone(live["js_heap_used"])

    def test_what_the_allocator_holds_is_a_finding_that_breaks_no_gate(self):
        report = self.run_to_the_end()
        retained = [f for f in report.json["findings"] if f["verdict"] == "retained"]
        self.assertEqual(len(retained), 1)
        self.assertRegex(retained[0]["headline"],
                         r"^not a leak: the allocator holds \d+ MB of freed memory$")
        self.assertIn("malloc_trim(0)", retained[0]["reason"])
        self.assertGreater(retained[0]["growth_bytes"], 38 * MEGABYTE)
        self.tool("check", self.recording(), status=0)


if __name__ == "__main__":
    harness.main()
