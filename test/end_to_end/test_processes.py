# SPDX-License-Identifier: Apache-2.0
"""Fork, exec and the other ways to start and end: same behaviour, a recording for each process."""

import os
import pathlib
import signal
import unittest

import harness


class Processes(harness.SiltTest):
    def check_same(self, way, *arguments, **options):
        command = [harness.program("launches"), way, *arguments]
        _, silt = self.assert_unharmed(command, **options)
        return silt.status, silt.output, silt.errors

    def test_a_tree_of_forks_has_a_recording_for_each_process(self):
        status, _, err = self.run_program([harness.program("fork_tree")])
        self.assertEqual((status, err), (12, ""))
        self.assertEqual(len(self.recordings("fork_tree")), 10)
        leaks = {"leak_in_parent": 0, "leak_in_child": 0, "leak_in_grandchild": 0}
        for recording in self.recordings("fork_tree"):
            report = self.report(recording)
            self.assertEqual(report.json["process"]["pid"], int(recording.rsplit(".", 1)[1]))
            blocks = {name: report.sums(name)[0] for name in leaks}
            deepest = [name for name in leaks if blocks[name]][-1]
            leaks[deepest] += 1
            wanted = {"leak_in_parent": 5, "leak_in_child": 100, "leak_in_grandchild": 7}
            self.assertEqual(blocks[deepest], wanted[deepest])
        self.assertEqual(leaks, {"leak_in_parent": 1, "leak_in_child": 3, "leak_in_grandchild": 6})

    def test_a_childs_recording_counts_what_it_inherited(self):
        self.run_program([harness.program("fork_tree")])
        for recording in self.recordings("fork_tree"):
            self.assertEqual(self.report(recording).sums("leak_in_parent")[:2], (5, 5 * 3517))

    def children_of(self, process):
        path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        return [int(pid) for pid in path.read_text(encoding="ascii").split()]

    def start_workers(self, command):
        """With its two children; all of them are ended with the test."""
        process = self.start(command)
        self.addCleanup(self.end_family, process)
        harness.wait_until(lambda: len(self.children_of(process)) == 2, "two children")
        return process

    def end_family(self, process):
        for pid in [*self.children_of(process), process.pid]:
            os.kill(pid, signal.SIGKILL)

    def test_one_dump_for_a_process_and_all_that_it_started(self):
        process = self.start_workers([harness.program("two_workers")])
        workers = self.children_of(process)
        for _ in range(2):
            out, _ = self.tool("dump", "--tree", process.pid)
            folders = [pathlib.Path(line).parent.name for line in out.splitlines()]
            self.assertEqual(sorted(folders), sorted(f"silt.two_workers.{pid}"
                                                     for pid in [process.pid, *workers]))
        out, _ = self.tool("dump", process.pid)
        self.assertEqual(len(out.splitlines()), 1)
        # The parent has one snapshot more than its children: their figures are lined up.
        report = self.report(*self.recordings("two_workers"))
        self.assertEqual({row["judged"] for row in report.json["processes"]}, {True})
        self.assertEqual(len(report.snapshots), 3)
        self.assertGreater(report.snapshots[-1]["elapsed_seconds"],
                           report.snapshots[0]["elapsed_seconds"])
        for stack in report.stacks:
            self.assertEqual(len(stack["live_bytes"]), 3)

    def test_a_root_that_is_not_recorded_is_no_failure(self):
        process = self.start_workers(["/usr/bin/env", "LD_PRELOAD=", "/bin/sh", "-c",
                                      f"LD_PRELOAD={harness.LIBRARY} sleep 60 &"
                                      f"LD_PRELOAD={harness.LIBRARY} sleep 61 & wait"])
        for pid in self.children_of(process):
            harness.wait_until(lambda: "libsilt.so" in pathlib.Path(f"/proc/{pid}/maps").read_text(),
                               "silt in both")
        out, told = self.tool("dump", "--tree", process.pid)
        self.assertEqual(len(out.splitlines()), 2, out)
        self.assertIn(f"process {process.pid} (sh) is not recorded itself", told)

    def test_a_process_of_the_tree_that_does_not_answer_is_named(self):
        process = self.start_workers([harness.program("two_workers")])
        stopped = self.children_of(process)[0]
        os.kill(stopped, signal.SIGSTOP)
        status = pathlib.Path(f"/proc/{stopped}/status")
        harness.wait_until(lambda: "State:\tT" in status.read_text(), "a stopped process")
        out, told = self.tool("dump", "--tree", process.pid, status=3)
        self.assertEqual(len(out.splitlines()), 2, out)
        self.assertIn(f"process {stopped} is stopped", told)
        self.assertIn("1 of 3 processes gave no snapshot", told)

    def test_what_can_be_done_about_a_process_without_silt(self):
        for command, said in ((["/bin/sleep", "60"], "start it anew with 'silt run"),
                              (["/usr/bin/python3", "-c", "input()"], "memray attach")):
            process = self.start(command, silt=False)
            for more in ([], ["--tree"]):
                out, told = self.tool("dump", *more, process.pid, status=3)
                self.assertEqual(out, "")
                self.assertIn(f"process {process.pid} runs without libsilt.so", told)
                self.assertIn(said, told)
            process.process.kill()

    def test_what_was_started_and_is_not_recorded_is_named(self):
        process = self.start_workers(["/bin/sh", "-c", "LD_PRELOAD= sleep 60 & sleep 61 & wait"])
        out, told = self.tool("dump", "--tree", process.pid)
        self.assertEqual(len(out.splitlines()), 2, out)
        self.assertRegex(told, r"process \d+ \((sleep|sh)\), started by it, is not recorded")

    def test_children_are_left_alone_when_asked(self):
        status, _, _ = self.run_program([harness.program("fork_tree")],
                                        settings={"SILT_CHILDREN": "0"})
        self.assertEqual(status, 12)
        self.assertEqual(len(self.recordings()), 1)

    def test_exec_continues_under_silt(self):
        self.assertEqual(self.check_same("exec")[0], 7)
        report = self.report(self.recordings("launches")[-1])
        self.assertEqual(report.sums("leak_before_end")[0], 3)

    def test_launched_programs_are_not_recorded_when_asked(self):
        for way in ("vfork", "spawn", "system"):
            self.assert_unharmed([harness.program("launches"), way],
                                 silt_settings={"SILT_CHILDREN": "0"})
        for recording in self.recordings():
            for path in self.snapshots(recording):
                self.assertNotIn("self", self.report(path).json["process"]["command"].split())

    def test_vfork(self):
        self.check_same("vfork")

    def test_posix_spawn(self):
        self.check_same("spawn")
        self.assertEqual(len(self.recordings("launches")), 2)

    def test_system_and_popen(self):
        self.check_same("system")

    def test_exit_with_a_status(self):
        self.assertEqual(self.check_same("exit")[0], 11)
        self.assertEqual(len(self.snapshots(self.recording())), 1)

    def test_underscore_exit(self):
        self.assertEqual(self.check_same("_exit")[0], 12)

    def test_quick_exit(self):
        self.assertEqual(self.check_same("quick_exit")[0], 13)

    def test_the_first_allocation_is_libcs_own_under_a_lock(self):
        for silt in (False, True):
            done = self.run_program([harness.program("early_locale")], silt=silt, timeout=20)
            self.assertEqual(done, (0, "ready done\n", ""))

    def test_short_threads_leave_nothing_behind(self):
        for silt in (False, True):
            done = self.run_program([harness.program("thread_ends")], silt=silt, timeout=60)
            self.assertEqual(done, (0, "ready done\n", ""))

    def test_a_program_started_through_the_loader(self):
        loader = "/lib64/ld-linux-x86-64.so.2"
        status, _, err = self.run_program([loader, harness.program("exact_counts")],
                                          text="\n" * 20)
        self.assertEqual((status, err), (0, ""))
        report = self.report(self.recording("exact_counts"))
        self.assertTrue(report.with_function("main"))

    def test_no_descriptor_is_taken(self):
        for redirection in ("", "0<&-", "2>&-"):
            command = ["/bin/sh", "-c", f"exec {redirection}; exec ls /proc/self/fd"]
            self.assert_unharmed(command)

    def test_a_plugin_is_found_by_its_callers_search_path(self):
        folder = pathlib.Path(self.folder) / "with_plugin"
        (folder / "plugins").mkdir(parents=True)
        (folder / "plugin.c").write_text("int answer(void) { return 42; }\n")
        (folder / "main.c").write_text(
            "#include <dlfcn.h>\n#include <stdio.h>\n"
            "int main(void) {\n"
            '  void* plugin = dlopen("libsilt_test_plugin.so", RTLD_NOW);\n'
            '  puts(plugin == NULL ? dlerror() : "found");\n'
            "  return plugin == NULL;\n}\n")
        for command in (["gcc", "-shared", "-fPIC", "plugin.c", "-o",
                         "plugins/libsilt_test_plugin.so"],
                        ["gcc", "main.c", "-Wl,--enable-new-dtags,-rpath,$ORIGIN/plugins",
                         "-o", "main"]):
            harness.subprocess.run(command, cwd=folder, check=True)
        for silt in (False, True):
            status, out, err = self.run_program([str(folder / "main")], silt=silt)
            self.assertEqual((status, out.strip()), (0, "found"), err)

    def test_abort(self):
        self.assertEqual(self.check_same("abort")[0], -6)

    def test_a_fatal_signal(self):
        self.assertEqual(self.check_same("killed")[0], -11)

    def test_a_daemon_that_closed_every_file_and_left_its_folder(self):
        done = pathlib.Path(self.folder) / "done"
        command = [harness.program("launches"), "daemon", str(done)]
        status, out, err = self.run_program(command)
        self.assertEqual((status, out, err), (0, "status 0\natexit\n", ""))
        harness.wait_until(done.exists, "the daemon's end")
        found = lambda: [self.report(path) for path in self.recordings("launches")
                         if self.snapshots(path)]
        daemons = harness.wait_until(
            lambda: [report for report in found() if report.sums("leak_before_end")[0] == 12],
            "the daemon's recording")
        self.assertEqual(len(daemons), 1)

    @unittest.skipUnless(os.geteuid() == 0, "needs root to give up rights")
    def test_a_program_that_gave_up_its_rights_still_records(self):
        script = ("import os,sys\nos.setgid(65534);os.setuid(65534);os.chdir('/')\n"
                  "print('ready',flush=True)\nsys.stdin.readline()\n")
        os.chmod(self.out, 0o1777)
        process = self.start(["/usr/bin/python3", "-c", script])
        process.wait_line("ready")
        self.dump(process.pid)
        recording = self.recording()
        self.assertEqual(process.finish(), 0)
        self.assertGreaterEqual(len(self.snapshots(recording)), 1)

    def test_nothing_half_written_is_left(self):
        for way in ("exit", "_exit", "abort", "killed", "quick_exit"):
            self.run_program([harness.program("launches"), way])
        left = [path for path in pathlib.Path(self.out).rglob("*")
                if path.is_file() and path.name != "control" and path.suffix != ".silt"]
        self.assertEqual(left, [])


