# SPDX-License-Identifier: Apache-2.0
"""Programs on Node.js with nothing but LD_PRELOAD: JavaScript heap, Buffers, workers, clusters."""

import json
import os
import pathlib
import re
import shutil
import signal
import time
import unittest

import harness
from harness import needs
from node_programs import APPS, NODE, STEP_BYTES, NodeTest, other_versions


class Growth(NodeTest):
    def test_commonjs(self):
        report = self.check_growth(NODE, "steps.cjs")
        for stack in report.growing():
            for frame in stack["frames"]:
                self.assertNotIn("silt-node", frame["file"] or "")

    def test_es_modules(self):
        self.check_growth(NODE, "steps.mjs")

    def test_every_installed_version(self):
        versions = other_versions()
        if not versions:
            self.skipTest("scripts/install_node_versions has installed none")
        for number, (version, node) in enumerate(versions.items()):
            for source in ("steps.cjs", "steps.mjs") if number == 0 else ("steps.cjs",):
                with self.subTest(version=version, source=source):
                    shutil.rmtree(self.out)
                    os.mkdir(self.out)
                    self.check_growth(node, source)

    def test_what_is_kept_is_of_its_generation_and_what_is_dropped_is_gone(self):
        process = self.app("steps.cjs")
        self.grow(process, 2, ("objects", "drop"))
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report()
        for snapshot, steps in ((0, 0), (1, 1), (2, 2)):
            stacks = report.with_function("keepObjects", "js")
            live = sum(stack["live_bytes"][snapshot] for stack in stacks)
            self.assertLessEqual(abs(live - steps * STEP_BYTES), max(1, steps * STEP_BYTES * 0.45))
            self.assertLess(report.sums("dropBuffers", snapshot=snapshot)[1], 100003)

    def test_a_worker_thread(self):
        process = self.app("steps.cjs")
        self.command(process, "worker")
        self.dump(process.pid)
        self.command(process, "tell objects", "done objects")
        self.dump(process.pid)
        self.command(process, "end-worker")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report()
        self.check_objects(report, "worker.mjs", "keepInWorker", 1, snapshot=1)
        ended = sum(stack["live_bytes"][2] for stack in report.with_function("keepInWorker", "js"))
        self.assertEqual(ended, 0)

    def test_worker_threads_with_options_of_their_own(self):
        cases = (({"execArgv": ["--trace-warnings"]}, None, ["--trace-warnings"]),
                 ({"env": {"OWN": "1"}}, {"OWN": "1"}, []),
                 ({"env": {"NODE_OPTIONS": "--no-warnings"}}, {"NODE_OPTIONS": "--no-warnings"}, []),
                 ({"execArgv": [], "env": {"OWN": "2"}}, {"OWN": "2"}, []))
        for given, environment, arguments in harness.some(cases, 2):
            with self.subTest(given=given):
                shutil.rmtree(self.out)
                os.mkdir(self.out)
                process = self.app("steps.cjs")
                self.command(process, f"worker {json.dumps(given)}", "done worker")
                self.command(process, "tell objects", "done objects")
                told = self.command(process, "tell environment", "done environment")
                options, seen, variables = json.loads(told.removeprefix("done environment "))
                self.assertEqual(seen, arguments)
                self.assertEqual(options, (environment or {}).get("NODE_OPTIONS"))
                if environment is not None:
                    self.assertEqual(variables, sorted(environment))
                self.dump(process.pid)
                self.assertEqual(process.finish(), 0, process.told())
                self.assertEqual(process.errors(), "")
                self.check_objects(self.report(), "worker.mjs", "keepInWorker", 1, snapshot=0)

    def test_worker_threads_are_of_the_class_that_node_has(self):
        source = ("const { Worker } = require('worker_threads');"
                  "class Mine extends Worker { own() { return 1; } }"
                  "const mine = new Mine('0', { eval: true, env: {} });"
                  "import('worker_threads').then((all) => console.log(Worker === all.Worker,"
                  " mine instanceof Worker, mine.own(), Worker.name, Worker.length,"
                  " mine.constructor === Mine));"
                  "for (const options of [7, { eval: true, execArgv: ['--no-such'] },"
                  " { eval: true, env: 7 }]) {"
                  "  try { new Worker('0', options).on('error', () => {}); console.log('made'); }"
                  "  catch (error) { console.log(error.code, error.message); }"
                  "}")
        told = {}
        for name, settings in (("plain", {"SILT_NODE": "0"}), ("joined", {})):
            process = self.start([NODE, "-e", source], settings=settings, cwd=self.folder)
            self.assertEqual(process.finish(), 0, process.told())
            told[name] = process.told()
        self.assertIn("true true 1 Worker 1 true", told["joined"])
        self.assertIn("ERR_WORKER_INVALID_EXEC_ARGV", told["joined"])
        self.assertEqual(told["joined"], told["plain"])

    def test_many_worker_threads_come_and_go(self):
        process = self.app("steps.cjs")
        for number in harness.some(range(100), 14):
            self.command(process, "worker")
            if number % 10 == 0:
                self.dump(process.pid)
            self.command(process, "end-worker")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")

    def test_a_cluster(self):
        process = self.start([NODE, str(APPS / "cluster.cjs")], cwd=self.folder)
        pids = process.wait_line("done started").split(" ")[2:]
        for pid in pids:
            self.dump(pid)
        process.write_line("objects")
        process.wait_line("done objects")
        for pid in pids:
            self.dump(pid)
        self.assertEqual(process.finish(), 0, process.told())
        for pid in pids:
            report = self.report(os.path.join(self.out, f"silt.node.{pid}"))
            self.check_objects(report, "cluster.cjs", "keepInCluster", 1, snapshot=1)

    @needs("npm")
    def test_npm_start_records_the_program_and_not_npm(self):
        project = pathlib.Path(self.folder) / "project"
        project.mkdir()
        (project / "package.json").write_text(json.dumps(
            {"name": "p", "version": "1.0.0", "scripts": {"start": f"node {APPS}/steps.cjs"}}))
        settings = {"npm_config_update_notifier": "false", "HOME": self.folder}
        process = self.start(["npm", "start"], settings=settings, cwd=project)
        pid = int(process.wait_line("ready").split(" ")[1])
        self.addCleanup(self.end, pid)
        self.command(process, "objects")
        self.dump(pid)
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report(self.recording("node"))  # one recording: npm has none
        self.check_objects(report, "steps.cjs", "keepObjects", 1, snapshot=0)
        shutil.rmtree(self.out)
        os.mkdir(self.out)
        process = self.start(["npm", "start"], settings={**settings, "SILT_NODE": "all"},
                             cwd=project)
        self.addCleanup(self.end, int(process.wait_line("ready").split(" ")[1]))
        self.assertEqual(process.finish(), 0, process.told())
        self.assertGreaterEqual(len(self.recordings("node")), 2)

    @staticmethod
    def end(pid):
        """Ends what npm started and a failed test left behind."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def test_inlining_can_be_switched_off(self):
        process = self.app("steps.cjs", settings={"SILT_NODE_INLINING": "0"})
        self.grow(process, 1)
        self.assertEqual(process.finish(), 0, process.told())
        self.check_buffers(self.report(), "steps.cjs", 1)

    def test_an_interval_of_zero_leaves_the_javascript_heap_alone(self):
        process = self.app("steps.cjs", settings={"SILT_NODE_INTERVAL": "0"})
        self.grow(process, 1)
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report()
        self.assertEqual([stack for stack in report.stacks if stack["heap"] == "js"], [])
        self.check_buffers(report, "steps.cjs", 1)


@unittest.skipIf(NODE is None, "not installed: node")
class Interval(harness.SiltTest):
    def intervals(self):
        """How many bytes apart the JavaScript heap was sampled, by what the report says."""
        return re.findall(r"one in ([\d.]+ [kM]?B) on average", self.text_report())

    def text_report(self):
        return " ".join(self.tool("report", self.recording())[0].split())

    def test_the_interval_grows_where_the_program_allocates_fast(self):
        for pace, interval in (("slow", "16 kB"), ("fast", "262 kB")):
            with self.subTest(pace):
                self.out = os.path.join(self.folder, pace)
                os.mkdir(self.out)
                process = self.start([NODE, str(APPS / "paces.cjs"), pace],
                                     cwd=self.folder)
                process.wait_line("ready")
                # It looks after a second, and then each five seconds.
                end = time.monotonic() + (60 if pace == "fast" else 3)
                while time.monotonic() < end:
                    time.sleep(1)
                    self.tool("dump", process.pid)
                    if self.intervals() == ["262 kB"]:
                        break
                self.assertEqual(self.intervals(), [interval], self.text_report())
                process.write_line("end")
                self.assertEqual(process.finish(), 0, process.told())


if __name__ == "__main__":
    harness.main()
