# SPDX-License-Identifier: Apache-2.0
"""Stacks are whole and named: function, file and line, from the allocator's caller down to main."""

import pathlib

import harness

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "programs"


def line_with(file, text):
    for number, line in enumerate((SOURCES / file).read_text().splitlines(), 1):
        if text in line:
            return number
    raise AssertionError(f"{file} has no line with '{text}'")


class Stacks(harness.SiltTest):
    def test_the_leaking_line_is_named_through_an_inlined_function(self):
        process = self.start([harness.program("growth")])
        for _ in range(2):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        top = self.report().growing()[0]
        names = harness.Report.names(top)
        index = names.index("add")
        frame = top["frames"][index]
        self.assertTrue(frame["inlined"])
        self.assertTrue(frame["file"].endswith("test/programs/growth.cpp"), frame["file"])
        self.assertEqual(frame["line"], line_with("growth.cpp", "the leaking line"))
        self.assertEqual(names[index:index + 3], ["add", "handle_request", "main"])
        self.assertFalse(top["frames"][index + 1]["inlined"])
        self.assertTrue(frame["module"].endswith("/growth"), frame["module"])
        self.assertEqual(frame["kind"], "native")

    def test_the_text_report_names_function_file_and_line_near_its_top(self):
        process = self.start([harness.program("growth")])
        for _ in range(3):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        out, _ = self.tool("report", self.recording())
        head = "\n".join(out.splitlines()[:12])
        line = line_with("growth.cpp", "the leaking line")
        self.assertIn(f"growth.cpp:{line}", head)
        self.assertRegex(head, r"\badd\b|handle_request")
        self.assertNotIn("\x1b", out)

    def test_two_hundred_frames_are_whole(self):
        report, _ = self.run_victim("deep_stack")
        stack, = report.with_function("leaf_of_200")
        names = harness.Report.names(stack)
        self.assertEqual(names.count("descend_200"), 200)
        self.assertIn("main", names)

    def test_five_thousand_frames_are_cut_and_counted(self):
        report, _ = self.run_victim("deep_stack")
        stacks = report.with_function("leaf_of_5000")
        self.assertEqual(sum(stack["live_blocks"][-1] for stack in stacks), 10)
        self.assertGreaterEqual(harness.Report.names(stacks[0]).count("descend_5000"), 250)
        said = " ".join(map(str, report.notes)).lower()
        self.assertRegex(said, r"truncat|frame limit|cut|outermost frames")

    def test_realigned_functions_lead_to_their_callers(self):
        report, _ = self.run_victim("realigned")
        for leaf, frame in (("leaf_aligned", "realigned"),
                            ("leaf_aligned_variable", "realigned_variable")):
            for stack in report.with_function(leaf):
                names = harness.Report.names(stack)
                index = names.index(leaf)
                self.assertEqual(names[index:index + 4],
                                 [leaf, frame, "caller_of_realigned", "main"])

    def test_a_handlers_stack_goes_on_in_the_interrupted_code(self):
        report, _ = self.run_victim("signal_stack")
        self.check_stacks_of_handlers(report)

    def test_a_thread_starts_at_its_function(self):
        report, _ = self.run_victim("exact_counts", stop_at="ready running")
        stack = report.with_function("allocate_kept")[0]
        names = harness.Report.names(stack)
        self.assertLess(names.index("allocate_kept"), names.index("work"))
        self.assertNotIn("main", names)

    def test_what_a_plugin_leaked_is_its_own(self):
        report, _ = self.run_victim("plugin_host", harness.program("plugin_a.so"),
                                    harness.program("plugin_b.so"))
        for plugin in ("plugin_a", "plugin_b"):
            for stack in report.with_function(f"{plugin}_leak"):
                names = harness.Report.names(stack)
                index = names.index(f"{plugin}_leak")
                self.assertTrue(stack["frames"][index]["module"].endswith(f"/{plugin}.so"))
                self.assertEqual(names[index + 1:index + 4],
                                 ["plugin_run", "load_run_unload", "main"])

    def test_a_stripped_program_says_why_it_has_no_names(self):
        copy = pathlib.Path(self.folder) / "stripped"
        harness.subprocess.run(["strip", "-o", copy, harness.program("deep_stack")], check=True)
        process = self.start([str(copy)])
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        report = self.report()
        frames = [frame for stack in report.stacks for frame in stack["frames"]
                  if (frame["module"] or "").endswith("/stripped")]
        self.assertTrue(frames)
        self.assertTrue(all(frame["offset"] is not None for frame in frames))
        self.assertNotIn("leaf_of_200", [harness.simple_name(frame["function"]) for frame in frames])
        self.assertRegex(" ".join(report.notes), r"stripped")

    def test_separate_debug_files_are_found_by_debuglink(self):
        copy = pathlib.Path(self.folder) / "linked"
        debug = pathlib.Path(self.folder) / "linked.debug"
        original = harness.program("growth")
        for command in (["objcopy", "--only-keep-debug", original, debug],
                        ["objcopy", "--strip-all", f"--add-gnu-debuglink={debug}", original, copy]):
            harness.subprocess.run(list(map(str, command)), check=True)
        process = self.start([str(copy)])
        process.wait_line("ready step")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        stack = self.report().with_function("add")[0]
        frame = stack["frames"][harness.Report.names(stack).index("add")]
        self.assertEqual(frame["line"], line_with("growth.cpp", "the leaking line"))

    def test_a_program_with_its_own_malloc_is_recognized(self):
        process = self.start([harness.program("own_malloc")])
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        report = self.report()
        self.assertRegex(" ".join(report.notes), r"has its own allocator")

    def test_a_program_that_takes_mallocs_address_has_no_malloc_of_its_own(self):
        report, _ = self.run_victim("fixed_address")
        self.assertNotRegex(" ".join(report.notes), r"has its own allocator")

    def test_a_recording_moved_elsewhere_reports_the_same(self):
        report, _ = self.run_victim("growth", stop_at="ready step")
        moved = pathlib.Path(self.folder) / "elsewhere" / "copy of a recording"
        harness.shutil.copytree(self.recording(), moved)
        harness.shutil.rmtree(self.recording())
        self.assertEqual(self.report(moved).stacks, report.stacks)


if __name__ == "__main__":
    harness.main()
