# SPDX-License-Identifier: Apache-2.0
"""Installs the packages of package-lock.json into a folder of the build, once.

usage: install.py NPM SOURCES WORK STAMP
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys

FILES = ("package.json", "package-lock.json", ".npmrc")


def main():
    npm, sources, work, stamp = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
    wanted = hashlib.sha256(b"".join((sources / name).read_bytes() for name in FILES)).hexdigest()
    installed = work / "installed"
    if not installed.exists() or installed.read_text() != wanted:
        installed.unlink(missing_ok=True)
        work.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            shutil.copyfile(sources / name, work / name)
        # Nothing here needs its scripts.
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            sys.stderr.buffer.write(done.stdout)
            sys.exit(f"install.py: npm failed with status {done.returncode}")
        installed.write_text(wanted)
    stamp.write_text(wanted)


if __name__ == "__main__":
    main()
