# SPDX-License-Identifier: Apache-2.0
"""Owners of Python's objects: a copy of the process says of which type each is and which variable
leads to it."""

import ctypes
import json
import unittest

import harness
import test_python


@unittest.skipIf(test_python.PYTHON is None, "not installed: python3.11")
class PythonOwnersTest(harness.SiltTest):
    def owners_of(self, *arguments, **settings):
        process = self.start([test_python.PYTHON, *arguments, str(test_python.APPS / "keepers.py")],
                             settings=settings)
        process.wait_line("ready keepers")
        path, _ = self.tool("dump", "--timeout", "60s", "--owners", process.pid, timeout=400)
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        truths = [line.split(" ", 4)[1:] for line in process.lines if line.startswith("owner ")]
        self.assertEqual(len(truths), 21)
        return path.strip(), truths

    def check(self, path, truths):
        report = json.loads(self.tool("report", "--format", "json", "--top", 400, path)[0])
        for name, count, kind, text in truths:
            with self.subTest(type=name):
                stacks = [stack for stack in report["stacks"]
                          if any(line["type"] == name for line in stack.get("types", []))]
                objects = sum(line["objects"] for stack in stacks for line in stack["types"]
                              if line["type"] == name)
                self.assertEqual(objects, int(count))
                said = {}
                for owner in (owner for stack in stacks for owner in stack["owners"]):
                    if owner["kind"] == kind:
                        words = " → ".join([owner["name"], *owner["path"]])
                        said[words] = said.get(words, 0) + owner["blocks"]
                right = sum(blocks for words, blocks in said.items() if words.endswith(text) or
                            (kind in ("lost", "garbage") and text in words))
                # Of the last one made a word may still lie somewhere.
                self.assertGreaterEqual(right, int(count) - 2, said)

    def test_each_object_has_its_type_and_the_variable_that_leads_to_it(self):
        path, truths = self.owners_of()
        self.check(path, truths)
        text = " ".join(self.tool("report", "--full", "--top", 400, path)[0].split())
        self.assertIn("types: 300 InDict (100 %)", text)
        self.assertIn("100 % kept by __main__.cache (dict) → InDict", text)
        self.assertIn("garbage: they only refer to one another, and the garbage collector is "
                      "switched off", text)
        self.assertIn("lost: no variable leads to them, but something counts a reference", text)
        # How a task that nothing else keeps is found, and what it waits for.
        self.assertRegex(text, r"__main__\.event \(asyncio\.locks\.Event\) → _waiters .*_asyncio\.Task "
                               r"of handle\(\), waits in fetch\(\) at keepers\.py:\d+")

    def test_containers_with_a_limit_say_how_full_they_are(self):
        code = ("import collections, functools\n"
                "class Line: pass\n"
                "class Log:\n"
                "  def __init__(self, most): self.lines = collections.deque(maxlen=most)\n"
                "log, free = Log(500), Log(None)\n"
                "@functools.lru_cache(maxsize=300)\n"
                "def table(i): return [Line()]\n"
                "for i in range(900): table(i)\n"
                "for i in range(400): log.lines.append(Line()); free.lines.append(Line())\n"
                "print('ready', flush=True)\n"
                "input()\n")
        process = self.start([test_python.PYTHON, "-c", code])
        process.wait_line("ready")
        path, _ = self.tool("dump", "--timeout", "60s", "--owners", process.pid, timeout=400)
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        owners = " ".join(self.owner_lines(path.strip(), "Line")[0])
        self.assertIn("lines (collections.deque, 400 of at most 500)", owners)
        self.assertIn("table (functools._lru_cache_wrapper, 300 of at most 300)", owners)
        self.assertIn("free (Log) → lines (collections.deque)", owners)

    def owner_lines(self, path, name):
        """What keeps objects of the type in a snapshot, and where they were made."""
        report = json.loads(self.tool("report", "--format", "json", "--top", 400, path)[0])
        stacks = [stack for stack in report["stacks"]
                  if any(line["type"] == name and line["objects"] for line in
                         stack.get("types", []))]
        return {" → ".join([owner["name"], *owner["path"]]): owner["blocks"]
                for stack in stacks for owner in stack["owners"]}, stacks

    def look_at(self, process, name, where, count):
        """All objects of the type are made in `fill` and kept by __main__.kept."""
        process.wait_line(f"ready {where}")
        path, _ = self.tool("dump", "--timeout", "60s", "--owners", process.pid, timeout=400)
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")
        owners, stacks = self.owner_lines(path.strip(), name)
        self.assertEqual(owners, {f"__main__.kept (list) → {name}": count})
        self.assertEqual({stack["frames"][0]["function"] for stack in stacks}, {"fill"})

    def test_subinterpreters_have_frames_and_owners(self):
        code = """
import sys
import _xxsubinterpreters as interpreters
ids = [interpreters.create() for _ in range(3)]
for one in ids:
    interpreters.run_string(one, '''
class InSub:
    pass
kept = []
def fill():
    for _ in range(300):
        kept.append(InSub())
fill()
''')
print("ready sub", flush=True)
sys.stdin.readline()
for one in ids:
    interpreters.destroy(one)
"""
        self.look_at(self.start([test_python.PYTHON, "-c", code]), "InSub", "sub", 900)

    def test_a_host_may_start_and_end_python_over_and_over(self):
        library = "libpython3.11.so.1.0"
        try:
            ctypes.CDLL(library)
        except OSError:
            self.skipTest("not installed: libpython3.11")
        process = self.start([harness.program("python_host"), library])
        self.look_at(process, "InHost", "host", 1000)
        self.assertIn("end", process.lines)

    def test_they_are_told_whatever_allocator_python_uses(self):
        self.check(*self.owners_of("-X", "dev"))


if __name__ == "__main__":
    harness.main()
