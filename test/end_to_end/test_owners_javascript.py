# SPDX-License-Identifier: Apache-2.0
"""Owners of JavaScript objects: two looks at the heap of a running node, by `silt dump --owners` or
by `silt soak --owners 1`, end in who keeps what came between them, in the report of the recording.
On the node of this machine, and in scripts/test_long on each version below SILT_NODE_VERSIONS."""

import json
import os
import pathlib
import signal
import threading
import unittest

import harness
from node_programs import APPS, NODE, other_versions

SOURCE = "keepers.cjs"
ROUND = 2000
# A copy has a tenth of the program's share of a processor, and tests run beside each other.
LONG = 900

# Kind of program -> name and class of what keeps, a class that came, and how many at least.
KEEPERS = {
    "listeners": ("bus._events.event", "Array", "onEvent()"),
    "map": ("cache", "Map", "Session"),
    "timers": (),
    "closure": ("seen", "Array", "Session"),
    "table": ("accounts", "Object", "Session"),
    "pool": ("pool.idle", "Array", "Session"),
    "registry": ("registry", "(WeakCell)", "Session"),
    "storage": ("pending", "Array", "Promise"),
    "worker": ("cache", "Map", "Session"),
    # Kept twice, by what it is fed by and by its listeners.
    "stream": ("source._readableState.pipes", "Array", "PassThrough"),
    # A variable of node's own, under the name that its version has for it.
    "module": (),
}
HEALTHY = ("full", "removed", "weak")


def copy_of(pid):
    """The pid of a copy of the process that writes its heap, 0: there is none."""
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text() == "silt heap\n" and \
                    (entry / "cmdline").read_bytes() == command:
                return int(entry.name)
        except OSError:
            continue
    return 0


def versions():
    found = {"here": NODE}
    return {**found, **other_versions()} if "SILT_TEST_LONG" in os.environ else found


@unittest.skipIf(NODE is None, "not installed: node")
class HeapOwners(harness.SiltTest):
    def app(self, kind, node=NODE, **settings):
        process = self.start([node, str(APPS / SOURCE), kind], settings=settings, cwd=self.folder)
        process.wait_line("ready")
        return process

    def grow(self, process):
        process.write_line("grow")
        process.wait_line("done grow")

    def look(self, process, status=0):
        return self.tool("dump", "--timeout", "60s", "--owners", process.pid, status=status,
                         timeout=LONG)

    def leftovers(self):
        return sorted(file.name for file in pathlib.Path(self.recording()).iterdir()
                      if "heap" in file.name)

    def two_looks(self, kind, node=NODE):
        """The heap's growth between two looks, as JSON says it, and the text."""
        process = self.app(kind, node)
        self.look(process)
        self.grow(process)
        _, errors = self.look(process)
        self.assertIn("'silt report' tells what grew in its heap", errors)
        self.assertEqual(process.finish(), 7, process.told())
        self.assertEqual(process.errors(), "")
        report = json.loads(self.tool("report", "--format", "json", self.recording())[0])
        # A worker has a heap of its own.
        self.assertEqual(len(report["heap_growth"]), 1 + (kind == "worker"))
        text, _ = self.tool("report", self.recording())
        return report["heap_growth"][-1], text

    def cases(self, kinds):
        for version, node in versions().items():
            for kind in kinds:
                self.out = os.path.join(self.folder, f"{version}.{kind}")
                os.mkdir(self.out)
                yield version, node, kind

    def test_each_way_of_keeping_is_named(self):
        for version, node, kind in self.cases(harness.some(KEEPERS, 2)):
            with self.subTest(version=version, kind=kind):
                growth, text = self.two_looks(kind, node)
                first = growth["owners"][0]
                self.assertEqual(first["kind"], "js_object")
                if kind == "timers":
                    # A list that is reached from both ends, each of which keeps a part.
                    self.assertIn("timerListMap (Object)", first["way"], growth)
                    self.assertRegex(first["path"][-1], r"\+[\d,]+ Timeout", growth)
                    continue
                if kind == "module":
                    self.assertRegex(first["name"], r"(require\.cache|Module\._cache)$", growth)
                    self.assertEqual(first["path"], [f"+{ROUND:,} Module"], growth)
                    continue
                name, what, came = KEEPERS[kind]
                self.assertEqual((first["name"], first["class"]), (name, what), growth)
                self.assertEqual(first["place"], str(APPS / SOURCE))
                self.assertIn(f"kept by {name} ({what}) in {SOURCE} →", " ".join(text.split()))
                self.assertIn(f"+{ROUND:,} {came}", first["path"][-1], growth)
                self.assertGreater(first["share"], 0.4 if kind == "stream" else 0.7, growth)
                self.assertGreaterEqual(first["blocks"], ROUND)

    def test_what_drops_is_not_named(self):
        some = HEALTHY if "SILT_TEST_LONG" in os.environ else HEALTHY[:1]
        for version, node, kind in self.cases(some):
            with self.subTest(version=version, kind=kind):
                growth, text = self.two_looks(kind, node)
                names = [owner["name"] for owner in growth["owners"]]
                self.assertFalse({"cache", "bus._events.event"} & set(names), growth)
                self.assertNotIn(f"in {SOURCE}", text)

    def test_nothing_that_strings_or_keys_say_stays(self):
        process = self.app("table")
        self.look(process)
        kept = self.leftovers()
        self.assertEqual(kept, [".heap.0.0"])
        self.grow(process)
        self.look(process)
        self.assertEqual(self.leftovers(), [*kept, "heap-growth.json"])
        # The numbers of snapshots have a gap, where one came along with the heap and went.
        self.assertEqual([os.path.basename(path) for path in self.snapshots(self.recording())],
                         ["000.silt", "002.silt"])
        for name in self.leftovers():
            path = pathlib.Path(self.recording(), name)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertFalse(b"very secret session" in path.read_bytes(), name)
        self.assertFalse(b"secret key" in pathlib.Path(
            self.recording(), "heap-growth.json").read_bytes())
        self.assertEqual(process.finish(), 7)

    def test_a_look_that_fails_is_told_in_one_line_and_harms_nothing(self):
        process = self.app("map")
        killed = []

        def kill():
            copy = harness.wait_until(lambda: copy_of(process.pid), "a copy", LONG)
            os.kill(copy, signal.SIGKILL)
            killed.append(copy)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        out, errors = self.look(process)
        killer.join(LONG)
        self.assertTrue(killed)
        self.assertIn("the copy ended before it was done", errors)
        self.assertTrue(os.path.isfile(out.strip()))
        self.assertEqual(self.leftovers(), [])
        self.assertNotIn("heap_growth", json.loads(
            self.tool("report", "--format", "json", self.recording())[0]))
        self.assertEqual(process.finish(), 7)
        self.assertEqual(process.errors(), "")


