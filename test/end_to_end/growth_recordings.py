# SPDX-License-Identifier: Apache-2.0
"""Recordings of the plainest leak, for tests of what the tool makes of a recording."""

import pathlib
import shutil

import harness


class GrowthTest(harness.SiltTest):
    """All tests look at copies of two recordings, each made once: long and short."""

    made = {}

    def record(self, steps=6):
        """A recording of the plainest leak, with a snapshot after each of `steps` steps."""
        if steps not in GrowthTest.made:
            process = self.start([harness.program("growth")])
            for step in range(6):
                process.wait_line("ready step")
                if step < steps:
                    self.dump(process.pid)
                process.write_line()
            self.assertEqual(process.finish(), 0)
            path = self.recording_of(process, "growth")
            GrowthTest.made[steps] = {name.name: name.read_bytes()
                                      for name in pathlib.Path(path).iterdir() if name.is_file()}
            shutil.rmtree(path)
        return self.copy(steps, f"silt.growth.{4000 + steps}")

    def copy(self, steps, name):
        folder = pathlib.Path(self.out, name)
        folder.mkdir(parents=True)
        for file, content in GrowthTest.made[steps].items():
            (folder / file).write_bytes(content)
        return folder

    def write(self, name, text):
        path = pathlib.Path(self.folder, name)
        path.write_text(text, encoding="utf-8")
        return path
