# SPDX-License-Identifier: Apache-2.0
"""What a program has of the C library and the kernel, and in limited numbers, it has as well under
silt: pthread keys, locked memory; and what it starts runs as it would, whatever it is linked with.
Each test compares output and status with a run without silt."""

import os
import shutil
import subprocess

import harness

# Says what it was given; 7 is the status of no loader.
CHILD = r"""
#include <stdio.h>
#include <stdlib.h>
int main(int argc, char** argv) {
  const char* preload = getenv("LD_PRELOAD");
  printf("%s %s %s\n", argc == 2 ? argv[1] : "?", preload ? preload : "-", getenv("KEPT"));
  return 7;
}
"""


class OtherState(harness.SiltTest):
    def same_both_ways(self, arguments, **options):
        plain = self.run_program(arguments, silt=False, **options)
        silt = self.run_program(arguments, **options)
        self.assertEqual(silt, plain, arguments)
        return plain

    def build(self, name, compiler, *flags, text=CHILD):
        source = os.path.join(self.folder, "child.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        path = os.path.join(self.folder, name)
        subprocess.run([compiler, *flags, "-o", path, source], check=True, timeout=120)
        return path

    def test_no_pthread_key_is_taken(self):
        status, out, _ = self.same_both_ways([harness.program("all_keys")])
        self.assertEqual(status, 0)
        self.assertIn("keys 1024", out)

    def test_memory_is_locked_as_without_silt(self):
        for flags in range(1, 8):
            # (With less than is there already, MCL_FUTURE alone ends in a program without memory.)
            for limit in (64, 8192) if flags & 1 else (8192,):
                with self.subTest(flags=flags, limit=limit):
                    self.same_both_ways([harness.program("locks_memory"), str(flags), str(limit)])

    def test_what_locks_its_memory_is_recorded(self):
        arguments = [harness.program("locks_memory"), "3", "8192"]
        status, out, _ = self.run_program(arguments)
        self.assertEqual(status, 0)
        self.assertIn("mlockall 0", out)
        live = self.report(self.recording("locks_memory")).sums("main")
        self.assertGreaterEqual(live[0], 300)
        self.assertGreaterEqual(live[1], 300 * 3329)

    def children_of(self, child, **settings):
        settings["KEPT"] = "kept"
        status, out, err = self.run_program([harness.program("starts_others"), child],
                                            settings=settings)
        self.assertEqual((status, err), (0, ""), out)
        told = [line for line in out.splitlines() if line.startswith("first ")]
        ends = [line for line in out.splitlines() if not line.startswith("first ")]
        self.assertEqual(len(told), 12, out)
        self.assertEqual({line.split()[-1] for line in ends}, {"7"}, out)
        self.assertEqual({line.split()[-1] for line in told}, {"kept"}, out)
        return {line.split()[1] for line in told}

    @harness.needs("musl-gcc")
    def test_a_musl_program_is_started_without_silt(self):
        child = self.build("musl_child", "musl-gcc")
        self.assertEqual(self.children_of(child), {"-"})
        # What else is preloaded is not silt's to take away; this both loaders can load.
        mixed = self.build("other.so", "gcc", "-shared", "-fPIC", "-nostdlib", text="int other;")
        for before, after in ((f"{mixed}:{harness.LIBRARY}", mixed),
                              (f"{harness.LIBRARY} {mixed}", mixed)):
            self.assertEqual(self.children_of(child, LD_PRELOAD=before), {after})

    @harness.needs("musl-gcc")
    def test_a_script_for_a_musl_program_is_started_without_silt(self):
        child = self.build("musl_child", "musl-gcc", text=CHILD.replace("argc == 2", "argc == 3")
                           .replace("argv[1]", "argv[2]"))
        script = os.path.join(self.folder, "script")
        with open(script, "w", encoding="utf-8") as file:
            file.write(f"#! {child}\n")
        os.chmod(script, 0o755)
        self.assertEqual(self.children_of(script), {"-"})

    def test_programs_of_this_c_library_and_static_ones_keep_it(self):
        self.assertEqual(self.children_of(self.build("child", "gcc")), {harness.LIBRARY})
        static = self.build("static_child", "gcc", "-static")
        self.assertEqual(self.children_of(static), {harness.LIBRARY})
        self.assertEqual(len(self.recordings("child")), 12)

    @harness.needs("musl-gcc")
    def test_run_says_that_musl_cannot_be_recorded_and_runs_it_unharmed(self):
        child = self.build("musl_child", "musl-gcc")
        alone = os.path.join(self.folder, "libsilt.so")  # without the one for musl beside it
        shutil.copy(harness.LIBRARY, alone)
        done = subprocess.run([harness.TOOL, "run", "--out", self.out, "--", child, "first"],
                              capture_output=True, env=self.environment(KEPT="kept", SILT_LIBRARY=alone),
                              check=False,
                              timeout=60)
        self.assertEqual(done.returncode, 7, done)
        self.assertEqual(done.stdout.decode(), "first - kept\n")
        self.assertEqual(len(done.stderr.decode().splitlines()), 1, done.stderr)
        self.assertIn("musl", done.stderr.decode())


if __name__ == "__main__":
    harness.main()