@unittest.skipIf(NODE is None, "not installed: node")
class Soaks(harness.SiltTest):
    def soak(self, kind, status, *options):
        environment = self.environment(SILT_LIBRARY=harness.LIBRARY)
        out, errors = self.tool(
            "soak", *options, "--snapshots", "6", "--out", self.out, "--json", "silt.json", "--",
            NODE, str(APPS / SOURCE), kind, "400", status=status, timeout=LONG, env=environment)
        with open(os.path.join(self.folder, "silt.json"), encoding="utf-8") as file:
            return out, errors, json.load(file)

    def test_a_soak_says_who_keeps_what_leaks(self):
        out, errors, report = self.soak("map", 1, "--owners", "1", "--duration", "12s")
        finding = report["findings"][0]
        self.assertEqual((finding["verdict"], finding["heap"]), ("leak", "js"), out)
        owner = finding["owners"][0]
        self.assertEqual((owner["kind"], owner["name"], owner["class"]),
                         ("js_object", "cache", "Map"), out)
        self.assertEqual(owner["place"], str(APPS / SOURCE))
        self.assertGreater(owner["share"], 0.8)
        self.assertRegex(" ".join(out.split()),
                         rf"\d+ % kept by cache \(Map\) in {SOURCE} → table → \+[\d,]+ Session")
        self.assertEqual(report["heap_growth"][0]["owners"][0]["name"], "cache")
        # Of the heaps nothing stays but what grew.
        left = [path.name for path in pathlib.Path(self.out).rglob("*") if "heap" in path.name]
        self.assertEqual(left, ["heap-growth.json"])

    @unittest.skipUnless("SILT_TEST_LONG" in os.environ, "for scripts/test_long")
    def test_a_long_soak_says_it_by_itself(self):
        out, errors, report = self.soak("map", 1, "--duration", "2m")
        self.assertEqual(report["findings"][0]["owners"][0]["name"], "cache", out)
        self.assertEqual(errors, "")

    def test_a_soak_that_is_to_leave_heaps_alone_does(self):
        out, errors, report = self.soak("map", 1, "--owners", "0", "--duration", "6s")
        self.assertNotIn("heap_growth", report)
        self.assertNotIn("owners", report["findings"][0], out)


if __name__ == "__main__":
    harness.main()
