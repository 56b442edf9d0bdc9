# SPDX-License-Identifier: Apache-2.0
"""Takes away what a shared object asks of its loader beyond its symbols' names.

A library of the distribution that travels in a package asks for versions of symbols that an older
C library has not, and for libraries that a bare container has not. Neither can be had by another
linking, since there are no objects to link anew. So the needs themselves are edited: a version that
is too new, and every version of a library that is to go, leaves .gnu.version_r, and the symbols that
asked for it take any of that name (the first that is loaded).

usage: loosen.py FILE NEWEST-GLIBC [LIBRARY...]
  FILE is changed; versions GLIBC_x above NEWEST-GLIBC (2.17) go, and those of each LIBRARY. That a
  LIBRARY is not loaded any more is patchelf's part.
"""

import struct
import sys

DT_STRTAB, DT_SYMTAB, DT_VERNEED, DT_VERNEEDNUM, DT_VERSYM, DT_GNU_HASH = \
    5, 6, 0x6FFFFFFE, 0x6FFFFFFF, 0x6FFFFFF0, 0x6FFFFEF5
PT_LOAD, PT_DYNAMIC = 1, 2
SHT_DYNSYM, SHT_VERNEED = 11, 0x6FFFFFFE
ANY_VERSION = 1  # VER_NDX_GLOBAL


class Object:
    """A little-endian ELF64 shared object, in place."""

    def __init__(self, data):
        self.data = bytearray(data)
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a little-endian 64-bit ELF file")
        offset, = self.read("<Q", 32)
        size, count = self.read("<HH", 54)
        segments = [self.read("<IIQQQQQQ", offset + i * size) for i in range(count)]
        self.loads = [(s[3], s[2], s[5]) for s in segments if s[0] == PT_LOAD]
        self.dynamic = {}
        for segment in segments:
            if segment[0] != PT_DYNAMIC:
                continue
            for at in range(segment[2], segment[2] + segment[5], 16):
                tag, value = self.read("<qQ", at)
                if tag == 0:
                    break
                self.dynamic.setdefault(tag, (at, value))

    def read(self, form, at):
        return struct.unpack_from(form, self.data, at)

    def write(self, form, at, *values):
        struct.pack_into(form, self.data, at, *values)

    def place(self, tag):
        """Where in the file that lies to which the entry `tag` points."""
        address = self.dynamic[tag][1]
        for start, offset, size in self.loads:
            if start <= address < start + size:
                return address - start + offset
        raise ValueError(f"nothing of the file is loaded at {address:#x}")

    def text(self, offset):
        start = self.place(DT_STRTAB) + offset
        return self.data[start:self.data.index(0, start)].decode()

    def section(self, kind):
        """(place of its header, header) of the first section of that kind."""
        offset, = self.read("<Q", 40)
        size, count = self.read("<HH", 58)
        for at in range(offset, offset + count * size, size):
            header = self.read("<IIQQQQIIQQ", at)
            if header[1] == kind:
                return at, header
        raise ValueError(f"no section of kind {kind:#x}")

    def symbol_count(self):
        header = self.section(SHT_DYNSYM)[1]
        return header[5] // header[9]

    def wants(self):
        """[(file, place, [(version, place, index)])] of .gnu.version_r."""
        result = []
        if DT_VERNEED not in self.dynamic:
            return result
        at = self.place(DT_VERNEED)
        for _ in range(self.dynamic[DT_VERNEEDNUM][1]):
            _, count, file, first, following = self.read("<HHIII", at)
            versions, entry = [], at + first
            for _ in range(count):
                _, _, index, name, after = self.read("<IHHII", entry)
                versions.append((self.text(name), entry, index))
                entry += after
            result.append((self.text(file), at, versions))
            at += following
        return result


def is_too_new(version, newest):
    if not version.startswith("GLIBC_"):
        return False
    number = version.removeprefix("GLIBC_").split(".")
    return number[0].isdigit() and [int(n) for n in number] > newest


def loosen(binary, newest, libraries):
    """Names of the symbols that take any version from now on."""
    free = set()
    kept = []
    for file, at, versions in binary.wants():
        stay = [v for v in versions if file not in libraries and not is_too_new(v[0], newest)]
        free.update(v[2] for v in versions if v not in stay)
        if stay:
            kept.append((at, stay))
    if not kept and free:
        raise ValueError("no version would be left")  # an empty chain has no form
    if free:
        tag_at, value = binary.dynamic[DT_VERNEED]
        skipped = kept[0][0] - binary.place(DT_VERNEED)
        binary.write("<qQ", tag_at, DT_VERNEED, value + skipped)
        binary.write("<qQ", binary.dynamic[DT_VERNEEDNUM][0], DT_VERNEEDNUM, len(kept))
        # The loader does not read section headers; tools that look at the file do.
        at, header = binary.section(SHT_VERNEED)
        binary.write("<QQQ", at + 16, header[3] + skipped, header[4] + skipped, header[5] - skipped)
        binary.write("<I", at + 44, len(kept))
    for (at, stay), following in zip(kept, [*kept[1:], None]):
        binary.write("<H", at + 2, len(stay))
        binary.write("<II", at + 8, stay[0][1] - at, following[0] - at if following else 0)
        for (_, entry, _), after in zip(stay, [*stay[1:], None]):
            binary.write("<I", entry + 12, after[1] - entry if after else 0)
    names = []
    versions, symbols = binary.place(DT_VERSYM), binary.place(DT_SYMTAB)
    for i in range(binary.symbol_count()):
        index, = binary.read("<H", versions + 2 * i)
        if index & 0x7FFF in free:
            binary.write("<H", versions + 2 * i, ANY_VERSION)
            names.append(binary.text(binary.read("<I", symbols + 24 * i)[0]))
    return names


def main():
    path, newest, libraries = sys.argv[1], sys.argv[2], sys.argv[3:]
    with open(path, "rb") as file:
        binary = Object(file.read())
    names = loosen(binary, [int(n) for n in newest.split(".")], libraries)
    with open(path, "wb") as file:
        file.write(binary.data)
    print(" ".join(sorted(names)))


if __name__ == "__main__":
    main()
