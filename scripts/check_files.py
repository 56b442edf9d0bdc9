# SPDX-License-Identifier: Apache-2.0
"""Checks every file under version control: licence line, names, length, whitespace, and that nothing
of a particular machine or registry got in.

usage: check_files.py [ROOT]
"""

import pathlib
import re
import subprocess
import sys

SPDX = "SPDX-License-Identifier: Apache-2.0"
CODE = {".h", ".cpp", ".c", ".py", ".js", ".ts", ".mjs", ".cjs", ".sh", ".build", ".css", ".proto"}
# Bytes that tests compare or that a tool writes.
LEFT_ALONE = re.compile(r"(^|/)(golden|fuzz|package-lock\.json|LICENSE)(/|$)")
VAGUE_NAMES = re.compile(r"(^|_)(util|utils|common|helper|helpers|manager|misc)(_|$)")
# Written in two parts, so that this file does not contain what it looks for.
FORBIDDEN = [(re.compile(pattern, flags), reason) for pattern, flags, reason in (
    (r"registry\.npm" r"js|npm" r"js\.org|deb\.deb" r"ian\.org|py" r"pi\.org|cra" r"tes\.io|"
     r"rubyg" r"ems\.org|proxy\.go" r"lang\.org|security\.deb" r"ian", 0, "names a package registry"),
    (r"(?<![\w.])/(wo" r"rk|ro" r"ot|tmp/bu" r"ild)\b(?!\.)", 0,
     "has a path of one machine"),
    (r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b|\bplace" r"holder\b", 0, "leaves work for later"),
    (r"^(<{7}|>{7}) ", re.MULTILINE, "has a merge conflict"),
)]


MOST_LINES = 300


def says_why_long(text):
    """Whether the first paragraph, or the docstring there, has the words, however wrapped."""
    head = text.split("\n\n", 1)[0]
    if head.count('"""') == 1:
        head = '"""'.join(text.split('"""', 2)[:2])
    words = " ".join(line.lstrip("/#* ") for line in head.split("\n"))
    return f"Longer than {MOST_LINES} lines: " in words


def tracked_files(root):
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-z"], capture_output=True,
                            check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive
        names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()
                 and not re.match(r"(build|node_modules|\.git)(/|$)",
                                  path.relative_to(root).as_posix())]
    return [name for name in names if (root / name).is_file()]


def is_code(name, text):
    return pathlib.PurePath(name).suffix in CODE or text.startswith("#!")


def check_file(root, name):
    data = (root / name).read_bytes()
    if LEFT_ALONE.search(name) or b"\0" in data:
        return
    text = data.decode("utf-8", errors="replace")
    if is_code(name, text) and not any(SPDX in line for line in text.split("\n", 2)[:2]):
        yield "has no SPDX line at its start"
    if is_code(name, text):
        stem = pathlib.PurePath(name).name.split(".")[0]
        if VAGUE_NAMES.search(stem.lower()):
            yield "has a name that says nothing"
        if re.search(r"[A-Z-]", stem) and not stem.startswith("."):
            yield "is not named in snake_case"
    if is_code(name, text) and text.count("\n") > MOST_LINES and not says_why_long(text):
        yield (f"has {text.count(chr(10))} lines: split it by concept, or say why not in its first "
               f"paragraph ('Longer than {MOST_LINES} lines: ...')")
    for pattern, reason in FORBIDDEN:
        match = pattern.search(text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            yield f"{reason}, line {line}: '{match.group(0).strip()}'"
    if text and not text.endswith("\n"):
        yield "does not end with a newline"
    if "\r" in text:
        yield "has carriage returns"
    if pathlib.PurePath(name).suffix != ".md":
        match = re.search(r"[ \t]+$", text, re.MULTILINE)
        if match:
            yield f"has trailing whitespace, line {text.count(chr(10), 0, match.start()) + 1}"


def check_lock_files(root, names):
    for name in names:
        if pathlib.PurePath(name).name == "package-lock.json" and \
                '"resolved"' in (root / name).read_text(encoding="utf-8"):
            yield f"{name}: has resolved addresses; omit them"


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else \
        pathlib.Path(__file__).resolve().parent.parent
    names = tracked_files(root)
    problems = [f"{name}: {problem}" for name in names for problem in check_file(root, name)]
    problems += check_lock_files(root, names)
    if not names:
        problems.append(f"'{root}' has no files")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
