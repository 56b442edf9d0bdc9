# SPDX-License-Identifier: Apache-2.0
"""Every number is right to the unit: each victim says what is true, and the report must agree."""

import harness


def makes_test(name, arguments=(), **options):
    def test(self):
        report, lines = self.run_victim(name, *arguments, **options)
        self.check_expectations(report, lines, snapshot=0)
    return test


class Counts(harness.SiltTest):
    test_every_c_entry_point = makes_test("entry_points")
    test_every_form_of_operator_new = makes_test("operators")
    test_names_that_few_programs_call = makes_test("other_names")
    test_anonymous_mappings = makes_test("mappings")
    test_exceptions_are_thrown_and_counted = makes_test("exceptions")
    test_ten_thousand_short_threads = makes_test("thread_churn")
    test_allocation_before_main_and_in_destructors_of_threads = makes_test("late_calls")
    test_threads_with_the_smallest_stacks = makes_test("small_stacks")
    test_handlers_on_own_and_alternate_stacks = makes_test("signal_stack")
    test_coroutines = makes_test("coroutines")
    test_realigned_stacks = makes_test("realigned")
    test_plugins_loaded_where_others_were = makes_test(
        "plugin_host", (harness.program("plugin_a.so"), harness.program("plugin_b.so")))
    test_deep_stacks = makes_test("deep_stack")

    def test_eight_threads_are_exact_at_the_end_and_snapshots_while_they_run_add_up(self):
        process = self.start([harness.program("exact_counts")])
        process.wait_line("ready running")
        for _ in range(3):
            self.dump(process.pid)
        process.write_line()
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        report = self.report()
        self.check_expectations(report, process.lines)
        self.assertEqual(len(report.snapshots), 5)
        for index in range(4):
            self.assertLessEqual(report.sums("allocate_kept", snapshot=index)[0], 8000)

    def test_the_snapshot_at_exit_alone_is_exact(self):
        status, out, err = self.run_program([harness.program("exact_counts")])
        self.assertEqual((status, err), (0, ""))
        self.check_expectations(self.report(), out.splitlines())

    def test_without_the_exit_snapshot_there_is_none(self):
        process = self.start([harness.program("exact_counts")], settings={"SILT_AT_EXIT": "0"})
        process.wait_line("ready running")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        self.assertEqual(len(self.snapshots(self.recording())), 1)

    def test_mappings_are_left_out_when_asked(self):
        report, _ = self.run_victim("mappings", settings={"SILT_MMAP": "0"})
        self.assertEqual([stack for stack in report.stacks if stack["heap"] == "mapping"], [])

    def test_growth_is_what_was_added_between_the_snapshots(self):
        process = self.start([harness.program("growth")], settings={"SILT_AT_EXIT": "0"})
        for _ in range(6):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        report = self.report()
        top = report.growing()[0]
        self.assertEqual(top["growth_blocks"], 500)
        self.assertEqual(top["growth_bytes"], 500 * 4507)
        self.assertEqual(top["live_blocks"], [100, 200, 300, 400, 500, 600])
        self.assertEqual(report.growing()[1:], [])

    def test_estimates_of_a_sampled_run_are_near_the_truth(self):
        report, _ = self.run_victim("exact_counts", settings={"SILT_SAMPLE": "4096"})
        blocks, size_bytes, *_ = report.sums("allocate_kept")
        self.assertAlmostEqual(size_bytes, 8000 * 1009, delta=8000 * 1009 * 0.15)
        self.assertAlmostEqual(blocks, 8000, delta=8000 * 0.15)
        temporary = report.sums("allocate_temporary")
        self.assertEqual(temporary[:2], (0, 0))
        self.assertAlmostEqual(temporary[3], 400000 * 523, delta=400000 * 523 * 0.05)


class OtherAllocators(harness.SiltTest):
    """An allocator that comes as a shared library keeps doing the work, and is seen."""

    def check_with(self, library, victims=("exact_counts", "operators")):
        path = f"/usr/lib/x86_64-linux-gnu/{library}"
        if not harness.os.path.exists(path):
            self.skipTest(f"{library} is not installed")
        for victim in victims:
            process = self.start([harness.program(victim)],
                                 settings={"LD_PRELOAD": f"{harness.LIBRARY}:{path}"})
            process.run_until("ready done")
            maps = harness.pathlib.Path(f"/proc/{process.pid}/maps").read_text()
            self.assertIn(library, maps)
            self.dump(process.pid)
            self.assertEqual(process.finish(), 0, process.told())
            self.check_expectations(self.report(self.recording(victim)), process.lines, snapshot=0)

    def test_jemalloc(self):
        self.check_with("libjemalloc.so.2")

    def test_tcmalloc(self):
        self.check_with("libtcmalloc_minimal.so.4")

    def test_mimalloc(self):
        # Its operator new ends the program where it should throw, with silt or without.
        self.check_with("libmimalloc.so.2.0", ("exact_counts",))


class Unchanged(harness.SiltTest):
    """What a program prints and returns is the same with silt as without."""

    def check_same(self, name, *arguments, text=""):
        _, silt = self.assert_unharmed([harness.program(name), *arguments], text=text)
        return silt.status, silt.output, silt.errors

    def test_errno_is_the_callers(self):
        self.assertEqual(self.check_same("errno_kept")[0], 0)

    def test_usable_sizes_and_alignment(self):
        self.assertEqual(self.check_same("usable_size")[0], 0)

    def test_errno_is_kept_while_snapshots_are_taken(self):
        process = self.start([harness.program("errno_kept")])
        process.wait_line("ready start")
        self.dump(process.pid)
        process.write_line()
        recording = self.recording()
        while process.process.poll() is None:
            before = len(self.snapshots(recording))
            harness.os.kill(process.pid, harness.signal.SIGUSR2)
            harness.wait_until(lambda: len(self.snapshots(recording)) > before
                               or process.process.poll() is not None, "a snapshot or the end")
        self.assertEqual(process.finish(), 0, process.told())

    def test_a_program_under_tight_limits(self):
        resource = __import__("resource")
        for limit, value in ((resource.RLIMIT_AS, 64 << 20), (resource.RLIMIT_AS, 512 << 20),
                             (resource.RLIMIT_NOFILE, 4), (resource.RLIMIT_FSIZE, 0),
                             (resource.RLIMIT_DATA, 16 << 20), (resource.RLIMIT_STACK, 256 << 10)):
            plain, _ = self.assert_unharmed([harness.program("early_limits")],
                                            limits=[(limit, value)], errors=False)
            self.assertEqual(plain.status, 0, plain)


if __name__ == "__main__":
    harness.main()
