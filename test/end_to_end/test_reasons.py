# SPDX-License-Identifier: Apache-2.0
"""Why there is no snapshot: `silt dump` says so in one line, with what, where, and what to do."""

import os
import pathlib

import harness


class Reasons(harness.SiltTest):
    def start_asked(self, *way, **settings):
        process = self.start([harness.program("asked"), *way], settings=settings)
        process.wait_line("ready asked")
        return process

    def check_reason(self, process, *reason):
        _, err = self.tool("dump", "--timeout", "1s", process.pid, status=3)
        self.assertEqual(err.count("\n"), 1, err)
        for part in reason:
            self.assertIn(part, err)
        self.assertNotIn("busy", err)

    def test_a_filter_that_forbids_files(self):
        for way in ("works", "waits"):
            with self.subTest(way):
                process = self.start_asked("files-forbidden", way)
                self.check_reason(process, f"process {process.pid}", "seccomp", "openat")
                self.assertEqual(process.finish(), 0, process.told())

    def test_as_many_mappings_as_the_kernel_allows(self):
        limit = int(pathlib.Path("/proc/sys/vm/max_map_count").read_text(encoding="ascii"))
        if limit > 190000:
            self.skipTest("the kernel allows more than the program makes")
        for way in ("works", "waits"):
            with self.subTest(way):
                process = self.start_asked(way, "mapped")
                self.check_reason(process, "mappings", "as many as the kernel allows",
                                  "vm.max_map_count")
                process.process.kill()

    def test_a_recording_replaced_by_a_link(self):
        for way in ("works", "waits"):
            with self.subTest(way):
                process = self.start_asked(way)
                recording = os.path.dirname(self.dump(process.pid))
                os.rename(recording, recording + ".moved")
                os.symlink(recording + ".moved", recording)
                self.check_reason(process, f"cannot open the recording '{recording}': not a directory",
                                  "put its folder back")
                os.unlink(recording)
                os.rename(recording + ".moved", recording)
                self.assertEqual(os.path.dirname(self.dump(process.pid)), recording)
                self.assertEqual(process.finish(), 0, process.told())

    def test_a_black_box_that_was_truncated(self):
        for way in ("works", "waits"):
            with self.subTest(way):
                process = self.start_asked(way, SILT_BLACKBOX="1")
                box, = pathlib.Path(self.folder).glob(f"**/silt.asked.{process.pid}/blackbox")
                os.truncate(box, 0)
                for _ in range(2):
                    self.check_reason(process, "black box was truncated", "start it again")
                self.assertEqual(process.finish(), 0, process.told())
                self.assertEqual(list(box.parent.glob("*.silt")), [])


if __name__ == "__main__":
    harness.main()
