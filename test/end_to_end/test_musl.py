# SPDX-License-Identifier: Apache-2.0
"""C programs of musl under the library that is built for musl: counts, stacks, snapshots on demand.

Where musl-gcc or that library is missing there is nothing to test.
"""

import os
import pathlib
import shutil
import subprocess
import unittest

import harness
import inner_programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIBRARY = pathlib.Path(harness.LIBRARY).parent / "musl" / "libsilt.so"

EXACT = r"""
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include "test/programs/truth.h"
VICTIM_FRAME void* plain(void) { void* p = malloc(1009); VICTIM_KEEP(p); return p; }
VICTIM_FRAME void* zeroed(void) { void* p = calloc(7, 101); VICTIM_KEEP(p); return p; }
VICTIM_FRAME void* grown(void* old) { void* p = realloc(old, 5003); VICTIM_KEEP(p); return p; }
VICTIM_FRAME void* aligned(void) { void* p = aligned_alloc(64, 2048); VICTIM_KEEP(p); return p; }
VICTIM_FRAME void* out(void) { void* p = NULL; VICTIM_CHECK(posix_memalign(&p, 128, 3001) == 0); return p; }
VICTIM_FRAME void* mapped(void) {
  void* p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(p != MAP_FAILED);
  return p;
}
VICTIM_FRAME void* threaded(void* nothing) {
  for (int i = 0; i < 100; ++i) free(plain());
  void* p = malloc(71); VICTIM_KEEP(p);
  return nothing;
}
static sigjmp_buf back;
VICTIM_FRAME void handler(int number) { void* p = malloc(91); VICTIM_KEEP(p); siglongjmp(back, number); }
int main(void) {
  for (int i = 0; i < 10; ++i) {
    plain(); zeroed(); grown(plain()); aligned(); out(); free(plain());
  }
  VICTIM_CHECK(munmap(mapped(), 1 << 20) == 0);
  mapped();
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) VICTIM_CHECK(pthread_create(&threads[i], NULL, threaded, NULL) == 0);
  for (int i = 0; i < 4; ++i) VICTIM_CHECK(pthread_join(threads[i], NULL) == 0);
  signal(SIGUSR1, handler);
  for (volatile int i = 0; i < 3; ++i) if (sigsetjmp(back, 1) == 0) raise(SIGUSR1);
  expect_in("plain", "native", 10, 10090, 430, 430 * 1009);
  expect_in("zeroed", "native", 10, 7070, 10, 7070);
  expect_in("grown", "native", 10, 50030, 10, 50030);
  expect_in("aligned", "native", 10, 20480, 10, 20480);
  expect_in("out", "native", 10, 30010, 10, 30010);
  expect_in("mapped", "mapping", 1, 1 << 20, 2, 2 << 20);
  expect_in("threaded", "native", 4, 284, 404, 400 * 1009 + 284);
  expect_in("handler", "native", 3, 273, 3, 273);
  ready("done");
  return 0;
}
"""


@unittest.skipUnless(LIBRARY.exists(), "needs musl-tools, and the library built for musl")
class Musl(harness.SiltTest):
    def setUp(self):
        """As in a package: with copies of the libraries that it opens beside it."""
        super().setUp()
        if not shutil.which("patchelf") or not shutil.which("musl-gcc"):
            self.skipTest("needs patchelf and musl-gcc")
        self.libraries = pathlib.Path(self.folder, "lib")
        self.libraries.joinpath("musl").mkdir(parents=True)
        shutil.copy(harness.LIBRARY, self.libraries)
        shutil.copy(LIBRARY, self.libraries / "musl")
        subprocess.run([ROOT / "scripts/packaging/copy_libraries", self.libraries / "musl", "musl"],
                       check=True)

    def build(self, name, text, *options):
        source = pathlib.Path(self.folder, name + ".c")
        source.write_text(text, encoding="utf-8")
        program = os.path.join(self.folder, name)
        # Debian's musl-gcc leaves the table out that unwinding needs; a compiler for musl does not.
        subprocess.run(["musl-gcc", "-O2", "-g", "-fno-builtin", "-I", ROOT, "-D_GNU_SOURCE",
                        "-Wl,--eh-frame-hdr", *options, source, "-o", program], check=True)
        return program

    def silt_environment(self, **settings):
        return {**super().silt_environment(**settings), "LD_PRELOAD": str(self.libraries / "musl" / "libsilt.so")}

    def test_counts_stacks_and_a_snapshot_on_demand(self):
        process = self.start([self.build("exact", EXACT)])
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        report = self.report()
        self.check_expectations(report, process.lines, snapshot=0)
        self.assertIn("main", harness.Report.names(report.with_function("zeroed")[0]))

    def test_an_allocator_inside_the_program(self):
        functions = pathlib.Path(self.folder, "functions.s")
        functions.write_text(inner_programs.functions(inner_programs.BODIES), encoding="utf-8")
        allocator = pathlib.Path(self.folder, "allocator.c")
        allocator.write_text(inner_programs.INNER, encoding="utf-8")
        process = self.start([self.build("inner", inner_programs.CALLS, "-DPREFIX=je_", functions,
                                         allocator)])
        process.wait_line("ready done")
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        self.check_expectations(self.report(), process.lines, snapshot=0)

    def test_run_takes_the_library_for_musl(self):
        program = self.build("exact", EXACT)
        out = os.path.join(self.folder, "rec")
        done = subprocess.run([harness.TOOL, "run", "--out", out, program], input="\n",
                              capture_output=True, text=True, check=False, timeout=60,
                              env=self.environment(SILT_LIBRARY=str(self.libraries / "libsilt.so")))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        recording, = pathlib.Path(out).glob("silt.exact.*")
        self.check_expectations(self.report(recording), done.stdout.splitlines())

    def test_a_program_of_glibc_that_it_starts_is_left_alone(self):
        program = self.build("starts", "#include <unistd.h>\nint main(void) { "
                             "execl(\"/bin/echo\", \"echo\", \"hello\", (char*)0); return 1; }\n")
        self.assertEqual(self.run_program([program]), (0, "hello\n", ""))


if __name__ == "__main__":
    harness.main()
