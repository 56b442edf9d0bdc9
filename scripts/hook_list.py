# SPDX-License-Identifier: Apache-2.0
"""Reads the list of hooked functions in interposer/format/hooks.h.

usage: hook_list.py map HEADER OUT           writes the linker's version script
       hook_list.py called HEADER FOLDER...  names hooks that no program in the folders calls
"""

import pathlib
import re
import subprocess
import sys

HEADER = "interposer/format/hooks.h"
# Whom somebody else looks up by name: AddressSanitizer, node.
ANSWERS = "kAnswer"


def hooks(header):
    """[(symbol, kind)] in the order of the list."""
    text = pathlib.Path(header).read_text(encoding="utf-8")
    return re.findall(r"^\s*X\((\w+), (k\w+)\)", text, re.MULTILINE)


def version_script(header):
    names = "".join(f"    {name};\n" for name, _ in hooks(header))
    return ("/* What the interposer shows to the target: the hooked functions and nothing else. */\n"
            f"{{\n  global:\n{names}  local:\n    *;\n}};\n")


def called_by(folder):
    """Symbols that the executables and libraries in a folder have called from elsewhere."""
    called = set()
    for path in pathlib.Path(folder).rglob("*"):
        if not path.is_file() or path.suffix in (".o", ".a", ".h"):
            continue
        done = subprocess.run(["nm", "--undefined-only", path], capture_output=True, text=True,
                              check=False)
        called.update(line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line)
    return called


def main():
    command, header = sys.argv[1:3]
    if command == "map":
        pathlib.Path(sys.argv[3]).write_text(version_script(header), encoding="utf-8")
        return 0
    called = set().union(*(called_by(folder) for folder in sys.argv[3:]))
    missing = [symbol for symbol, kind in hooks(header) if symbol not in called and kind != ANSWERS]
    for symbol in missing:
        print(f"no program of the tests calls '{symbol}', which is hooked")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
