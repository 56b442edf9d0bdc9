# SPDX-License-Identifier: Apache-2.0
"""Beside other tools that put themselves between a program and its libc: sanitizers, valgrind, gdb,
libfaketime, other allocators. Each does what it does without silt."""

import pathlib
import re
import unittest

import harness
from harness import needs

SOURCES = pathlib.Path(__file__).resolve().parent.parent / "programs"
LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")

CAREFUL = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static void* volatile kept;
int main(int count, char** arguments) {
  const char* way = count > 1 ? arguments[1] : "";
  char* block = malloc(100);
  memset(block, 1, 100);
  if (strcmp(way, "overflow") == 0) block[strlen(way) * 12 + 4] = 1;
  if (strcmp(way, "after") == 0) { free(block); block[3] = 1; }
  if (strcmp(way, "leak") == 0) { kept = malloc(200); kept = NULL; }
  for (int i = 0; i < 1000; ++i) free(realloc(malloc(10), (size_t)i + 1));
  if (strcmp(way, "after") != 0) free(block);
  puts("done");
  return 0;
}
"""


class Compiled(harness.SiltTest):
    def compile(self, compiler, source, *options):
        """Path of the program; skips where the compiler has not got what it takes."""
        program = pathlib.Path(self.folder) / "compiled"
        if not isinstance(source, pathlib.Path):
            path = pathlib.Path(self.folder) / "source.c"
            path.write_text(source)
            source = path
        done = harness.subprocess.run(
            [compiler, "-g", "-O1", f"-I{SOURCES.parent.parent}", source, "-o", program, *options],
            capture_output=True, check=False)
        if done.returncode != 0:
            self.skipTest(f"{compiler} {' '.join(map(str, options))} does not work here")
        return str(program)


class Sanitizers(Compiled):
    @staticmethod
    def findings(text):
        return re.findall(r"(?:ERROR|WARNING): (\w+Sanitizer: [\w-]+)", text)

    def check_sanitizer(self, compiler, kind, *ways):
        program = self.compile(compiler, CAREFUL, f"-fsanitize={kind}", "-fno-builtin")
        for way in ("", *ways):
            plain = self.run_program([program, way], silt=False)
            if not way:
                self.assertEqual(plain, (0, "done\n", ""))
            else:
                self.assertTrue(self.findings(plain[2]), plain)
            silt = self.run_program([program, way])
            self.assertEqual(silt[:2], plain[:2], silt)
            self.assertEqual(self.findings(silt[2]), self.findings(plain[2]))

    def test_address_sanitizer_of_gcc(self):
        self.check_sanitizer("gcc", "address", "overflow", "after", "leak")
        recording = self.recordings("compiled")[0]
        self.assertGreater(self.report(recording).sums("main")[2], 1000)

    @needs("clang")
    def test_address_sanitizer_of_clang(self):
        self.check_sanitizer("clang", "address", "overflow", "after", "leak")

    def test_leak_sanitizer(self):
        self.check_sanitizer("gcc", "leak", "leak")

    def test_thread_sanitizer(self):
        self.check_sanitizer("gcc", "thread")

    def test_undefined_behaviour_sanitizer(self):
        self.check_sanitizer("gcc", "undefined")

    def test_options_that_a_library_of_the_program_gives_are_kept(self):
        library = pathlib.Path(self.folder) / "liboptions.so"
        source = pathlib.Path(self.folder) / "options.c"
        source.write_text('const char* __asan_default_options(void) { return "exitcode=55"; }\n')
        harness.subprocess.run(["gcc", "-shared", "-fPIC", source, "-o", library], check=True)
        program = self.compile("gcc", CAREFUL, "-Wl,--no-as-needed", str(library),
                               f"-Wl,-rpath,{self.folder}", "-fsanitize=address")
        for silt in (False, True):
            done = self.run_program([program, "overflow"], silt=silt)
            self.assertTrue(self.findings(done[2]), done)
            self.assertIn(done[0], (1, 55))
            if not silt:
                plain = done
        if plain[0] == 55:
            self.assertEqual(done[0], 55)


class LinkedAllocators(Compiled):
    """Programs that are linked with another allocator, silt preloaded before it."""

    def check_linked(self, library):
        path = LIBRARIES / library
        if not path.exists():
            self.skipTest(f"{library} is not installed")
        for victim in ("exact_counts.cpp", "late_calls.cpp"):
            program = self.compile("g++", SOURCES / victim, "-std=c++20", "-fno-builtin-malloc",
                                   "-Wl,--no-as-needed", str(path), "-pthread")
            process = self.start([program])
            process.run_until("ready done")
            self.assertIn(library, pathlib.Path(f"/proc/{process.pid}/maps").read_text())
            path_of_snapshot = self.dump(process.pid)
            self.assertEqual(process.finish(), 0, process.told())
            self.check_expectations(self.report(path_of_snapshot), process.lines)
        program = self.compile("gcc", SOURCES / "forked.c", "-D_GNU_SOURCE", "-fno-builtin-malloc",
                               "-Wl,--no-as-needed", str(path), "-pthread")
        for way in ("allocator", "handlers"):
            status, out, err = self.run_program([program, way], settings={"SILT_AT_EXIT": "0"},
                                                timeout=120)
            self.assertEqual((status, out.splitlines()[-1:], err), (0, ["ready done"], ""), way)

    def test_jemalloc(self):
        self.check_linked("libjemalloc.so.2")

    def test_tcmalloc(self):
        self.check_linked("libtcmalloc_minimal.so.4")

    def test_mimalloc(self):
        self.check_linked("libmimalloc.so.2.0")


class Debuggers(Compiled):
    @needs("valgrind")
    def test_valgrind(self):
        program = self.compile("gcc", CAREFUL, "-fno-builtin")
        for way, status in (("", 0), ("leak", 9), ("after", 9)):
            command = ["valgrind", "-q", "--leak-check=full", "--error-exitcode=9", program, way]
            for silt in (False, True):
                done = self.run_program(command, silt=silt)
                self.assertEqual(done[:2], (status, "done\n"), done)

    @needs("gdb")
    def test_gdb(self):
        program = self.compile("gcc", CAREFUL, "-fno-builtin")
        environment = [f"set environment LD_PRELOAD {harness.LIBRARY}",
                       f"set environment SILT_OUT {self.out}", "set startup-with-shell off"]
        script = [*environment, "break realloc", "run", "backtrace", "delete", "continue"]
        arguments = [part for line in script for part in ("-ex", line)]
        _, out, _ = self.run_program(["gdb", "-nx", "-batch", *arguments, program], silt=False)
        self.assertRegex(out, r"#\d+ .* main \(")
        self.assertIn("exited normally", out)
        self.assertEqual(len(self.snapshots(self.recording("compiled"))), 1)


class FakeTime(harness.SiltTest):
    LIBRARY = LIBRARIES / "faketime" / "libfaketime.so.1"

    @unittest.skipUnless(LIBRARY.exists(), "libfaketime is not installed")
    def test_libfaketime_before_and_after(self):
        for order in ((harness.LIBRARY, str(self.LIBRARY)), (str(self.LIBRARY), harness.LIBRARY)):
            done = self.run_program(
                ["date", "+%Y"], settings={"LD_PRELOAD": ":".join(order), "SILT_EVERY": "1ms",
                                           "FAKETIME": "1999-12-24 20:30:00"})
            self.assertEqual(done, (0, "1999\n", ""), order)
            process = self.start(
                [harness.program("under_load")],
                settings={"LD_PRELOAD": ":".join(order), "SILT_EVERY": "20ms",
                          "FAKETIME": "@1999-12-24 20:30:00 x0.01"})
            process.wait_line("ready running")
            recording = self.recording_of(process, "under_load")
            harness.wait_until(lambda: len(self.snapshots(recording)) >= 3, "timed snapshots")
            self.assertEqual(process.finish(), 0, process.told())
            self.check_expectations(self.report(recording), process.lines)


if __name__ == "__main__":
    harness.main()
