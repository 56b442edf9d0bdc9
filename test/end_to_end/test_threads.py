# SPDX-License-Identifier: Apache-2.0
"""Which threads allocate what grows, in a program in which several do."""

import os
import shutil
import signal
import subprocess
import unittest

import harness


class Threads(harness.SiltTest):
    ROUNDS = 8

    def recorded(self, settings=None):
        process = self.start([harness.program("makers")], settings=settings)
        for _ in range(self.ROUNDS):
            process.wait_line("ready round")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        return process.pid, self.report(self.recording("makers"))

    @staticmethod
    def threads(report, function):
        stack, = report.with_function(function)
        return stack["threads"]

    def test_each_stack_is_told_with_who_allocated_there(self):
        self.check_makers(*self.recorded())

    def check_makers(self, pid, report):
        importer, = self.threads(report, "keep_import")
        self.assertEqual((importer["kind"], importer["name"], importer["share"]),
                         ("thread", "importer", 1))
        one, = report.with_function("import_rows")
        self.assertEqual(one["threads"], [importer])
        shared = [stack["threads"] for stack in report.with_function("keep_shared")]
        self.assertIn([{"kind": "main", "id": pid, "name": "makers", "share": 1}], shared)
        pools = [threads for threads in shared if threads[0]["kind"] == "thread"]
        self.assertTrue(pools)
        for pool in pools:  # the compiler may have made two calls of a loop
            self.assertEqual([(one["name"], one["share"]) for one in pool],
                             [("pool", 0.5), ("pool", 0.5)])
            self.assertEqual(len({one["id"] for one in pool}), 2)
        in_turn, = self.threads(report, "keep_in_turn")
        self.assertEqual((in_turn["kind"], in_turn["name"]), ("successive", None))

    def test_a_finding_says_it_in_words_in_each_format(self):
        self.recorded()
        recording = self.recording("makers")
        for form in "text", "markdown", "junit", "html":
            out, _ = self.tool("report", "--format", form, recording)
            self.assertIn("100 % by importer ", " ".join(out.split()), form)
            self.assertIn("80 % by 2 threads named pool, 20 % by the main thread",
                          " ".join(out.split()), form)

    # go tool pprof is pprof's own reader, which takes no profile that is not valid.
    @unittest.skipUnless(shutil.which("go"), "not installed: golang-go")
    def test_pprof_filters_by_thread(self):
        self.recorded()
        path = os.path.join(self.folder, "makers.pb.gz")
        self.tool("report", "-o", path, self.recording("makers"))

        def pprof(*arguments):
            result = subprocess.run(["go", "tool", "pprof", *arguments, path], check=True,
                                    capture_output=True, text=True,
                                    env=os.environ | {"HOME": self.folder})
            return result.stdout

        tags = pprof("-tags", "-sample_index=inuse_objects")
        self.assertRegex(tags, r"(?m)^ thread: Total")
        for name in "main", "pool", "importer", "successive":
            self.assertRegex(tags, rf"(?m)%\): {name}$")
        top = pprof("-top", "-sample_index=inuse_space", "-tagfocus=thread=pool")
        self.assertIn(" keep_shared\n", top)
        self.assertNotIn("keep_import", top)
        for report in ["-tree"], ["-raw"], ["-traces"], ["-top", "-diff_base", path]:
            self.assertIn("keep_shared" if report[-1] != path else "Total samples", pprof(*report))

    def test_compact_snapshots_tell_it_too(self):
        _, report = self.recorded(settings={"SILT_KEEP": "100"})
        importer, = self.threads(report, "keep_import")
        self.assertEqual((importer["name"], importer["share"]), ("importer", 1))

    def test_what_a_kill_leaves_tells_it_too(self):
        process = self.start([harness.program("makers")], settings={"SILT_BLACKBOX": "1"})
        for _ in range(self.ROUNDS):
            process.wait_line("ready round")
            process.write_line()
        process.wait_line("ready round")
        os.kill(process.pid, signal.SIGKILL)
        process.process.wait()
        report = self.report(self.recording("makers"))
        self.check_makers(process.pid, report)

    def test_a_program_with_one_thread_has_nothing_to_tell(self):
        report, _ = self.run_victim("entry_points")
        self.assertFalse([stack for stack in report.stacks if "threads" in stack])
        self.assertFalse([finding for finding in report.json["findings"] if "threads" in finding])


if __name__ == "__main__":
    harness.main()
