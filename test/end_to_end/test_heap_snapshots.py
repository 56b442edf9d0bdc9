# SPDX-License-Identifier: Apache-2.0
"""`silt report` of heap snapshots that node wrote: what grew, and who keeps it.

Each case with a heap runs on the node of this machine and on each version below
SILT_NODE_VERSIONS.
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import harness
from node_programs import APPS, NODE, line_of, other_versions

SOURCE = "keeps.cjs"
ROUND = 3000


def all_nodes():
    found = {} if NODE is None else {"here": NODE}
    return {**found, **other_versions()}


@unittest.skipIf(NODE is None, "not installed: node")
class HeapSnapshots(harness.SiltTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kept = tempfile.TemporaryDirectory(prefix="silt-test-")
        cls.addClassCleanup(cls.kept.cleanup)
        cls.made = {}

    def snapshots(self, kind, count=2, node=NODE):
        """Of the node of this machine and the Map there are four, made once."""
        made = max(count, 4) if (kind, node) == ("map", NODE) else count
        folder = self.made.get((kind, made, node))
        if folder is None:
            folder = tempfile.mkdtemp(dir=self.kept.name)
            subprocess.run([node, str(APPS / SOURCE), kind, folder, str(made)], check=True,
                           timeout=4 * harness.TIMEOUT, env=self.environment())
            self.made[kind, made, node] = folder
        return [os.path.join(folder, f"{i + 1}.heapsnapshot") for i in range(count)]

    def report(self, *paths, **more):
        out, _ = self.tool("report", "--format", "json", *paths, **more)
        return json.loads(out)

    def test_a_map_that_keeps_all_is_the_first_finding(self):
        for version, node in all_nodes().items():
            with self.subTest(version):
                files = self.snapshots("map", node=node)
                report = self.report(*files)
                first = report["findings"][0]
                self.assertEqual((first["name"], first["class"]), ("cache", "Map"))
                self.assertEqual(first["place"], str(APPS / SOURCE))
                self.assertEqual(first["inside"], ["table"])
                entries = {kind["class"]: kind for kind in first["entries"]}
                self.assertEqual(entries["Session"]["objects"], ROUND)
                self.assertEqual(entries["Session"]["place"],
                                 f"{APPS / SOURCE}:{line_of(SOURCE, 'class Session')+1}")
                self.assertGreater(first["growth_bytes"], 0.7 * report["growth_bytes"])
                before, after = first["retained_bytes"]
                self.assertAlmostEqual(after - before, first["growth_bytes"],
                                       delta=0.1 * first["growth_bytes"])
                text, _ = self.tool("report", *files)
                self.assertIn("GREW  cache (Map)", text)
                self.assertIn("kept by cache (Map) in keeps.cjs → table → +3,000 Session", text)

    def test_its_healthy_twin_has_no_finding(self):
        for version, node in all_nodes().items():
            with self.subTest(version):
                report = self.report(*self.snapshots("full", count=3, node=node))
                self.assertEqual([finding["name"] for finding in report["findings"]], [])

    def test_listeners_are_named_by_function_and_line(self):
        report = self.report(*self.snapshots("listeners"))
        first = report["findings"][0]
        self.assertEqual(first["name"], "bus._events.event")
        entries = {kind["class"]: kind for kind in first["entries"]}
        self.assertEqual(entries["onEvent()"]["objects"], ROUND)
        self.assertEqual(entries["onEvent()"]["place"],
                         f"{APPS / SOURCE}:{line_of(SOURCE, 'function onEvent')}")

    def test_several_snapshots_say_whether_it_grew_each_time(self):
        files = self.snapshots("map", count=4)
        first = self.report(*files)["findings"][0]
        self.assertEqual(first["name"], "cache")
        self.assertIs(first["grew_each_time"], True)
        self.assertEqual(len(first["retained_bytes"]), 4)
        self.assertEqual(first["retained_bytes"], sorted(first["retained_bytes"]))
        first = self.report(files[0], files[2], files[1], files[3])["findings"][0]
        self.assertIs(first["grew_each_time"], False)

    def test_one_snapshot_says_where_memory_gathers(self):
        report = self.report(self.snapshots("map")[1])
        self.assertIsNone(report["growth_bytes"])
        names = [finding["name"] for finding in report["findings"]]
        self.assertIn("cache", names[:3])

    def test_what_is_no_heap_snapshot_is_refused_in_one_line(self):
        good = self.snapshots("map")[0]
        bad = os.path.join(self.folder, "bad.heapsnapshot")
        for content, reason in (
                (b"", "ends too early, after 0 bytes"),
                (b"{\"snapshot\":{}}", "'snapshot' has no 'meta'"),
                (b"\xff\x00" * 100, "expected '{'"),
                (b"[" * 100000, "expected '{'"),
                (pathlib.Path(good).read_bytes()[:200000], "can hold; is it cut short?"),
                (pathlib.Path(good).read_bytes()[:-1000], "ends too early, after ")):
            pathlib.Path(bad).write_bytes(content)
            for files in ([bad], [bad, good], [good, bad], [good, bad, good]):
                _, err = self.tool("report", *files, status=3)
                self.assertIn("bad.heapsnapshot': ", err)
                self.assertIn(reason, err)
                self.assertEqual(err.count("\n"), 1)
        _, err = self.tool("report", good, os.path.join(self.folder, "none.heapsnapshot"),
                           status=3)
        self.assertRegex(err, r"none\.heapsnapshot': no such file")

    def test_formats_and_options_that_mean_nothing_here_are_refused(self):
        good = self.snapshots("map")[0]
        for arguments in (["--format", "markdown"], ["--format", "pprof"], ["--verdict", "leak"],
                          ["--compare", good]):
            _, err = self.tool("report", good, *arguments, status=2)
            self.assertEqual(err.count("\n"), 1)
            self.assertIn(arguments[-1] if arguments[0] == "--format" else arguments[0], err)
        # The name says nothing: what it is, it says itself.
        other = os.path.join(self.folder, "renamed.json")
        shutil.copy(good, other)
        self.assertEqual(self.report(other)["schema"], "silt.heap/1")


if __name__ == "__main__":
    harness.main()
