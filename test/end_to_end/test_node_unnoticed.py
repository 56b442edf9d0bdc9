# SPDX-License-Identifier: Apache-2.0
"""No program on Node.js can tell the difference."""

import itertools
import os
import pathlib
import shutil

import harness
from node_programs import APPS, NODE, NodeTest, version_of


class Unnoticed(NodeTest):
    def both(self, *arguments, settings=None, **options):
        """(plain, silt) results of the same command."""
        return tuple(self.run_program([NODE, *arguments], silt=silt, settings=settings,
                                      cwd=self.folder, **options) for silt in (False, True))

    def check_same(self, *arguments, settings=None, **options):
        plain, silt = self.both(*arguments, settings=settings, **options)
        self.assertEqual(silt, plain)
        return plain

    def test_a_program_sees_itself_as_ever(self):
        each = itertools.product(
            ({}, {"NODE_OPTIONS": "--no-deprecation"}, {"SILT_LOG": "info", "SILT_AT_EXIT": "0"}),
            ((), ("--no-warnings",), ("--frozen-intrinsics", "--no-warnings"),
             ("--disable-proto=throw",), ("--max-old-space-size=300",)))
        for settings, options in harness.some(each, 4):
            with self.subTest(settings=settings, options=options):
                self.check_same(*options, str(APPS / "observe.cjs"), settings=settings)

    def test_options_of_the_user_in_a_path_with_spaces(self):
        folder = pathlib.Path(self.folder) / "with some \"spaces\""
        folder.mkdir()
        (folder / "first.cjs").write_text("console.log('first');\n")
        quoted = str(folder / "first.cjs").replace('"', '\\"')
        status, out, _ = self.check_same(
            str(APPS / "observe.cjs"),
            settings={"NODE_OPTIONS": f'--require "{quoted}" --no-deprecation'})
        self.assertEqual(status, 3)
        self.assertIn("first", out.splitlines())

    def test_the_library_lies_in_a_path_with_spaces(self):
        folder = pathlib.Path(self.folder) / "with some spaces"
        folder.mkdir()
        for name in ("libsilt.so", "silt-node.cjs"):
            shutil.copy(os.path.join(os.path.dirname(harness.LIBRARY), name), folder)
        process = self.start([NODE, str(APPS / "steps.cjs")],
                             settings={"LD_PRELOAD": "./libsilt.so"}, cwd=folder)
        process.wait_line("ready")
        self.grow(process, 1)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")
        self.check_objects(self.report(), "steps.cjs", "keepObjects", 1)

    def test_without_its_script_the_native_half_works(self):
        shutil.copy(harness.LIBRARY, self.folder)
        process = self.app("steps.cjs",
                           settings={"LD_PRELOAD": os.path.join(self.folder, "libsilt.so")})
        self.grow(process, 1)
        self.assertEqual(process.finish(), 0, process.told())
        errors = process.errors().splitlines()
        self.assertEqual(len(errors), 1, errors)
        self.assertIn("silt-node.cjs", errors[0])
        report = self.report()
        self.assertGreater(report.snapshots[1]["live_bytes"] - report.snapshots[0]["live_bytes"],
                           49 * 100003)  # others may be given back meanwhile
        self.assertEqual([stack for stack in report.stacks if stack["heap"] == "js"], [])

    def test_what_is_logged_is_not_kept(self):
        # Where a debugger can be attached, V8 keeps the last messages without silt too.
        source = pathlib.Path(self.folder) / "logs.cjs"
        source.write_text("""
let made = 0, collected = 0;
const registry = new FinalizationRegistry(() => { collected++; });
const timer = setInterval(() => {
  for (let i = 0; i < 20; i++) {
    const order = { id: made++, lines: ['a', 'b'] };
    registry.register(order, 1);
    console.log(order);
  }
  if (made < 800) return;
  clearInterval(timer);
  setTimeout(() => {
    gc();
    setTimeout(() => console.error(collected > made / 2 ? 'collected' : 'kept'), 50);
  }, 2200);
}, 5);
""")
        for settings, options, what in (({}, (), "collected"), ({}, ("--inspect=0",), "kept"),
                                        ({"SILT_NODE_INTERVAL": "0"}, (), "collected"),
                                        ({"SILT_NODE_INTERVAL": "64K"}, (), "collected")):
            with self.subTest(settings=settings, options=options):
                _, _, errors = self.run_program([NODE, "--expose-gc", *options, str(source)],
                                                silt=True, settings=settings, cwd=self.folder)
                self.assertEqual(errors.splitlines()[-1], what, errors)

    def test_switched_off(self):
        process = self.app("steps.cjs", settings={"SILT_NODE": "0"})
        self.grow(process, 1)
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")
        report = self.report()
        self.assertEqual([stack for stack in report.stacks if stack["heap"] == "js"], [])
        self.assertGreater(report.snapshots[1]["live_bytes"] - report.snapshots[0]["live_bytes"],
                           49 * 100003)  # others may be given back meanwhile

    def test_options_that_forbid_scripts_or_addons(self):
        version = version_of(NODE)
        options = [["--no-addons"]]
        if version >= (23, 5):
            options.append(["--permission", "--allow-fs-read=*"])
        elif version >= (20,):
            options.append(["--experimental-permission", "--allow-fs-read=*", "--no-warnings"])
        for given in options:
            with self.subTest(options=given):
                plain, silt = self.both(*given, "-p", "1 + 1")
                self.assertEqual(silt[:2], plain[:2])
                self.assertEqual(plain[:2], (0, "2\n"))
                self.assertIn(given[0], silt[2])
                self.assertEqual(len(silt[2].splitlines()), 1, silt[2])

    def test_scripts_by_every_road(self):
        file = pathlib.Path(self.folder) / "hello.cjs"
        file.write_text("console.log('hello', process.argv.slice(2));\n")
        for arguments, text in ((["-e", "console.log(1)"], ""), (["-p", "2"], ""),
                                (["-", "x"], "console.log(3)"), (["hello.cjs", "a", "-b"], ""),
                                (["--", "hello.cjs"], ""), (["--check", "hello.cjs"], ""),
                                (["--version"], ""), (["no-such-file.cjs"], ""),
                                (["-e", "process.exitCode = 7"], ""), (["--no-such-option"], ""),
                                (["-e", "process.kill(process.pid, 'SIGTERM')"], ""),
                                (["-e", "Promise.reject(new Error('x'))"], ""),
                                (["--stack-trace-limit=2", "-e", "throw new Error('x')"], "")):
            with self.subTest(arguments=arguments):
                self.check_same(*arguments, text=text)

    def test_the_inspector_of_the_user_works(self):
        source = ("const { Session } = require('inspector'); const s = new Session(); s.connect();"
                  "s.post('Runtime.evaluate', { expression: '6 * 7' },"
                  " (e, r) => console.log(r.result.value)); s.disconnect();")
        self.assertEqual(self.check_same("-e", source)[1], "42\n")

    def test_a_permanently_busy_worker_does_not_hold_up_the_end(self):
        source = ("const { Worker } = require('worker_threads');"
                  "new Worker('while (true);', { eval: true })"
                  ".on('online', () => process.exit(4));")
        status, _, _ = self.run_program([NODE, "-e", source], cwd=self.folder)
        self.assertEqual(status, 4)
        self.assertEqual(len(self.snapshots(self.recording("node"))), 1)


if __name__ == "__main__":
    harness.main()
