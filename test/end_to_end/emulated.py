# SPDX-License-Identifier: Apache-2.0
"""Programs of aarch64 under an emulator, with the libsilt.so of that build; the tool that reads what
they record is this machine's. scripts/cross_build builds them."""

import os
import pathlib
import shutil
import unittest

import harness

EMULATOR = "qemu-aarch64"
ROOT = pathlib.Path(os.environ.get(
    "SILT_AARCH64", pathlib.Path(__file__).resolve().parents[2] / "build-aarch64"))
BUILD = ROOT / "build"
SYSTEM = ROOT / "sysroot"
LIBRARY = BUILD / "interposer" / "libsilt.so"


def program(name):
    return str(BUILD / "test" / "programs" / name)


def command(arguments, environment, system=SYSTEM):
    """What runs a program there. The emulator's own loader must not see what is to be preloaded."""
    preloaded = environment.pop("LD_PRELOAD", None)
    preload = ["-E", f"LD_PRELOAD={preloaded}"] if preloaded else []
    return [EMULATOR, "-L", str(system), *preload, *map(str, arguments)]


needs_emulator = unittest.skipIf(
    shutil.which(EMULATOR) is None or not LIBRARY.exists(),
    f"no {EMULATOR} here, or scripts/cross_build has built nothing")


@needs_emulator
class EmulatedTest(harness.SiltTest):
    def silt_environment(self, **settings):
        settings.setdefault("LD_PRELOAD", str(LIBRARY))
        return super().silt_environment(**settings)

    def start(self, arguments, silt=True, settings=None, system=SYSTEM, **options):
        environment = (self.silt_environment if silt else self.environment)(**(settings or {}))
        process = harness.Process(command(arguments, environment, system), environment, self.folder,
                                  **options)
        self.addCleanup(process.stop)
        return process

    def tool(self, *arguments, **options):
        # The C library and the loader are named by paths of the other system.
        options.setdefault("env", self.environment())
        return super().tool(*arguments, **options)

    def run_emulated(self, name, *arguments, settings=None, stop_at="ready done"):
        """Runs a program with a dump where it stands still; (report, output lines)."""
        process = self.start([program(name), *arguments], settings=settings)
        process.run_until(stop_at)
        self.dump(process.pid)
        self.assertEqual(process.finish(), 0, process.told())
        return self.report(self.recording(name)), process

    def assert_same_walks(self, process, least):
        """What SILT_VERIFY_WALK=1 said: so many stacks as libunwind has them, and no other."""
        line = [line for line in process.errors().splitlines() if "walks compared" in line]
        self.assertTrue(line, process.told())
        numbers = [int(word.strip(",")) for word in line[-1].split() if word.strip(",").isdigit()]
        self.assertEqual(numbers[-1], 0, process.told())
        self.assertGreaterEqual(numbers[0], least, line)
        return numbers[0]
