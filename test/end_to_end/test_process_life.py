# SPDX-License-Identifier: Apache-2.0
"""How processes begin, multiply and end, at their worst moments: what happens is what happens
without silt, and the recordings are whole."""

import os
import pathlib
import signal
import subprocess
import unittest

import harness


class Forks(harness.SiltTest):
    def check_forked(self, way, **settings):
        for interval in ("0", "1"):
            status, out, err = self.run_program(
                [harness.program("forked"), way], timeout=120,
                settings={"SILT_SAMPLE": interval, **settings})
            self.assertEqual((status, out.splitlines()[-1:], err), (0, ["ready done"], ""),
                             f"SILT_SAMPLE={interval}")

    def test_an_allocator_that_maps_with_its_lock_held_and_takes_it_before_forks(self):
        self.check_forked("allocator", SILT_AT_EXIT="0")

    def test_fork_handlers_that_allocate(self):
        report, lines = self.run_victim("forked", "handlers", settings={"SILT_AT_EXIT": "0"})
        self.check_expectations(report, lines)

    def test_raw_clones_at_any_moment(self):
        self.check_forked("clone", SILT_AT_EXIT="0")

    def test_a_raw_clone_has_a_recording_of_its_own(self):
        self.check_forked("clone")
        self.assertEqual(len(self.recordings("forked")), 2 * 151)
        for recording in self.recordings("forked")[:10]:
            self.assertEqual(self.report(recording).json["process"]["pid"],
                             int(recording.rsplit(".", 1)[1]))

    def test_workers_of_a_server_that_end_in_every_way(self):
        report, lines = self.run_victim("forked", "workers", settings={"SILT_CHILDREN": "0"})
        self.check_expectations(report, lines)
        status, _, err = self.run_program([harness.program("forked"), "workers"])
        self.assertEqual((status, err), (0, ""))
        # The parent; of each round those that called exit and _exit.
        self.assertEqual(len(self.recordings("forked")), 1 + 1 + 2 * 12)


class Ends(harness.SiltTest):
    def check_edges(self, way):
        command = [harness.program("edges"), way]
        for interval in ("0", "1"):
            plain, _ = self.assert_unharmed(command, silt_settings={"SILT_SAMPLE": interval},
                                            timeout=60)
        return (self.report(self.recordings("edges")[0]),
                (plain.status, plain.output, plain.errors))

    def test_allocation_before_all_constructors(self):
        report, _ = self.check_edges("early")
        self.assertEqual(report.sums("leak_at_edge")[0], 7)

    def test_allocation_in_exit_handlers(self):
        report, plain = self.check_edges("handlers")
        self.assertEqual(plain[1], "last\n")
        self.assertEqual(report.sums("leak_at_edge")[0], 7)

    def test_main_returns_while_detached_threads_allocate(self):
        self.assertEqual(self.check_edges("detached")[1][0], 5)

    def test_exit_while_detached_threads_allocate(self):
        self.assertEqual(self.check_edges("exit")[1][0], 6)

    def test_quick_exit_while_detached_threads_allocate(self):
        self.assertEqual(self.check_edges("quick")[1][0], 7)

    def test_earlier_snapshots_survive_a_kill_at_any_moment(self):
        for number in range(6):
            process = self.start([harness.program("under_load")],
                                 settings={"SILT_EVERY": "1ms"})
            process.wait_line("ready running")
            recording = self.recording_of(process, "under_load")
            # One may have begun before the last of the blocks that are looked for.
            wanted = len(self.snapshots(recording)) + 2 + 5 * number
            harness.wait_until(lambda: len(self.snapshots(recording)) >= wanted, "snapshots")
            process.process.kill()
            self.assertEqual(process.finish(), -signal.SIGKILL)
            taken = self.snapshots(recording)
            report = self.report(recording)
            self.assertEqual(len(report.snapshots), len(taken))
            self.assertEqual(report.sums("leak_under_load")[:2], (77, 77 * 4409))


