# SPDX-License-Identifier: Apache-2.0
"""Proves from the file what libsilt.so must be to live inside any program.

It needs libc and the loader only (libdl was a part of its own until glibc 2.34), in no version
newer than glibc 2.17; exports exactly the hooks that interposer/format/hooks.h lists and imports the
symbols listed in test/structure/; has exactly one constructor; its thread-local variables are initial-exec (an access
never allocates); all its symbols are bound at load, so that a signal handler never enters the
loader; nothing is writable and executable.

usage: check_library.py LIBRARY [--update]    (--update rewrites the list of imports)
"""

import pathlib
import re
import subprocess
import sys

import hook_list

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMPORTS = ROOT / "test" / "structure" / "imports.txt"
NEEDED = {"libc.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libdl.so.2"}
# What arch_aarch64.cpp needs besides, and libgcc's constructor, which finds out what atomic
# instructions the processor has.
AARCH64_IMPORTS = {"_setjmp", "__getauxval"}
# What interposer/detour needs, which is for x86-64.
X86_64_IMPORTS = {"memcmp"}
NEWEST_GLIBC = (2, 17)


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def dynamic_symbols(library):
    """(exports, imports) as sorted names; versions are left out of both."""
    exports, imports = set(), set()
    for line in output_of("readelf", "--dyn-syms", "-W", library).splitlines():
        fields = line.split()
        if len(fields) < 8 or not fields[0].rstrip(":").isdigit():
            continue
        if fields[3] == "SECTION":
            continue
        binding, section, name = fields[4], fields[6], fields[7].split("@")[0]
        if section == "UND":
            imports.add(name + (" weak" if binding == "WEAK" else ""))
        elif section != "ABS":
            exports.add(name)
    return sorted(exports), sorted(imports)


def compare(actual, wanted, source, what, problems):
    for name in sorted(set(actual) - set(wanted)):
        problems.append(f"{what} '{name}', which {source} does not list")
    for name in sorted(set(wanted) - set(actual)):
        problems.append(f"no longer {what} '{name}', which {source} lists")


def listed(file):
    return [line for line in file.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")]


def too_new(library):
    """[(symbol, version)] of imports that glibc 2.17 has not."""
    found = []
    for line in output_of("readelf", "--dyn-syms", "-W", library).splitlines():
        match = re.search(r" UND (\S+)@(GLIBC_(\d+)\.(\d+)\S*)", line)
        if match and (int(match.group(3)), int(match.group(4))) > NEWEST_GLIBC:
            found.append((match.group(1), match.group(2)))
    return found


def constructors(library):
    """Entries of .init_array without the C runtime's own; .preinit_array and .init count too."""
    sections = output_of("readelf", "-S", "-W", library)
    match = re.search(r"\s\.init_array\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", sections)
    entries = int(match.group(1), 16) // 8 if match else 0
    if re.search(r"\s\.preinit_array\s", sections):
        entries += 1
    for other in ("frame_dummy", "init_have_lse_atomics"):
        if re.search(rf" {other}$", output_of("nm", library), re.MULTILINE):
            entries -= 1
    return entries


def check(library):
    problems = []
    dynamic = output_of("readelf", "-d", "-W", library)
    for needed in re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic):
        if needed not in NEEDED:
            problems.append(f"needs '{needed}'; only libc and the loader are allowed")
    if "TEXTREL" in dynamic:
        problems.append("has text relocations")
    if "BIND_NOW" not in dynamic and " NOW" not in dynamic:
        problems.append("binds symbols lazily; link it with -z now")
    for name, version in too_new(library):
        problems.append(f"imports '{name}' of {version}; the newest allowed is GLIBC_2.17")
    exports, imports = dynamic_symbols(library)
    hooks = [symbol for symbol, _ in hook_list.hooks(ROOT / hook_list.HEADER)]
    compare(exports, hooks, pathlib.Path(hook_list.HEADER).name, "exports", problems)
    aarch64 = "AArch64" in output_of("readelf", "-h", library)
    wanted = set(listed(IMPORTS))
    if aarch64:
        wanted = wanted - X86_64_IMPORTS | AARCH64_IMPORTS
    compare(imports, sorted(wanted), IMPORTS.name, "imports", problems)
    if any(name.startswith("__tls_get_addr") for name in imports) or \
            re.search(r"R_(X86_64_DTPMOD64|X86_64_TLSDESC|AARCH64_TLS_DTPMOD|AARCH64_TLSDESC)", output_of("readelf", "-r", "-W", library)):
        problems.append("has thread-local variables that are not initial-exec")
    count = constructors(library)
    if count != 1:
        problems.append(f"has {count} constructors; exactly one is allowed")
    segments = output_of("readelf", "-l", "-W", library)
    if re.search(r"^\s+(LOAD|GNU_STACK)\s.*\bRWE\b", segments, re.MULTILINE):
        problems.append("has a segment that is writable and executable")
    return problems


def update(library):
    IMPORTS.write_text(
        "# SPDX-License-Identifier: Apache-2.0\n# What libsilt.so imports; "
        "`scripts/check_library.py LIBRARY --update` rewrites it.\n"
        + "".join(f"{name}\n" for name in dynamic_symbols(library)[1]), encoding="utf-8")


def main():
    if "--update" in sys.argv:
        update(sys.argv[1])
    problems = check(sys.argv[1])
    for problem in problems:
        print(f"libsilt.so {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
