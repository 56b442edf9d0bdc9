# SPDX-License-Identifier: Apache-2.0
"""A short set on aarch64, under an emulator: counts exact to the block, stacks from hooks, handlers
and coroutines as libunwind walks them, signed return addresses, snapshots on request, owners. The
whole of what the cross build can run is in scripts/test_long."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

import emulated
import harness

WALKED = {"SILT_VERIFY_WALK": "1"}
NODE_SCRIPT = """const kept = globalThis.kept = [];
function keepBuffers() { kept.push(Buffer.alloc(50000)); }
function onEveryRound() {
  keepBuffers();
  if (kept.length === 100) { console.log('ready'); process.stdin.resume(); } else setImmediate(onEveryRound);
}
onEveryRound();
"""


class Aarch64(emulated.EmulatedTest):
    def check_program(self, name, *arguments, least, stop_at="ready done"):
        report, process = self.run_emulated(name, *arguments, settings=WALKED, stop_at=stop_at)
        self.check_expectations(report, process.lines)
        self.assert_same_walks(process, least)
        return report

    def test_counts_of_threads_are_exact_to_the_block(self):
        report, process = self.run_emulated("exact_counts", stop_at="ready running")
        self.check_expectations(report, process.lines)
        names = harness.Report.names(report.with_function("allocate_kept")[0])
        self.assertLess(names.index("allocate_kept"), names.index("work"))

    def test_operators_and_allocation_functions_are_all_hooked(self):
        for name in ("operators", "entry_points"):
            with self.subTest(name):
                report, process = self.run_emulated(name)
                self.check_expectations(report, process.lines)

    def test_two_hundred_frames_and_five_thousand(self):
        report = self.check_program("deep_stack", least=20)
        stack, = report.with_function("leaf_of_200")
        names = harness.Report.names(stack)
        self.assertEqual(names.count("descend_200"), 200)
        self.assertIn("main", names)

    def test_a_handlers_stack_goes_on_in_the_interrupted_code(self):
        report = self.check_program("signal_stack", least=30)
        self.check_stacks_of_handlers(report)

    def test_exceptions_leave_hooks_and_coroutines_have_stacks(self):
        # (Without a second walk of each of its 30,000 stacks: scripts/verify_walks does that.)
        report, process = self.run_emulated("exceptions")
        self.check_expectations(report, process.lines)
        self.check_program("coroutines", least=4000)

    def test_functions_that_align_their_frames_lead_to_their_callers(self):
        self.check_program("realigned", least=20)

    def test_signed_return_addresses_are_stripped(self):
        report = self.check_program("signed_returns", least=20)
        for stack in report.with_function("leaf_of_200"):
            names = harness.Report.names(stack)
            self.assertEqual(names.count("descend_200"), 200)
            self.assertIn("main", names)

    def test_jumps_out_of_hooks_end_them(self):
        report, process = self.run_emulated("interrupted", "jump")
        self.check_expectations(report, process.lines)

    def test_the_library_needs_and_exports_what_it_may(self):
        check = emulated.ROOT.parent / "scripts" / "check_library.py"
        done = subprocess.run([sys.executable, check, emulated.LIBRARY], stdout=subprocess.PIPE,
                              text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_mappings_are_recorded(self):
        report, process = self.run_emulated("mappings")
        self.check_expectations(report, process.lines)

    def test_sampling_finds_the_stack_that_holds_most(self):
        report, _ = self.run_emulated("exact_counts", settings={"SILT_SAMPLE": "4K"},
                                      stop_at="ready running")
        self.assertTrue(report.with_function("allocate_kept"))

    def test_owners_where_a_copy_is_a_child_and_memory_is_read_from_a_file(self):
        """The emulator knows no clone without an exit signal, and no process_vm_readv."""
        process = self.start([emulated.program("owned")])
        process.wait_line("ready owned")
        path, said = self.tool("dump", "--timeout", "60s", "--owners", process.pid, timeout=120)
        self.assertRegex(said, r"\d blocks in .* lost;")
        report = json.loads(self.tool("report", "--format", "json", "--top", 1000, path.strip())[0])
        truths = [line.split(" ")[1:] for line in process.lines if line.startswith("owner ")]
        self.assertEqual(len(truths), 15)
        for size, kind, name in truths:
            with self.subTest(size=size, owner=name):
                stacks = [stack for stack in report["stacks"] if stack["live_blocks"][-1] and
                          stack["live_bytes"][-1] == int(size) * stack["live_blocks"][-1]]
                owners = [owner for stack in stacks for owner in stack["owners"]]
                blocks = sum(stack["live_blocks"][-1] for stack in stacks)
                right = sum(owner["blocks"] for owner in owners if owner["kind"] == kind and
                            (kind != "global" or name in owner["name"]))
                self.assertTrue(stacks)
                # A word that was left somewhere by chance may keep one or the other.
                self.assertGreaterEqual(right, blocks - max(2, blocks // 50), owners)
        self.assertEqual(process.finish(), 0)

    @unittest.skipUnless("SILT_TEST_LONG" in os.environ, "for scripts/test_long")
    def test_javascript_frames_lead_to_main(self):
        script = pathlib.Path(self.folder) / "keeps.js"
        script.write_text(NODE_SCRIPT)
        tried = 0
        for node in sorted((emulated.ROOT / "node").glob("node*")):
            with self.subTest(node.name):
                tried += 1
                process = self.start([node, script], settings={"SILT_AT_EXIT": "0"},
                                     system=emulated.ROOT / "programs")
                process.wait_line("ready")
                self.dump(process.pid)
                self.assertEqual(process.finish(timeout=300), 0, process.told())
                stacks = self.report(self.recording(node.name)).with_function("keepBuffers")
                live = sum(stack["live_bytes"][-1] for stack in stacks if stack["heap"] == "native")
                self.assertGreaterEqual(live, 100 * 50_000)
                for stack in stacks:
                    if stack["heap"] == "native" and stack["live_bytes"][-1] >= 50_000:
                        names = harness.Report.names(stack)
                        self.assertIn("onEveryRound", names)
                        self.assertEqual(names[-1], "_start")
        self.assertTrue(tried, "scripts/verify_walks --aarch64 fetches npm's builds of Node.js")

    def test_real_frames_of_every_kind_are_walked_as_libunwind_walks_them(self):
        test = emulated.BUILD / "test" / "interposer" / "test_interposer_unwind"
        environment = self.environment()
        done = subprocess.run(emulated.command([test], environment), env=environment,
                              cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace")[-3000:])


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    harness.main()
