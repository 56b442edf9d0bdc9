# SPDX-License-Identifier: Apache-2.0
"""What tests of programs on Node.js share.

Every case runs on the node of this machine; some also on each version below SILT_NODE_VERSIONS
(`scripts/install_node_versions` puts them there). SILT_NODE_BINARY chooses one for all cases.
"""

import os
import pathlib
import shutil
import subprocess
import unittest

import harness

APPS = harness.HERE / "node"
NODE = os.environ.get("SILT_NODE_BINARY") or shutil.which("node")
STEP_BYTES = 1000 * 8000  # of JavaScript arrays that one `objects` keeps


def other_versions():
    """{version: binary} of the versions that were installed for tests."""
    folder = pathlib.Path(os.environ.get("SILT_NODE_VERSIONS", "/nonexistent"))
    return {path.parent.parent.name.removeprefix("node-"): str(path)
            for path in sorted(folder.glob("node_modules/node-*/bin/node"))}


def version_of(node):
    text = subprocess.run([node, "--version"], check=True, capture_output=True).stdout.decode()
    return tuple(int(part) for part in text.strip().lstrip("v").split("."))


def line_of(source, text):
    lines = (APPS / source).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@unittest.skipIf(NODE is None, "not installed: node")
class NodeTest(harness.SiltTest):
    def silt_environment(self, **settings):
        # Of the arrays, 8016 bytes each, one in two becomes a sample, some 500 a step. V8 rounds
        # the number of objects that a sample stands for, which is no error only where it is whole.
        settings.setdefault("SILT_NODE_INTERVAL", "11565")
        return super().silt_environment(**settings)

    def app(self, source, node=NODE, settings=None, options=(), **more):
        process = self.start([node, *options, str(APPS / source)], settings=settings,
                             cwd=self.folder, **more)
        process.wait_line("ready")
        return process

    def command(self, process, text, answer=None):
        process.write_line(text)
        return process.wait_line(answer or f"done {text}")

    def grow(self, process, steps=3, commands=("objects", "buffers")):
        """A dump before each step and after the last."""
        self.dump(process.pid)
        for _ in range(steps):
            for command in commands:
                self.command(process, command)
            self.dump(process.pid)

    def check_objects(self, report, source, function, steps, snapshot=-2):
        """The JavaScript heap below a function is what it keeps, as far as sampling can tell."""
        stacks = report.with_function(function, "js")
        self.assertTrue(stacks, f"no stack of heap js has {function}")
        live = sum(stack["live_bytes"][snapshot] for stack in stacks)
        # With some 500 samples a step nine standard deviations are 30 %.
        self.assertGreater(live, steps * STEP_BYTES * 0.7)
        self.assertLess(live, steps * STEP_BYTES * 1.3)
        frame = self.frame(max(stacks, key=lambda stack: stack["live_bytes"][snapshot]), function)
        self.assertEqual(frame["kind"], "js")
        self.assertEqual(os.path.basename(frame["file"]), source)
        self.assertEqual(frame["line"], line_of(source, f"function {function}("))

    @staticmethod
    def frame(stack, function):
        return stack["frames"][harness.Report.names(stack).index(function)]

    def check_buffers(self, report, source, steps, snapshot=-2):
        """Buffers are native blocks of their exact size below the function that keeps them."""
        stacks = report.with_function("keepBuffers", "native")
        blocks = [stack for stack in stacks if stack["live_bytes"][snapshot] >= 100003]
        self.assertEqual(sum(stack["live_bytes"][snapshot] // 100003 for stack in blocks),
                         50 * steps, report.notes)
        frame = self.frame(blocks[0], "keepBuffers")
        self.assertEqual((frame["kind"], os.path.basename(frame["file"])), ("js", source))
        self.assertEqual(frame["line"], line_of(source, "function keepBuffers("))

    def check_growth(self, node, source):
        process = self.app(source, node)
        self.grow(process)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")
        report = self.report(self.recording("node"))
        self.assertEqual(len(report.snapshots), 5)  # the last one at exit
        self.check_objects(report, source, "keepObjects", 3)
        self.check_buffers(report, source, 3)
        return report
