# SPDX-License-Identifier: Apache-2.0
"""aarch64 with a kernel of its own: Debian's, in an emulated machine. What an emulator of programs
alone does not have is tried here: the real clone for owners, process_vm_readv, `silt run`, the tool
of that processor. The packages' tarball is unpacked beside a few victims, booted, and used.

For scripts/test_long: needs qemu-system-aarch64, packages of arm64, a tarball of scripts/package
--machine aarch64 (SILT_TARBALL, or in dist/), and minutes. SILT_KERNEL names another kernel, as one
with pages of 16 KiB.
"""

import glob
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import emulated
import harness

ROOT = emulated.ROOT.parent
KERNEL = emulated.ROOT / "kernel"
PACKAGES = ("linux-image-arm64", "busybox-static", "libc6", "libstdc++6", "libgcc-s1")
MACHINE = "qemu-system-aarch64"
VICTIMS = ("exact_counts", "operators", "owned", "signal_stack", "coroutines", "mappings")
UNIT_TESTS = ("format", "base")

# Each victim is run by `silt run`, gets a newline at each of its "ready" until it stands where it is
# to be dumped, and is dumped there. All that is said goes to the console, between marks.
INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
export PATH=/bin:/opt/silt/bin HOME=/tmp
echo 0 > /proc/sys/kernel/printk
cd /tmp
mark() { echo; echo "@@$1"; }
mark kernel; uname -rm; grep -m 1 KernelPageSize /proc/self/smaps
mark version; silt --version
for name in VICTIMS; do
  stop="ready done"; owners=""
  [ $name != exact_counts ] || stop="ready running"
  [ $name != owned ] || { stop="ready owned"; owners=--owners; }
  mkfifo in.$name
  silt run --out /tmp/rec.$name /victims/$name < in.$name > out.$name 2> err.$name &
  pid=$!
  exec 3> in.$name
  tries=0; answered=0
  until grep -q "^$stop" out.$name || [ $tries -gt 600 ]; do
    asked=$(grep "^ready" out.$name | grep -vc "^$stop")
    [ $asked = $answered ] || { echo >&3; answered=$asked; }
    sleep 0.2; tries=$((tries + 1))
  done
  silt dump --timeout 60s $owners $pid > dump.$name 2>&1
  status=$?
  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo >&3; done 2>/dev/null
  exec 3>&-
  wait $pid
  mark "status $name"; echo $status $?
  mark "lines $name"; cat out.$name
  mark "errors $name"; cat err.$name
  mark "dump $name"; cat dump.$name
  mark "report $name"; silt report --quiet --format json --top 1000000 $(ls -d /tmp/rec.$name/silt.*)
done
cd /tmp
for name in UNIT_TESTS; do
  [ -x /victims/test_interposer_$name ] || continue
  mark "unit $name"; timeout 300 /victims/test_interposer_$name > unit 2>&1; echo $?; tail -n 60 unit
