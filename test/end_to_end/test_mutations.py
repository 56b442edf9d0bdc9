# SPDX-License-Identifier: Apache-2.0
"""Recordings that are damaged in many ways, most with right checksums, through every format of
`silt report` and `silt check`: a clear line, or a report that a parser of its format reads, and
never a crash.

Environment: as harness.py, and SILT_HTML_RECORDINGS, SILT_MUTATED_RECORDING (programs),
SILT_HAS_HTML. SILT_MUTATIONS: how many seeds (default 25); SILT_MUTATION_SEED: just this one.
"""

import gzip
import json
import os
import subprocess
import xml.etree.ElementTree

import harness

FORMATS = harness.formats()
RECORDINGS = os.path.abspath(os.environ.get("SILT_HTML_RECORDINGS",
                                            "build/test/end_to_end/html_recordings"))
MUTATED = os.path.abspath(os.environ.get("SILT_MUTATED_RECORDING",
                                         "build/test/end_to_end/mutated_recording"))
HAS_HTML = os.environ.get("SILT_HAS_HTML", "1") == "1"


class Mutations(harness.SiltTest):
    def sources(self):
        """A recording in which everything has a name, and a real process's."""
        built = os.path.join(self.folder, "silt.built.1")
        subprocess.run([RECORDINGS, "hostile", built], check=True, timeout=300)
        process = self.start([harness.program("growth")])
        for _ in range(4):
            process.wait_line("ready step")
            self.dump(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0)
        return [built, self.recording("growth")]

    def check_output(self, kind, data):
        if kind in ("json", "speedscope", "sarif", "heapprofile"):
            json.loads(data.decode("utf-8"))
        elif kind in ("junit", "jenkins"):
            xml.etree.ElementTree.fromstring(data)
        elif kind == "pprof":
            gzip.decompress(data)
        elif kind == "html":
            self.assertIn(b"</html>", data)
        else:
            data.decode("utf-8")

    def run_tool(self, command, kind, recording, seed):
        path = os.path.join(self.folder, "written")
        done = subprocess.run([harness.TOOL, command, "--format", kind, "-o", path, recording],
                              env=self.environment(), capture_output=True, timeout=300, check=False,
                              stdin=subprocess.DEVNULL)
        what = f"seed {seed}, {command} --format {kind}: {done}"
        self.assertIn(done.returncode, (0, 1, 3) if command == "check" else (0, 3), what)
        if done.returncode == 3 and not os.path.exists(path):
            self.assertEqual(len(done.stderr.decode("utf-8").strip().splitlines()), 1, what)
        if os.path.exists(path):
            with open(path, "rb") as file:
                data = file.read()
            os.unlink(path)
            try:
                self.check_output(kind, data)
            except Exception as error:
                raise AssertionError(f"{what}: {error}") from error
        return done.returncode

    def test_damaged_recordings_in_every_format(self):
        seeds = range(int(os.environ.get("SILT_MUTATIONS", "25")))
        if "SILT_MUTATION_SEED" in os.environ:
            seeds = [int(os.environ["SILT_MUTATION_SEED"])]
        formats = [kind for kind in FORMATS if kind != "html" or HAS_HTML]
        statuses = {}
        for source in self.sources():
            for seed in seeds:
                damaged = os.path.join(self.folder, f"silt.damaged.{seed}")
                subprocess.run([MUTATED, source, damaged, str(seed)], check=True, timeout=60)
                # One format for each seed and command, so that all of them meet some damage.
                for command, kind in (("report", formats[seed % len(formats)]),
                                      ("report", formats[(seed * 7 + 3) % len(formats)]),
                                      ("check", formats[(seed * 3 + 1) % len(formats)])):
                    status = self.run_tool(command, kind, damaged, seed)
                    statuses[status] = statuses.get(status, 0) + 1
                harness.shutil.rmtree(damaged)
        print(f"# {len(seeds)} seeds, ends by status: {statuses}")
        if len(seeds) > 5:  # both happen, or the damage is none or total
            self.assertIn(0, statuses)
            self.assertIn(3, statuses)


if __name__ == "__main__":
    harness.main()
