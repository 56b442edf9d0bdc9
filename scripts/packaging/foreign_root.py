#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command so that programs of another processor run under an emulator, wherever they are
started from: also those that such a program starts, and in a root of their own.

The kernel knows the emulator in a user namespace of the command only, so that nothing of the machine
changes (Linux 6.7 and later; an emulator that is linked statically). All users are mapped to
themselves. Needs root.

usage: foreign_root.py MACHINE COMMAND...     (status 125: this kernel does not let it)
"""

import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
PLACE = "/proc/sys/fs/binfmt_misc"
# e_ident up to the padding, e_type (ET_EXEC or ET_DYN), e_machine.
MACHINES = {"aarch64": (0xB7, "/usr/bin/qemu-aarch64-static")}


def registration(machine):
    number, emulator = MACHINES[machine]
    magic = b"\x7fELF\x02\x01\x01\x00" + bytes(8) + b"\x02\x00" + bytes((number, 0))
    mask = b"\xff" * 7 + b"\x00" + b"\xff" * 8 + b"\xfe\xff\xff\xff"

    def escaped(text):
        return "".join(f"\\x{byte:02x}" for byte in text)

    # F: the emulator is opened here and now, and need not be found in another root.
    return f":silt-{machine}:M::{escaped(magic)}:{escaped(mask)}:{emulator}:F"


def into_namespace(libc):
    """In namespaces of its own, with the ids of the old one: those are given from outside."""
    ready, go = os.pipe(), os.pipe()
    helper = os.fork()
    if helper == 0:
        os.read(ready[0], 1)
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{os.getppid()}/{name}", "w", encoding="ascii") as file:
                file.write("0 0 4294967295")
        os.write(go[1], b"x")
        os._exit(0)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.write(ready[1], b"x")
    os.read(go[0], 1)
    os.waitpid(helper, 0)


def main():
    machine, command = sys.argv[1], sys.argv[2:]
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        into_namespace(libc)
        if libc.mount(b"none", PLACE.encode(), b"binfmt_misc", 0, None) != 0:
            raise OSError(ctypes.get_errno(), "mount")
        with open(PLACE + "/register", "w", encoding="ascii") as file:
            file.write(registration(machine))
    except OSError as error:
        print(f"foreign_root: this kernel does not let an emulator be known in a namespace: "
              f"{error.strerror}: {os.strerror(error.errno or 0)}", file=sys.stderr)
        return 125
    os.execvp(command[0], command)
    return 125


if __name__ == "__main__":
    sys.exit(main())
