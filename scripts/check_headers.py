# SPDX-License-Identifier: Apache-2.0
"""Compiles each header alone: what a header uses, it includes. A header that its own source file
includes before all else is compiled alone by the build already.

usage: check_headers.py ROOT COMPILER [ARGUMENT...]
"""

import concurrent.futures
import os
import pathlib
import platform
import re
import subprocess
import sys


def compile_alone(root, compiler, header):
    done = subprocess.run(
        [*compiler, "-std=c++20", "-Wall", "-Wextra", "-fsyntax-only", "-I", str(root), "-include",
         str(header), "-x", "c++", os.devnull], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 or "warning" in done.stderr else ""


def is_first_in_its_source(root, header):
    source = header.with_suffix(".cpp")
    if not source.is_file():
        return False
    included = re.search(r'^#include ["<](.*?)[">]', source.read_text(encoding="utf-8"),
                         re.MULTILINE)
    return included is not None and included.group(1) == str(header.relative_to(root))


def is_another_machines(header):
    """What differs by processor compiles on that one; the cross build compiles the others."""
    return header.stem in {"arch_x86_64", "arch_aarch64"} - {f"arch_{platform.machine()}"}


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    every = [*root.glob("interposer/**/*.h"), *root.glob("symbolizer/**/*.h")]
    headers = sorted(header for header in every if not is_first_in_its_source(root, header) and
                     not is_another_machines(header))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        said = list(pool.map(lambda header: compile_alone(root, sys.argv[2:], header), headers))
    for header, text in zip(headers, said):
        if text:
            print(f"{header.relative_to(root)} does not compile alone:\n{text}")
    return 1 if any(said) or not every else 0


if __name__ == "__main__":
    sys.exit(main())