class Preloads(harness.SiltTest):
    def test_other_libraries_before_and_after(self):
        neighbour = harness.program("neighbour.so")
        for name, text in (("growth", "\n" * 20), ("late_calls", "\n"), ("exceptions", "\n")):
            command = [harness.program(name)]
            for order in ((harness.LIBRARY, neighbour), (neighbour, harness.LIBRARY)):
                plain, _ = self.assert_unharmed(
                    command, settings={"LD_PRELOAD": neighbour},
                    silt_settings={"LD_PRELOAD": ":".join(order)}, text=text)
                self.assertIn("neighbour ends", plain.output)

    def test_counts_are_right_beside_another_library(self):
        for_both = f"{harness.LIBRARY}:{harness.program('neighbour.so')}"
        report, lines = self.run_victim("exceptions", settings={"LD_PRELOAD": for_both})
        self.check_expectations(report, lines, snapshot=0)

    def test_the_environment_is_handed_on_as_it_was(self):
        settings = {"SILT_OUT": self.out,
                    "LD_PRELOAD": f"{harness.program('neighbour.so')} {harness.LIBRARY}"}
        plain = self.run_program(["/bin/sh", "-c", "exec env"], settings=settings)
        environment = dict(line.split("=", 1) for line in plain[1].splitlines() if "=" in line)
        self.assertEqual(environment["LD_PRELOAD"], settings["LD_PRELOAD"])
        self.assertEqual({name for name in environment if name.startswith("SILT_")}, {"SILT_OUT"})

    @unittest.skipUnless(os.geteuid() == 0, "needs root to make one")
    def test_a_set_user_id_program_is_left_alone(self):
        program = pathlib.Path(self.folder) / "as_root"
        program.write_bytes(pathlib.Path("/usr/bin/id").read_bytes())
        os.chmod(program, 0o4755)
        os.chmod(self.out, 0o1777)

        def become_nobody():
            os.setgid(65534)
            os.setuid(65534)
        plain = subprocess.run([program, "-u"], capture_output=True, preexec_fn=become_nobody,
                               check=True, env=self.environment())
        if plain.stdout != b"0\n":
            self.skipTest("set-user-ID has no effect here")
        silt = subprocess.run([program, "-u"], capture_output=True, preexec_fn=become_nobody,
                              check=True, env=self.silt_environment())
        self.assertEqual((silt.stdout, silt.stderr), (plain.stdout, plain.stderr))
        self.assertEqual(os.listdir(self.out), [])

class Ends(harness.SiltTest):
    def test_a_process_lives_on_when_its_main_thread_has_ended(self):
        """/proc/PID calls it a zombie then and shows nothing of it; its other threads do."""
        process = self.start([harness.program("early_ends"), "main"])
        process.wait_line("ready ends")
        report = self.report(self.dump(process.pid))
        self.assertEqual(report.sums("keep_in_thread")[:2], (50, 50000))
        self.assertGreater(report.json["snapshots"][-1]["rss_bytes"], 0)
        out, _ = self.tool("top", "--once")
        self.assertRegex(out, rf"(?m)^ *{process.pid} .*[MGk]B .*early_ends main$")
        self.assertIn("keep_in_thread", self.tool("top", "--once", process.pid)[0])
        self.assertEqual(process.finish(), 0)

    def test_a_snapshot_counts_also_when_the_process_ends_right_after_it(self):
        """Its signal interrupts a wait that silt cannot take up again, and the program gives up."""
        for _ in range(5):
            process = self.start([harness.program("early_ends"), "wait"],
                                 settings={"SILT_AT_EXIT": "0"})
            process.wait_line("ready ends")
            path = self.dump(process.pid)
            self.assertEqual(self.snapshots(os.path.dirname(path)), [path])
            self.assertEqual(process.finish(), 0)

    def test_no_advice_to_start_what_was_recorded_anew(self):
        process = self.start([harness.program("early_ends"), "wait"],
                             settings={"SILT_AT_EXIT": "0"})
        process.wait_line("ready ends")
        os.kill(process.pid, signal.SIGKILL)
        ended = f"/proc/{process.pid}/stat"
        harness.wait_until(lambda: ") Z " in pathlib.Path(ended).read_text("utf-8"), "the end")
        _, err = self.tool("dump", process.pid, status=3)
        self.assertEqual(err, f"silt: process {process.pid} has ended already\n")
        process.process.wait()


class Named(harness.SiltTest):
    def test_a_recording_that_is_named_twice_counts_once(self):
        self.run_program([harness.program("early_ends"), "main"])
        recording = self.recording()
        link = os.path.join(self.folder, "link")
        os.symlink(recording, link)
        alone = self.tool("report", "--format", "json", recording)[0]
        for more in (recording, link, self.snapshots(recording)[0]):
            out, err = self.tool("report", "--format", "json", recording, more)
            self.assertIn("counts once", err)
            self.assertEqual(out, alone)


if __name__ == "__main__":
    harness.main()