done
mark end
poweroff -f
"""


def tarball():
    named = os.environ.get("SILT_TARBALL")
    found = [named] if named else glob.glob(str(ROOT / "dist" / "silt-*-linux-aarch64.tar.xz"))
    return found[0] if found else None


@unittest.skipUnless("SILT_TEST_LONG" in os.environ, "for scripts/test_long")
class Aarch64Kernel(harness.SiltTest):
    @classmethod
    def setUpClass(cls):
        missing = shutil.which(MACHINE) is None and MACHINE or tarball() is None and "a tarball"
        if missing:
            raise unittest.SkipTest(f"needs {missing}")
        done = subprocess.run([ROOT / "scripts" / "cross_sysroot", "arm64", KERNEL, *PACKAGES],
                              stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest(f"no packages of arm64: {done.stderr.strip()[-200:]}")
        folder = pathlib.Path(harness.tempfile.mkdtemp(prefix="silt-kernel-"))
        cls.addClassCleanup(shutil.rmtree, folder)
        cls.told = cls.boot(cls.make_disk(folder))

    @staticmethod
    def make_disk(folder):
        """Everything in one archive, which the kernel unpacks into memory."""
        root = folder / "root"
        for name in ("bin", "dev", "proc", "sys", "tmp", "lib", "opt/silt", "victims"):
            (root / name).mkdir(parents=True)
        shutil.copy(KERNEL / "bin" / "busybox", root / "bin")
        shutil.copy(KERNEL / "lib" / "ld-linux-aarch64.so.1", root / "lib")
        libraries = root / "lib" / "aarch64-linux-gnu"
        libraries.mkdir()
        for name in ("libc.so.6", "libm.so.6", "libdl.so.2", "libstdc++.so.6", "libgcc_s.so.1"):
            shutil.copy(KERNEL / "usr" / "lib" / "aarch64-linux-gnu" / name, libraries)
        subprocess.run(["tar", "-C", root / "opt/silt", "--strip-components=1", "-xJf", tarball()],
                       check=True)
        for name in VICTIMS:
            shutil.copy(emulated.program(name), root / "victims")
        for name in UNIT_TESTS:
            test = emulated.ROOT / "tool" / "test" / "interposer" / f"test_interposer_{name}"
            if test.exists():
                shutil.copy(test, root / "victims")
        (root / "init").write_text(INIT.replace("VICTIMS", " ".join(VICTIMS))
                                   .replace("UNIT_TESTS", " ".join(UNIT_TESTS)), encoding="utf-8")
        (root / "init").chmod(0o755)
        disk = folder / "disk"
        with open(disk, "wb") as file:
            listed = subprocess.run(["find", ".", "-print0"], cwd=root, capture_output=True,
                                    check=True).stdout
            subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root,
                           input=listed, stdout=file, check=True)
        return disk

    @staticmethod
    def boot(disk):
        kernel = os.environ.get("SILT_KERNEL") or glob.glob(str(KERNEL / "boot" / "vmlinuz-*"))[0]
        done = subprocess.run(
            [MACHINE, "-M", "virt", "-cpu", "max", "-smp", "2", "-m", "2G", "-display", "none",
             "-nic", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot", "-kernel", kernel,
             "-initrd", disk, "-append", "console=ttyAMA0 quiet loglevel=0 panic=-1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=3000, check=False)
        text = done.stdout.decode(errors="replace").replace("\r", "")
        parts = re.split(r"(?m)^@@(.*)\n", text)
        told = dict(zip(parts[1::2], parts[2::2]))
        print("#", " ".join(told.get("kernel", "").split()))
        if "end" not in told:
            raise AssertionError(f"the machine did not come to its end:\n{text[-3000:]}")
        return told

    def report_of(self, name):
        self.assertRegex(self.told[f"status {name}"], r"^0 0\n", self.told[f"dump {name}"])
        self.assertEqual(self.told[f"errors {name}"].strip(), "")
        self.assertTrue(self.told[f"report {name}"].startswith("{"), self.told[f"report {name}"])
        return harness.Report(self.told[f"report {name}"])

    def lines_of(self, name):
        return self.told[f"lines {name}"].splitlines()

    def test_unit_tests_that_an_emulator_of_programs_cannot_run(self):
        if "unit base" not in self.told:
            self.skipTest("needs the unit tests of scripts/cross_build --tool")
        for name in UNIT_TESTS:
            with self.subTest(name):
                self.assertTrue(self.told[f"unit {name}"].startswith("0\n"), self.told[f"unit {name}"])

    def test_counts_are_exact_to_the_block(self):
        for name in ("exact_counts", "operators", "coroutines", "mappings"):
            with self.subTest(name):
                if name == "mappings" and " 4 kB" not in self.told["kernel"]:
                    continue  # it counts in pages of 4 KiB
                report = self.report_of(name)
                self.check_expectations(report, self.lines_of(name))

    def test_a_handlers_stack_goes_on_in_the_interrupted_code(self):
        self.check_stacks_of_handlers(self.report_of("signal_stack"))

    def test_owners_by_a_copy_that_is_nobodys_child(self):
        report = self.report_of("owned")
        truths = [line.split(" ")[1:] for line in self.lines_of("owned")
                  if line.startswith("owner ")]
        self.assertEqual(len(truths), 15)
        for size, kind, name in truths:
            with self.subTest(size=size, owner=name):
                stacks = [stack for stack in report.stacks if stack["live_blocks"][0] and
                          stack["live_bytes"][0] == int(size) * stack["live_blocks"][0]]
                owners = [owner for stack in stacks for owner in stack["owners"]]
                blocks = sum(stack["live_blocks"][0] for stack in stacks)
                right = sum(owner["blocks"] for owner in owners if owner["kind"] == kind and
                            (kind != "global" or name in owner["name"]))
                self.assertTrue(stacks)
                # A word that was left somewhere by chance may keep one or the other.
                self.assertGreaterEqual(right, blocks - max(2, blocks // 50), owners)


if __name__ == "__main__":
    harness.main()
