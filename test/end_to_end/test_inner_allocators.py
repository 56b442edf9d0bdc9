# SPDX-License-Identifier: Apache-2.0
"""Allocators inside a program's own file: every count is right, or the program is left alone.

Programs are built here, against Debian's static libraries of jemalloc and tcmalloc, and around an
allocator whose functions begin in every way that is hard to put a jump into.
"""

import os
import pathlib
import random
import re
import resource
import struct
import subprocess
import unittest

import harness
from inner_callers import KEEPING, RELIES_ON_IT
from inner_programs import (BODIES, CALLS, INNER, LIBRARY, NO_NEW_CODE, OPERATORS, REFUSED, THREAD,
                            USES_OPERATORS, functions)

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARIES = pathlib.Path("/usr/lib/x86_64-linux-gnu")


@unittest.skipUnless(os.uname().machine == "x86_64", "instructions are moved on x86-64 only")
class InnerAllocators(harness.SiltTest):
    def build(self, name, sources, *options):
        """A program of the texts, by the endings of their names."""
        paths = []
        for ending, text in sources.items():
            path = pathlib.Path(self.folder, f"{name}.{ending}")
            path.write_text(text, encoding="utf-8")
            paths.append(str(path))
        program = os.path.join(self.folder, name)
        cxx = any(ending.endswith("cpp") for ending in sources)
        done = subprocess.run(["c++" if cxx else "cc", "-O2", "-g", "-I", str(ROOT), "-D_GNU_SOURCE",
                               "-fno-builtin", *paths, *options, "-o", program],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return program

    def renamed(self, archive, prefix):
        """A copy of the archive whose public names have the prefix."""
        listed = subprocess.run(["nm", "-g", "--defined-only", LIBRARIES / archive],
                                capture_output=True, text=True, check=True).stdout
        public = set(re.findall(r" [TW] ((?:[a-z]*alloc|free|memalign|[a-z]*allocx|posix_memalign|"
                                r"aligned_alloc|mallctl\w*|malloc_\w+))$", listed, re.MULTILINE))
        names = pathlib.Path(self.folder, prefix + "names")
        names.write_text("".join(f"{name} {prefix}{name}\n" for name in sorted(public)),
                         encoding="utf-8")
        copy = os.path.join(self.folder, prefix + archive)
        subprocess.run(["objcopy", f"--redefine-syms={names}", LIBRARIES / archive, copy], check=True)
        return copy

    def counts(self, program, settings=None, **options):
        """The report, whose figures are the program's."""
        process = self.start([program], settings=settings, **options)
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        report = self.report(self.recording_of(process, os.path.basename(program)))
        self.check_expectations(report, process.lines, snapshot=0)
        return report

    def assert_seen(self, report):
        self.assertRegex(" ".join(report.notes), "has its own allocator.* was recorded, too")

    def inner(self, name, function=None, body=None, options=()):
        bodies = dict(BODIES)
        if function is not None:
            bodies[function] = body
        return self.build(name, {"main.c": CALLS, "inner.c": INNER,
                                 "s": functions(bodies)},
                          "-DPREFIX=je_", *options)

    @unittest.skipUnless((LIBRARIES / "libjemalloc_pic.a").exists(), "needs libjemalloc-dev")
    def test_jemalloc_by_each_of_its_names(self):
        for prefix, archive in (("", "libjemalloc.a"), ("je_", "libjemalloc_pic.a"),
                                ("_rjem_", "libjemalloc_pic.a")):
            library = self.renamed(archive, prefix) if prefix else str(LIBRARIES / archive)
            program = self.build(f"jemalloc{prefix}", {"c": CALLS}, f"-DPREFIX={prefix}", "-DJEMALLOC",
                                 library, "-lm", "-lstdc++", "-lpthread")
            self.assert_seen(self.counts(program))

    @unittest.skipUnless((LIBRARIES / "libtcmalloc_minimal.a").exists(), "needs libgoogle-perftools-dev")
    def test_tcmalloc(self):
        for prefix in ("", "tc_"):
            program = self.build(f"tcmalloc{prefix}", {"c": CALLS}, f"-DPREFIX={prefix}",
                                 str(LIBRARIES / "libtcmalloc_minimal.a"), "-lm", "-lstdc++",
                                 "-lpthread")
            self.assert_seen(self.counts(program))

    def test_functions_that_begin_in_every_way(self):
        for name, options in (("fixed", ("-no-pie",)), ("movable", ("-pie",)), ("bare", ("-s", "-rdynamic"))):
            self.assert_seen(self.counts(self.inner(name, options=options)))

    def test_a_program_that_has_less_stack_than_silt_needs_at_the_start(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_STACK, (40 << 10, 40 << 10))
        self.assert_seen(self.counts(self.inner("narrow"), preexec_fn=limit))

    def test_callers_that_know_what_a_function_leaves_alone(self):
        self.assert_seen(self.counts(self.build("relies", {"c": RELIES_ON_IT, "s": KEEPING})))

    def test_what_cannot_be_changed_is_left_alone_and_said(self):
        for name, (function, body, said) in harness.some(REFUSED.items(), len(REFUSED)):
            with self.subTest(name):
                program = self.inner(name, function, body)
                status, out, err = self.run_program([program], text="\n" * 4)
                self.assertEqual(status, 0, (name, out, err))
                self.assertIn("ready done", out)
                report = self.report(self.recording(name))
                if said is None:
                    self.assertEqual(err, "", name)
                    self.assert_seen(report)
                    continue
                self.assertRegex(err, "silt: the allocator inside the program \\(je_malloc\\) is not "
                                      "recorded: .*" + said)
                self.assertEqual(len(err.splitlines()), 1)
                self.assertRegex(" ".join(report.notes), "was not seen: the code of its functions")
                self.assertEqual(report.sums("plain"), (0, 0, 0, 0))

    def test_symbol_tables_that_lie(self):
        """Headers and sizes at random: the loader reads none of them, and silt believes none."""
        program = pathlib.Path(self.inner("honest"))
        whole = program.read_bytes()
        headers, = struct.unpack_from("<Q", whole, 40)
        count, = struct.unpack_from("<H", whole, 60)
        sections = [headers + 64 * i for i in range(count)]
        symbols = next(at for at in sections if struct.unpack_from("<I", whole, at + 4) == (2,))
        table, size = struct.unpack_from("<QQ", whole, symbols + 24)
        chance = random.Random(7)
        wild = (0, 1, 7, 2**31, 2**32 - 1, 2**63, 2**64 - 1, len(whole), len(whole) - 1, 4096)
        seen = 0
        for i in range(24):
            bytes_ = bytearray(whole)
            if i % 3 == 0:  # a header of a section, or of the table of them
                struct.pack_into("<Q", bytes_, chance.choice([40, *(at + 24 for at in sections),
                                                              *(at + 32 for at in sections)]),
                                 chance.choice(wild))
            elif i % 3 == 1:  # sizes of all functions
                for at in range(table, table + size, 24):
                    struct.pack_into("<Q", bytes_, at + 16, chance.choice(wild))
            else:  # places outside the program's code, and names outside the names
                for at in range(table, table + size, 24):
                    struct.pack_into("<QQ", bytes_, at + 8, chance.choice(wild), 64)
                    struct.pack_into("<I", bytes_, at, chance.choice((0, 1, 77, 2**31, 2**32 - 1)))
            path = pathlib.Path(self.folder, f"lies{i}")
            path.write_bytes(bytes_)
            path.chmod(0o755)
            status, out, err = self.run_program([str(path)], text="\n" * 4)
            self.assertEqual(status, 0, (i, out, err))
            seen += "is not recorded" in err
        self.assertGreater(seen, 0)

    def test_the_switch(self):
        program = self.inner("switched_off")
        status, _, err = self.run_program([program], settings={"SILT_INNER": "0"}, text="\n" * 4)
        self.assertEqual((status, err), (0, ""))
        report = self.report()
        self.assertRegex(" ".join(report.notes), "was not seen: SILT_INNER=0")
        self.assertEqual(report.sums("plain"), (0, 0, 0, 0))

    def test_a_system_that_lets_no_code_be_changed(self):
        wrapper = self.build("no_new_code", {"c": NO_NEW_CODE})
        program = self.inner("guarded")
        status, out, err = self.run_program([wrapper, program], text="\n" * 4)
        self.assertEqual(status, 0, (out, err))
        self.assertRegex(err, "is not recorded: the system refuses to change code: permission denied")
        self.assertRegex(" ".join(self.report(self.recording("guarded")).notes),
                         "was not seen: the system does not let code be changed")

    def test_each_call_that_changes_code_may_fail(self):
        """mprotect and mmap, the first, the second, … that silt makes; the program runs on."""
        program = self.inner("faulty")
        counted = os.path.join(self.folder, "count")

        def injected(call, first):
            done = subprocess.run([harness.program("inject"), "/libsilt.so", str(call), "13", str(first),
                                   str(first), counted, program], input="\n" * 4, text=True,
                                  capture_output=True, check=False, timeout=60,
                                  env=self.silt_environment())
            if done.returncode == 77:
                self.skipTest("ptrace is not allowed here")
            self.assertEqual(done.returncode, 0, (call, first, done))
            self.assertIn("ready done", done.stdout)
            return done.stderr, int(pathlib.Path(counted).read_text(encoding="utf-8"))

        mprotect = 10
        _, count = injected(mprotect, 0)
        self.assertGreaterEqual(count, 5)  # of the trial, of the copies, of the code
        for first in range(1, count + 1):
            said, _ = injected(mprotect, first)
            self.assertIn("the system refuses to change code: permission denied", said, first)

    def test_a_thread_that_is_there_already(self):
        library = self.build("libearly.so", {"thread.c": THREAD}, "-shared", "-fPIC", "-lpthread")
        early = ("-Wl,--no-as-needed", library)
        operators = {"main.cpp": USES_OPERATORS, "pool.cpp": OPERATORS}
        for name, program in (("threaded", self.inner("threaded", options=early)),
                              ("operators_late", self.build("operators_late", operators, *early))):
            status, _, err = self.run_program([program], text="\n" * 4)
            self.assertEqual(status, 0, err)
            self.assertRegex(err, "is not recorded: a library has started a thread already")
            self.assertRegex(" ".join(self.report(self.recording(name)).notes),
                             "was not seen: a library had started a thread before silt could look")

    def test_an_allocator_inside_a_library_is_told_of(self):
        """Its memory is seen as what it maps. What a library gives to all as malloc is hooked."""
        for name, told in (("je_malloc", True), ("malloc", True), ("exported", False)):
            function = "malloc" if name == "exported" else name
            text = LIBRARY.replace("FUNCTION", function).replace(
                "RELEASE", function.replace("malloc", "free"))
            library = self.build(f"lib{name}.so", {"c": text},
                                 "-shared", "-fPIC", *(() if name == "exported" else
                                                       ("-fvisibility=hidden",)))
            program = self.build(f"uses_{name}", {"c": "void take(void); int main(void) { take(); }"},
                                 library)
            status, _, err = self.run_program([program])
            self.assertEqual((status, err), (0, ""))
            notes = " ".join(self.report(self.recording(f"uses_{name}")).notes)
            said = f"'{library}' has its own allocator ({function}): what it allocates that way"
            (self.assertIn if told else self.assertNotIn)(said, notes)

    def test_operators_of_the_programs_own(self):
        program = self.build("operators_inside", {"main.cpp": USES_OPERATORS, "pool.cpp": OPERATORS})
        self.assert_seen(self.counts(program))

    def test_operators_of_a_static_runtime_are_left_to_malloc(self):
        # The exception is a block of its own.
        source = USES_OPERATORS.replace("100000", "1ul << 60").replace(', "native", 0, 0, 0, 0',
                                                                       ', "native", 0, 0, -1, -1')
        program = self.build("static_runtime", {"cpp": source}, "-static-libstdc++", "-static-libgcc")
        report = self.counts(program)
        self.assertNotRegex(" ".join(report.notes), "has its own allocator")

    def test_sampled_and_with_code_left_as_it_was_found(self):
        program = self.inner("sampled")
        process = self.start([program], settings={"SILT_SAMPLE": "4K"})
        process.wait_line("ready done")
        maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8")
        self.assertNotRegex(maps, r" [r-]wx")
        self.assertNotIn("Zydis", maps)
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        self.assertGreater(self.report().sums("main")[3], 50_000)


if __name__ == "__main__":
    harness.main()
