# SPDX-License-Identifier: Apache-2.0
"""Lines of compiled JavaScript, and functions that V8 has inlined, with nothing but LD_PRELOAD."""

import os
import shutil
import time

import harness
from node_programs import APPS, NODE, NodeTest, line_of, other_versions


class Lines(NodeTest):
    def record(self, node, seconds):
        process = self.start([node, str(APPS / "inlined.cjs")], cwd=self.folder,
                             settings={"SILT_NODE_INTERVAL": "16384", "SILT_AT_EXIT": "0"})
        process.wait_line("ready")
        time.sleep(2 * seconds)
        for _ in range(7):
            self.dump(process.pid)
            time.sleep(seconds)
        process.stop()
        return self.report()

    def check(self, node):
        # V8 compiles when it sees fit: on a machine with much else to do that is later.
        try:
            self.check_report(self.record(node, 0.5))
        except AssertionError:
            shutil.rmtree(self.out)
            os.mkdir(self.out)
            self.check_report(self.record(node, 3))

    def check_report(self, report):
        sites = {}
        for finding in report.json["findings"]:
            if finding["verdict"] in ("leak", "growing") and finding["site"]:
                sites[finding["site"]["function"], finding["heap"]] = finding["site"]
        # Not `handle`, and not what is called by the timer, which swallow it after a while.
        entry = sites.get(("entry", "js"))
        self.assertIsNotNone(entry, sites.keys())
        self.assertEqual(entry["line"], line_of("inlined.cjs", "function entry("))
        self.assertIn(entry.get("call_line"), (line_of("inlined.cjs", "const text"),
                                               line_of("inlined.cjs", "return {i,")))
        for function, _ in sites:
            self.assertNotIn(function, ("handle", "noise", "put", "(anonymous)"))
        buffers = sum(stack["live_bytes"][-1] for stack in report.with_function("attach", "native"))
        others = sum(stack["live_bytes"][-1] for stack in report.stacks
                     if stack["heap"] == "native" and "attach" not in report.names(stack)
                     and "handle" in report.names(stack))
        self.assertGreater(buffers, 1 << 20)
        self.assertLess(others, 0.05 * buffers)
        calls = [self.frame(stack, "attach").get("call_line")
                 for stack in report.with_function("attach", "native")]
        self.assertIn(line_of("inlined.cjs", "return Buffer.alloc"), calls)

    def test_here(self):
        self.check(NODE)

    def test_every_installed_version(self):
        versions = other_versions()
        if not versions:
            self.skipTest("scripts/install_node_versions has installed none")
        for version, node in versions.items():
            with self.subTest(version=version):
                shutil.rmtree(self.out)
                os.mkdir(self.out)
                self.check(node)


if __name__ == "__main__":
    harness.main()
