# SPDX-License-Identifier: Apache-2.0
"""Manual pages out of what `silt COMMAND --help` says, so that both always say the same.

usage: man_pages.py SILT FOLDER     writes silt.1, silt-run.1, … into FOLDER
"""

import pathlib
import re
import subprocess
import sys


def help_of(tool, *command):
    return subprocess.run([tool, *command, "--help"], check=True, capture_output=True,
                          text=True).stdout


def escaped(text):
    """Text as roff shows it unchanged: a backslash, a hyphen, and a dot that begins a line."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text)


def entries(lines):
    """(words, meaning) of rows such as `  --out FOLDER      folder for recordings`."""
    result = []
    for line in lines:
        start = re.match(r"  (\S.*?)(?:  +(\S.*))?$", line)
        if start and not line.startswith("    "):
            result.append([start.group(1), start.group(2) or ""])
        elif line.strip() and result:
            result[-1][1] = (result[-1][1] + " " + line.strip()).strip()
    return result


def commands_in(text):
    section = text.partition("\nSubcommands:\n")[2]
    return [words for words, _ in entries(section.splitlines())]


def page(tool, command, version):
    text = help_of(tool, *([command] if command else []))
    name = "silt-" + command if command else "silt"
    lines = text.splitlines()
    summary = lines[0].removeprefix("silt: ")
    usage = next((line for line in lines if line.startswith("Usage:")), "").removeprefix("Usage: ")
    out = [f'.TH {name.upper()} 1 "" "silt {version}" "User Commands"',
           ".SH NAME", f"{escaped(name)} \\- {escaped(summary)}",
           ".SH SYNOPSIS", escaped(usage)]
    heading, body = None, []
    sections = []
    for line in lines[1:]:
        match = re.match(r"([A-Z][A-Za-z ]*):(.*)$", line)
        if match and match.group(1) != "Usage":
            sections.append((heading, body))
            heading, body = match.group(1), [match.group(2).strip()] if match.group(2).strip() else []
        elif not line.startswith("Usage:"):
            body.append(line)
    sections.append((heading, body))
    for heading, body in sections:
        while body and not body[0].strip():
            body = body[1:]
        if not body:
            continue
        out.append(".SH " + (heading or "DESCRIPTION").upper())
        if heading in ("Options", "Positionals", "Subcommands"):
            for words, meaning in entries(body):
                out += [".TP", f"\\fB{escaped(words)}\\fR", escaped(meaning or " ")]
        elif heading == "Examples":
            out += [".nf", *[escaped(line) for line in body], ".fi"]
        elif any(line.startswith("  ") for line in body):
            out += [".nf", *[escaped(line) for line in body], ".fi"]
        else:
            out += [escaped(line) if line.strip() else ".PP" for line in body]
    if not command:
        out += [".SH SEE ALSO", ", ".join(f"\\fBsilt\\-{c}\\fR(1)" for c in commands_in(text))]
    else:
        out += [".SH SEE ALSO", "\\fBsilt\\fR(1)"]
    return name, "\n".join(out) + "\n"


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([tool, "--version"], check=True, capture_output=True,
                             text=True).stdout.split()[-1]
    for command in [None, *commands_in(help_of(tool))]:
        name, text = page(tool, command, version)
        (folder / f"{name}.1").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
