# SPDX-License-Identifier: Apache-2.0
"""Formats against what reads them: JSON against its published schema, with every member known to
it; DevTools' heap profile; and paths of sources from wherever a report is made."""

import copy
import json
import os
import pathlib
import shutil
import subprocess

import jsonschema

import harness
import node_programs

DOCS = harness.HERE.parent.parent / "docs"
GOLDEN = harness.HERE.parent / "golden"


def strict(schema):
    """The same schema, in which an object may have no member that is not described."""
    schema = copy.deepcopy(schema)

    def close(part):
        if isinstance(part, dict):
            if "properties" in part:
                part.setdefault("additionalProperties", False)
            for value in part.values():
                close(value)
        elif isinstance(part, list):
            for value in part:
                close(value)

    close(schema)
    return schema


def check_schema(test, text):
    report = json.loads(text)
    schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(strict(schema))
    errors = [f"{list(error.absolute_path)}: {error.message[:300]}"
              for error in validator.iter_errors(report)]
    test.assertEqual(errors[:5], [])
    return report


class Json(harness.SiltTest):
    def check(self, text):
        return check_schema(self, text)

    def test_every_member_of_a_report_is_in_the_schema(self):
        self.check((GOLDEN / "report.json").read_text(encoding="utf-8"))

    def test_a_native_report_and_one_of_several_processes(self):
        for _ in range(2):
            self.run_program([harness.program("usable_size")])
        recordings = self.recordings()
        self.check(self.tool("report", "--format", "json", recordings[0])[0])
        report = self.check(self.tool("report", "--format", "json", *recordings)[0])
        self.assertEqual(len(report["processes"]), 2)

    def test_the_schema_refuses_what_is_no_report(self):
        schema = json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8"))
        report = json.loads((GOLDEN / "report.json").read_text(encoding="utf-8"))
        for change in ({"schema": "silt.report/2"}, {"findings": None}, {"snapshots": []}):
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate({**report, **change}, schema)


class Paths(harness.SiltTest):
    """A checkout with a program that is compiled in its build folder, by a relative path."""

    SOURCE = """#include <stdlib.h>
#include <unistd.h>
void *kept[4096];
__attribute__((noinline)) void *remember(int i) {
  return kept[i] = malloc(10007); /* the line that is quoted */
}
int main(void) {
  for (int i = 0; i < 64; i++) {
    remember(i);
    usleep(20000);
  }
  return 0;
}
"""

    def setUp(self):
        super().setUp()
        self.checkout = pathlib.Path(self.folder, "shop")
        (self.checkout / "src").mkdir(parents=True)
        (self.checkout / ".git").mkdir()
        (self.checkout / "build").mkdir()
        (self.checkout / "src" / "keeps.c").write_text(self.SOURCE, encoding="utf-8")
        subprocess.run(["gcc", "-g", "-O1", "-o", "keeps", "../src/keeps.c"],
                       cwd=self.checkout / "build", check=True, timeout=harness.TIMEOUT)
        self.run_program([str(self.checkout / "build" / "keeps")],
                         settings={"SILT_EVERY": "100ms"})
        self.found = self.recordings()[0]

    def report(self, name, folder, **environment):
        done = subprocess.run([harness.TOOL, "report", "--format", name, self.found], cwd=folder,
                              env=self.environment(**environment), check=True,
                              capture_output=True, text=True, timeout=harness.TIMEOUT)
        return done.stdout

    def uris(self, folder, **environment):
        sarif = json.loads(self.report("sarif", folder, **environment))
        return {location["physicalLocation"]["artifactLocation"]["uri"]
                for result in sarif["runs"][0]["results"] for location in result["locations"]
                if "physicalLocation" in location}

    def test_from_the_build_folder_the_top_and_elsewhere_a_file_has_one_path(self):
        for folder in (self.checkout / "build", self.checkout, self.folder, "/"):
            self.assertEqual(self.uris(folder), {"src/keeps.c"}, folder)
            self.assertRegex(self.report("github", folder), r"file=src/keeps\.c,line=5,")
            self.assertIn('file="src/keeps.c"', self.report("junit", folder))
            self.assertNotIn("file=", self.report("jenkins", folder))

    def test_the_folder_of_the_ci_job_is_what_paths_are_relative_to(self):
        for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
            self.assertEqual(self.uris("/", **{name: self.folder}), {"shop/src/keeps.c"})

    def test_lines_are_quoted_from_wherever_and_from_another_checkout(self):
        quoted = "the line that is quoted"
        for folder in (self.checkout / "build", "/"):
            self.assertIn(quoted, self.report("html", folder))
        other = pathlib.Path(self.folder, "other")
        shutil.copytree(self.checkout, other)
        shutil.rmtree(self.checkout / "src")
        shutil.rmtree(self.checkout / ".git")
        self.assertEqual(self.uris(other / "build"), {"src/keeps.c"})
        self.assertIn(quoted, self.report("html", other / "build"))
        self.assertNotIn(quoted, self.report("html", "/"))


class Scripts(node_programs.NodeTest):
    """A program that keeps objects, Buffers beside them."""

    SOURCE = """
const kept = globalThis.kept = [];  // still there at the look at exit
function remember(i) { kept.push({id: i, text: 'x'.repeat(200) + i, rest: new Array(20).fill(i)}); }
let i = 0;
const timer = setInterval(() => {
  for (let n = 0; n < 400; n++) remember(i++);
  if (i > 40000) clearInterval(timer);
}, 10);
"""

    def record(self):
        app = pathlib.Path(self.folder, "keep.js")
        app.write_text(self.SOURCE, encoding="utf-8")
        self.run_program([node_programs.NODE, str(app)],
                         settings={"SILT_EVERY": "200ms", "SILT_NODE_INTERVAL": "8192"})
        return self.recordings()[0]

    def test_a_heap_profile_is_what_devtools_loads(self):
        path = os.path.join(self.folder, "x.heapprofile")
        self.tool("report", "-o", path, self.record())
        profile = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
        names, sizes, ids = set(), {}, set()
        open_nodes = [profile["head"]]
        while open_nodes:
            node = open_nodes.pop()
            self.assertEqual(set(node), {"callFrame", "selfSize", "id", "children"})
            self.assertEqual(set(node["callFrame"]), {"functionName", "scriptId", "url",
                                                      "lineNumber", "columnNumber"})
            self.assertNotIn(node["id"], ids)
            ids.add(node["id"])
            names.add(node["callFrame"]["functionName"])
            sizes[node["id"]] = node["selfSize"]
            open_nodes += node["children"]
        self.assertIn("remember", names)
        self.assertGreater(sum(sizes.values()), 1e6)
        for sample in profile["samples"]:
            self.assertEqual(sample["size"], sizes[sample["nodeId"]])

    def test_its_json_has_the_schema(self):
        check_schema(self, self.tool("report", "--format", "json", self.record())[0])


class NoScripts(harness.SiltTest):
    def test_of_a_program_without_such_a_heap_there_is_no_heap_profile(self):
        self.run_program([harness.program("usable_size")])
        _, err = self.tool("report", "--format", "heapprofile", self.recordings()[0], status=3)
        self.assertIn("--format heapprofile: the recording knows of no heap of this kind", err)


if __name__ == "__main__":
    harness.main()
