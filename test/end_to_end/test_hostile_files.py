# SPDX-License-Identifier: Apache-2.0
"""Files that are not what they should be: FIFOs, devices and folders in place of snapshots and
settings, files of holes, links in circles, processes that say what they like. One line, the right
status, soon, and no memory made of nothing."""

import os
import pathlib
import pty
import re
import resource
import shutil
import subprocess

import harness

SPECIAL = ("folder", "fifo", "/dev/zero", "/dev/full", "loop")
ROOM = 2 << 30  # of address space, for the tool

# A process that looks as if it ran under silt and answers with text of its choice.
FAKE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
static void handle(int number) { (void)number; }
static char* map(int fd) {
  if (ftruncate(fd, 4096) != 0) abort();
  return mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}
int main(int argc, char** argv) {
  signal(SIGUSR2, handle);
  map(open(argv[1], O_RDWR | O_CREAT, 0644));
  if (argc == 2) {
    map(memfd_create("silt error: \033[31m\033]0;owned\007 ok\033[8m\302\23331m", 0));
    puts("ready fake");
    fflush(stdout);
    for (;;) pause();
  }
  char* control = map(open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0644));
  memcpy(control, "SILTCTRL", 8);
  *(int*)(control + 8) = 2;
  *(int*)(control + 12) = getpid();
  *(unsigned*)(control + 16) = SIGUSR2;
  *(int*)(control + 28) = 5;
  strcpy(control + 48, "\033[31mred\033]0;owned\007 text");
  puts("ready fake");
  fflush(stdout);
  for (;;) { usleep(10000); ++*(volatile int*)(control + 20); }
}
"""


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (ROOM, ROOM))


class HostileFiles(harness.SiltTest):
    def special(self, kind, path):
        """Puts something that is no regular file there; returns the path to use."""
        if kind.startswith("/dev/"):
            return kind
        if kind == "folder":
            os.mkdir(path)
        elif kind == "fifo":
            os.mkfifo(path)
        elif kind == "loop":
            os.symlink(path, path)
        return str(path)

    def refused(self, *arguments, status):
        done = subprocess.run([harness.TOOL, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              capture_output=True, env=self.environment(), cwd=self.folder,
                              timeout=60, check=False, preexec_fn=limit_memory)
        err = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, f"{arguments}: {err}")
        self.assertEqual(len(err.splitlines()), 1, err)
        return err

    def growth(self):
        process = self.start([harness.program("growth")])
        for _ in range(5):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        return self.recording()

    def test_settings_that_are_no_files(self):
        recording = self.growth()
        for option in ("--policy", "--suppressions", "--baseline"):
            for kind in SPECIAL:
                with self.subTest(option=option, kind=kind):
                    path = self.special(kind, os.path.join(self.folder, option + kind.replace("/", "")))
                    err = self.refused("check", option, path, recording, status=2)
                    self.assertIn(path, err)
        for kind in SPECIAL:
            with self.subTest(option="--work", kind=kind):
                path = self.special(kind, os.path.join(self.folder, "work" + kind.replace("/", "")))
                self.refused("report", "--work", path, recording, status=3)

    def test_snapshots_that_are_no_files(self):
        for kind in SPECIAL:
            with self.subTest(kind=kind):
                folder = pathlib.Path(self.folder) / ("recording" + kind.replace("/", ""))
                folder.mkdir()
                path = folder / "000.silt"
                if kind.startswith("/dev/"):
                    os.symlink(kind, path)
                else:
                    self.special(kind, path)
                self.refused("report", folder, status=3)
                if kind != "folder":
                    self.refused("report", path, status=3)

    def test_a_bad_one_among_good_ones_is_left_out(self):
        recording = pathlib.Path(self.growth())
        os.mkdir(recording / "001.silt.d")
        os.remove(recording / "001.silt")
        os.mkfifo(recording / "001.silt")
        report = self.report(recording)
        self.assertIn("001.silt", " ".join(report.notes))

    def test_files_of_holes_are_refused_at_once(self):
        good = pathlib.Path(self.snapshots(self.growth())[-1]).read_bytes()
        path = pathlib.Path(self.folder) / "000.silt"
        for size in (1 << 20, 1 << 28, 1 << 30, 1 << 32, 1 << 40):
            for start in (b"", good):
                with self.subTest(size=size, start=len(start)):
                    path.write_bytes(start)
                    os.truncate(path, size)
                    self.refused("report", path, status=3)

    def test_a_huge_map_of_jit_code_is_a_note(self):
        recording = self.growth()
        pid = recording.rsplit(".", 1)[1]
        map_path = os.path.join(recording, f"perf-{pid}.map")
        for size in (100 << 30, 500 << 20):
            with open(map_path, "wb") as file:
                file.write(b"7f0000001000 10 function\n")
            os.truncate(map_path, size)
            done = subprocess.run([harness.TOOL, "report", "--format", "json", recording],
                                  capture_output=True, env=self.environment(), timeout=60,
                                  check=False, preexec_fn=limit_memory)
            self.assertEqual(done.returncode, 0, done.stderr)
        with open(map_path, "wb") as file:  # a line in front of each other, over and over
            for start in range(200000):
                file.write(b"%x 7fffffffffff f%d\n" % (start, start))
        self.tool("report", recording)

    def test_pids_that_are_none(self):
        for pid in ("0", "00", "-1", "2147483648", "4294967297", "18446744073709551616", "1e3",
                    "0x10", "", " 1", "1\n", "\x1b[31m", "9" * 100000):
            with self.subTest(pid=pid[:20]):
                done = subprocess.run([harness.TOOL, "dump", "--", pid], capture_output=True,
                                      env=self.environment(), timeout=60, check=False)
                err = done.stderr.decode(errors="replace")
                self.assertEqual(done.returncode, 2, err[:200])
                self.assertEqual(len(err.splitlines()), 1, err[:200])
                self.assertNotIn("\x1b", err)

    def fake(self, *more):
        source = os.path.join(self.folder, "fake.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write(FAKE)
        program = os.path.join(self.folder, "fake\x1b]0;name\x07")
        subprocess.run(["gcc", "-o", program, source], check=True, timeout=60)
        library = os.path.join(self.folder, "libsilt.so.fake")
        process = self.start([program, library, *more], silt=False)
        process.wait_line("ready fake")
        return process

    def check_harmless(self, text):
        self.assertFalse(re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), repr(text))

    def test_what_a_process_says_cannot_move_the_cursor(self):
        for control in ((), (os.path.join(self.folder, "evil\x1b[2J", "control"),)):
            for path in control:
                os.mkdir(os.path.dirname(path))
            process = self.fake(*control)
            for command in (("dump", "--timeout", "3s"), ("top", "--once")):
                out, err = self.tool(*command, process.pid, status=None)
                self.check_harmless(out.replace("\n", "") + err.replace("\n", ""))
                self.assertEqual(len(err.splitlines()), 1, err)
                self.assertIn("owned", err)
            process.stop()

    def test_a_path_is_shown_harmless_on_a_terminal_and_whole_to_a_script(self):
        out = os.path.join(self.folder, "out\x1b[31m")
        os.mkdir(out)
        process = self.start([harness.program("growth")], settings={"SILT_OUT": out})
        process.wait_line("ready step")
        path = self.tool("dump", process.pid)[0].rstrip("\n")
        self.assertTrue(os.path.isfile(path), path)
        leader, follower = pty.openpty()
        subprocess.run([harness.TOOL, "dump", str(process.pid)], stdout=follower,
                       env=self.environment(), timeout=60, check=True)
        os.close(follower)
        shown = os.read(leader, 65536).decode()
        os.close(leader)
        self.check_harmless(shown.replace("\r\n", ""))
        self.assertIn("\\x1b[31m", shown)
        self.assertEqual(process.finish(), 0)

    def test_a_hostile_name_in_a_module_takes_neither_time_nor_memory(self):
        if shutil.which("gcc") is None:
            self.skipTest("needs gcc")
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        name = "_Z1fSt4pairIiiE" + "".join(f"S_IS{digits[i]}_S{digits[i]}_E" for i in range(30))
        source = os.path.join(self.folder, "named.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("#include <stdlib.h>\n#include <stdio.h>\nvoid* volatile kept;\n"
                       f'__attribute__((noinline)) void named(void) __asm__("{name}");\n'
                       "void named(void) { kept = malloc(5000); __asm__ volatile(\"\"); }\n"
                       "int main(void) { for (int i = 0; i < 50; ++i) named(); return 0; }\n")
        program = os.path.join(self.folder, "named")
        subprocess.run(["gcc", "-O1", "-o", program, source], check=True, timeout=60)
        self.assertEqual(self.run_program([program])[0], 0)
        done = subprocess.run([harness.TOOL, "report", "--format", "json",
                               self.recording("named")], capture_output=True,
                              env=self.environment(), timeout=60, check=False,
                              preexec_fn=limit_memory)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(name.encode(), done.stdout)


if __name__ == "__main__":
    harness.main()