class Run(harness.SiltTest):
    """`silt run` is invisible: streams, signals and exit status are the program's own."""

    def test_streams_and_status_pass_through(self):
        done = harness.subprocess.run(
            [harness.TOOL, "run", "--", "/bin/sh", "-c", "cat; echo to-err >&2; exit 23"],
            input=b"through\n", capture_output=True, check=False, env=self.environment(
                SILT_OUT=self.out), cwd=self.folder, timeout=60)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (23, b"through\n", b"to-err\n"))
        self.assertTrue(self.recordings())

    def test_a_fatal_signal_is_passed_on(self):
        done = harness.subprocess.run(
            [harness.TOOL, "run", "--", harness.program("launches"), "killed"], check=False,
            env=self.environment(SILT_OUT=self.out), cwd=self.folder, timeout=60)
        self.assertIn(done.returncode, (-11, 128 + 11))

    def test_a_program_that_does_not_exist(self):
        _, err = self.tool("run", "--", "/nonexistent/program", status=None)
        self.assertIn("/nonexistent/program", err)
        self.assertEqual(len(err.strip().splitlines()), 1)

    def test_signals_reach_the_program(self):
        process = harness.Process([harness.TOOL, "run", "--", harness.program("session_server"),
                                   "0", "60"], self.environment(SILT_OUT=self.out), self.folder)
        self.addCleanup(process.stop)
        process.wait_line("listening")
        process.process.terminate()
        self.assertEqual(process.finish(), 0)


if __name__ == "__main__":
    harness.main()
