# SPDX-License-Identifier: Apache-2.0
"""Lines of JavaScript however V8 runs it, and functions that it has inlined, with nothing but
LD_PRELOAD."""

import base64
import json
import os
import pathlib
import re
import shutil
import time

import harness
from node_programs import APPS, NODE, NodeTest, line_of, other_versions, version_of


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


class Statements(NodeTest):
    """Each statement that allocates or calls, in code of each of V8's compilers."""

    SOURCE = "statements.cjs"
    # From 22 on Maglev, whose code tells no lines, comes before TurboFan. Each tier begins with
    # those before it.
    TIERS = {"interpreted": ["--no-opt", "--no-sparkplug"], "baseline": ["--no-opt"],
             "optimized": []}

    def record(self, node, tier, source=None, settings=None):
        options = list(self.TIERS[tier])
        if version_of(node)[0] >= 22:
            options.append("--no-maglev")
        process = self.start([node, *options, str(source or APPS / self.SOURCE)], cwd=self.folder,
                             settings={"SILT_AT_EXIT": "0", **(settings or {})})
        process.wait_line("ready")
        for _ in range(3):
            self.command(process, "1500" if tier == "optimized" else "500")
            self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        return self.report()

    def check_compiled(self, tier):
        """V8 has compiled what the tier says, and the map has its places."""
        mark = {"interpreted": "~", "baseline": r"\^", "optimized": r"o?\*'?"}[tier]
        code = re.compile(rf"[0-9a-f]+ [0-9a-f]+ \w+:{mark}\w+ \S+{self.SOURCE}:")
        recording = pathlib.Path(self.recording("node"))
        lines = next(recording.glob("perf-*.map")).read_text(encoding="utf-8").splitlines()
        told = [after for line, after in zip(lines, lines[1:]) if code.match(line)]
        self.assertTrue(told, f"no {tier} code")
        self.assertTrue(any(after.startswith("# positions 0+") or
                            (mark != "~" and after.startswith("# positions ")) for after in told),
                        told)

    def lines_of(self, report, function, heap, least_bytes=0):
        """{(line, column) of the call or None: live bytes}, of all stacks with the function."""
        lines = {}
        for stack in report.with_function(function, heap):
            if stack["live_bytes"][-1] < least_bytes:
                continue
            frame = self.frame(stack, function)
            place = frame.get("call_line")
            lines[place] = lines.get(place, 0) + stack["live_bytes"][-1]
        return lines

    def check_lines(self, report, all_of_it=True):
        def check(function, heap, text):
            lines = self.lines_of(report, function, heap)
            wanted = line_of(self.SOURCE, text)
            self.assertIn(wanted, lines, (function, heap))
            if all_of_it:
                # V8's sampler tells no place of what it sees while V8 compiles the function.
                share = 1 if heap == "native" else 0.9
                self.assertGreaterEqual(lines[wanted], share * sum(lines.values()),
                                        (function, heap, lines))

        check("attach", "native", "// attached")
        check("describe", "js", "// described")
        calls = self.lines_of(report, "connect", "native", 1 << 20)
        self.assertIn(line_of(self.SOURCE, "// attaches"), calls)
        if not all_of_it:
            return  # the line of a call that was inlined is that of the code before it
        self.assertEqual(len(calls), 1)
        for stack in report.with_function("connect", "js"):
            if "describe" in report.names(stack):
                self.assertEqual(self.frame(stack, "connect").get("call_line"),
                                 line_of(self.SOURCE, "// describes"))

    def check_pair(self, report):
        """Which of the two on one line made a Buffer is told by the column."""
        line = line_of(self.SOURCE, "const pair")
        text = (APPS / self.SOURCE).read_text(encoding="utf-8").splitlines()[line - 1]
        columns = {5001: text.index("Buffer.alloc(5") + 8, 9002: text.index("Buffer.alloc(9") + 8}
        found = set()
        for stack in report.stacks:
            size = stack["live_bytes"][-1] // max(1, stack["live_blocks"][-1])
            if stack["heap"] != "native" or size not in columns:
                continue
            places = [(frame["call_line"], frame["call_column"]) for frame in stack["frames"]
                      if frame["file"] and frame["file"].endswith(self.SOURCE)
                      and frame.get("call_line") == line]
            self.assertEqual(places, [(line, columns[size])])
            found.add(size)
        self.assertEqual(found, set(columns))

    def check_tiers(self, node):
        for tier in self.TIERS:
            with self.subTest(tier=tier, node=version_of(node)):
                shutil.rmtree(self.out)
                os.mkdir(self.out)
                report = self.record(node, tier)
                self.check_compiled(tier)
                self.check_lines(report, all_of_it=tier != "optimized")
                self.check_pair(report)

    def test_here(self):
        self.check_tiers(NODE)

    def test_every_installed_version(self):
        versions = other_versions()
        if not versions:
            self.skipTest("scripts/install_node_versions has installed none")
        for node in versions.values():
            self.check_tiers(node)

    def test_without_inlining_no_compiler_hides_a_line(self):
        # What soak jobs set: all of V8's compilers but Maglev.
        for node in [NODE, *other_versions().values()]:
            with self.subTest(node=version_of(node)):
                shutil.rmtree(self.out)
                os.mkdir(self.out)
                process = self.start([node, str(APPS / self.SOURCE)], cwd=self.folder,
                                     settings={"SILT_AT_EXIT": "0", "SILT_NODE_INLINING": "0"})
                process.wait_line("ready")
                for _ in range(3):
                    self.command(process, "1500")
                    self.dump(process.pid)
                self.assertEqual(process.finish(), 0, process.told())
                report = self.report()
                self.assertEqual(set(self.lines_of(report, "attach", "native", 1 << 16)),
                                 {line_of(self.SOURCE, "// attached")})
                self.check_pair(report)

    def test_statements_of_a_source_map(self):
        # As a compiler of TypeScript writes it: one line of the source to one line of the output,
        # which has lost a type declaration of three lines.
        generated = pathlib.Path(self.folder) / "service.cjs"
        text = (APPS / self.SOURCE).read_text(encoding="utf-8")
        source = "interface Row {\n  key: number;\n}\n" + text
        (pathlib.Path(self.folder) / "service.ts").write_text(source, encoding="utf-8")
        # Each line begins at column 0; lines follow one another, from the fourth of the source on.
        mappings = "AAGA;" + "AACA;" * (text.count("\n") - 1)
        mapped = json.dumps({"version": 3, "sources": ["service.ts"], "names": [],
                             "mappings": mappings.rstrip(";")})
        url = "data:application/json;base64," + base64.b64encode(mapped.encode()).decode()
        generated.write_text(f"{text}//# sourceMappingURL={url}\n", encoding="utf-8")
        report = self.record(NODE, "interpreted", source=generated)
        lines = {}
        for stack in report.with_function("attach", "native"):
            frame = self.frame(stack, "attach")
            self.assertEqual(os.path.basename(frame["file"]), "service.ts")
            lines[frame.get("call_line")] = True
        self.assertEqual(set(lines), {line_of(self.SOURCE, "// attached") + 3})


if __name__ == "__main__":
    harness.main()
