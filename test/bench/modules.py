# SPDX-License-Identifier: Apache-2.0
"""Compiles modules of Python's own library: a recursive parser, whose stacks are deep and of which
nearly every other one is new. The hardest of the programs for anything that names whole stacks.

usage: modules.py N      the first N modules by name
Prints how many bytes of code came of them.
"""

import glob
import os
import sys

total = 0
folder = os.path.dirname(os.__file__)
for path in sorted(glob.glob(os.path.join(folder, "*.py")))[:int(sys.argv[1])]:
    with open(path, encoding="utf-8", errors="replace") as source:
        total += len(compile(source.read(), path, "exec").co_code)
print(total)
