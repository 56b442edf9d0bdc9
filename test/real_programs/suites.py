# SPDX-License-Identifier: Apache-2.0
"""Programs' own test suites, from Debian's packages and source packages."""

import hashlib
import os
import pathlib
import re
import shutil

import formats
from arena import Broken, said, suite, tree

# What takes a minute or less, for the short form.
SHORT_CPYTHON = ("test_json", "test_dict", "test_list", "test_struct", "test_fork1", "test_wait3",
                 "test_thread", "test_mmap")


# With any hook around Python's allocator, tracemalloc's too, pymalloc leaves itself out of what this
# prints, and the test wants to read its part.
EXPLAINED = ("test.test_sys.SysModuleTest.test_debugmallocstats",)


@suite("CPython", needs=("python3",), packages=("libpython3.11-testsuite",), short=True)
def cpython(run):
    if run.library:  # what is compared is a Python that silt has joined
        joined = run.command(["/usr/bin/python3", "-c", "pass"], more={"SILT_LOG": "info"}).stdout
        if "joined Python" not in joined:
            raise Broken(f"Python was not joined: {joined}")
    report = run.folder / "report.xml"
    files = SHORT_CPYTHON if run.short else ()
    if run.only:
        files = sorted({name.split(".")[1] for name in run.only if name.startswith("test.test_")})
    done = run.command(["/usr/bin/python3", "-m", "test", "-j1", "--timeout", "900", "--junit-xml",
                        report, "--tempdir", run.folder, *files], timeout=4 * 3600)
    if not report.exists():
        raise Broken(done.stdout[-1000:])
    outcomes = formats.junit(report)
    for name in EXPLAINED:
        if outcomes.pop(name, "pass") not in ("pass", "failure"):
            raise Broken(f"{name}: neither passed nor failed")
    return outcomes


@suite("GLib", packages=("libglib2.0-tests",), nobody=True)
def glib(run):
    folder = pathlib.Path("/usr/libexec/installed-tests/glib")
    if not folder.is_dir():
        raise Broken("libglib2.0-tests is not installed")
    # Want a message bus, a network, or a clock that nothing delays.
    left_out = re.compile(r"gdbus|gapplication|dbus|network|resolver|portal|appinfo|desktop|"
                          r"codegen|timeout|mainloop|scannerapi|spawn-test|timer|actions|"
                          r"notification|monitor|icons|live-g-file|file-thumbnail|unix-mounts|"
                          r"application-command-line|-slow|performance")
    described = {path.stem for path in
                 pathlib.Path("/usr/share/installed-tests/glib").glob("*.test")}
    chosen = sorted(path for path in folder.iterdir() if os.access(path, os.X_OK)
                    and path.name in described and not left_out.search(path.name))
    if run.short:
        short = ("array-test", "hash", "strfuncs", "string", "list", "tree", "thread", "cond",
                 "once", "private", "queue", "regex", "unix")
        chosen = [path for path in chosen if path.name in short]
    outcomes = {}
    for path in chosen:
        if run.only and not any(name.startswith(f"{path.name} ") for name in run.only):
            continue
        done = run.command([path, "--tap"], timeout=300, cwd=folder,
                           more={"G_TEST_SRCDIR": str(folder), "G_TEST_BUILDDIR": str(folder),
                                 "HOME": str(run.folder), "XDG_RUNTIME_DIR": str(run.folder)})
        text = re.sub(r"seed:\d+", "seed", done.stdout)
        for name, outcome in formats.tap(text, f"{path.name} ").items():
            formats.add(outcomes, name, outcome)
        formats.add(outcomes, f"{path.name} ends", "pass" if done.returncode == 0
                    else f"status {done.returncode}")
    return outcomes


@suite("Tcl", needs=("tclsh",), packages=("tcl",), source="tcl8.6")
def tcl(run):
    tests = tree(run.source / "tests", run.folder / "tests")
    outcomes = {}
    for path in sorted(tests.glob("*.test")):
        if path.name in ("http.test", "http11.test", "httpold.test", "socket.test", "io.test"):
            continue  # network and big files
        done = run.command(["tclsh", path, "-verbose", "pbse"], cwd=tests, timeout=900)
        for kind, name in re.findall(r"^(?:\+\+\+\+|====) (\S+) (PASSED|FAILED)", done.stdout, re.M):
            formats.add(outcomes, kind, "pass" if name == "PASSED" else "fail")
        formats.add(outcomes, f"{path.name} ends", "pass" if done.returncode == 0
                    else f"status {done.returncode}")
    return outcomes


@suite("PHP", needs=("php",), packages=("php-cli",), source="php8.2")
def php(run):
    source, result = run.folder / "php", run.folder / "results"
    files = ["tests", "ext/standard/tests/math", "ext/json/tests"]
    for folder in files:
        tree(run.source / folder, source / folder)
    shutil.copy(run.source / "run-tests.php", source)
    if run.only:
        files = [name for name in run.only if (source / name).exists()]
    run.command([shutil.which("php"), "-n", "run-tests.php", "-q", "-n", "-W", result, "-j1",
                 "--set-timeout", "300", "--no-color", *files], cwd=source, timeout=2 * 3600,
                more={"TEST_PHP_EXECUTABLE": shutil.which("php"), "NO_INTERACTION": "1",
                      "TEST_PHP_SRCDIR": str(source)})
    if not result.exists():
        raise Broken("run-tests.php left no results")
    outcomes = {}
    for line in result.read_text(errors="replace").splitlines():
        outcome, _, name = line.partition("\t")
        if name:
            formats.add(outcomes, name.replace(f"{source}/", ""),
                        "pass" if outcome == "PASSED" else outcome.lower())
    return outcomes


@suite("bash", needs=("bash", "gcc"), packages=("bash",), source="bash", nobody=True)
def bash(run):
    source = tree(run.source, run.folder / "bash")
    tests, support = source / "tests", source / "support"
    for name in ("config.h", "version.h"):  # a script reads them, whatever is in them
        (source / name).touch()
    for name in ("recho", "zecho", "printenv", "xcase"):
        run.plain(["gcc", "-w", "-I", source, "-DHAVE_STDLIB_H", "-DHAVE_UNISTD_H", "-include",
                   "stdlib.h", "-include", "string.h", "-include", "unistd.h", "-o",
                   tests / name, support / f"{name}.c"])
    outcomes = {}
    for script in sorted(tests.glob("run-*")):
        if script.name in ("run-all", "run-minimal", "run-gprof", "run-jobs", "run-read",
                           "run-trap", "run-coproc"):
            continue  # more than one; or they watch a clock or a terminal
        done = run.command(["/bin/bash", script], cwd=tests, timeout=600,
                           more={"THIS_SH": "/bin/bash", "PATH": f"{tests}:{os.environ['PATH']}",
                                 "BUILD_DIR": str(source), "TMPDIR": str(run.folder),
                                 "BASH_TSTOUT": str(run.folder / "tst.out"), "LC_ALL": "C"})
        # What a script prints is the difference from what it should print, after a warning or two.
        text = re.sub(r"^warning: .*\n?", "", done.stdout, flags=re.M)
        text = re.sub(r"\b\d{3,}\b", "N", text).replace(str(run.folder), "").strip()
        mark = hashlib.sha1(text.encode()).hexdigest()[:12]
        outcomes[script.name] = "pass" if not text else f"differs: {mark}"
    return outcomes


@suite("jq", needs=("jq",), packages=("jq",), source="jq")
def jq(run):
    outcomes = {}
    for path in sorted((run.source / "tests").glob("*.test")):
        done = run.command(["jq", "-L", run.source / "tests" / "modules", "--run-tests", path],
                           cwd=run.source)
        for line in done.stdout.splitlines():
            match = re.match(r"Test #(\d+)", line)
            if match:
                outcomes[f"{path.name} {match.group(1)}"] = "pass"
            failed = re.match(r"\*\*\*.*(?:test number|line number) (\d+)", line)
            if failed:
                formats.add(outcomes, f"{path.name} line {failed.group(1)}", "fail")
        outcomes[f"{path.name} ends"] = said(done)
    return outcomes


@suite("redis", needs=("redis-server", "tclsh"), packages=("redis-server", "tcl"), source="redis")
def redis(run):
    source = tree(run.source, run.folder / "redis")
    for name in ("redis-server", "redis-cli", "redis-benchmark", "redis-check-aof",
                 "redis-check-rdb", "redis-sentinel"):
        if shutil.which(name):
            (source / "src" / name).symlink_to(shutil.which(name))
    units = ["unit/type/string", "unit/type/incr", "unit/type/list", "unit/type/set",
             "unit/type/zset", "unit/type/hash", "unit/type/stream", "unit/keyspace", "unit/expire",
             "unit/sort", "unit/scan", "unit/multi", "unit/protocol", "unit/scripting",
             "unit/pubsub", "unit/bitops", "unit/geo", "unit/hyperloglog", "unit/dump",
             "unit/acl", "unit/info", "unit/introspection", "unit/other", "unit/lazyfree",
             "integration/rdb", "integration/aof", "integration/replication-2"]
    outcomes = {}
    for unit in units:
        if run.only and not any(name.startswith(f"{unit}: ") for name in run.only):
            continue
        done = run.command(["./runtest", "--clients", "1", "--dont-clean", "--timeout", "600",
                            "--single", unit], cwd=source, timeout=900)
        for kind, name in re.findall(
                r"^\[(ok|err|skip|exception|timeout|ignore)\]: (.*?)(?: \(\d+ ms\))?$",
                re.sub(r"\x1b\[[0-9;]*m", "", done.stdout), re.M):
            name = re.sub(r"\d{4,}|0x\w+", "N", name.split(" in tests/")[0])
            formats.add(outcomes, f"{unit}: {name}", "pass" if kind == "ok" else kind)
        outcomes[f"{unit}: ends"] = "pass" if done.returncode == 0 else f"status {done.returncode}"
        shutil.rmtree(source / "tests/tmp", ignore_errors=True)
        (source / "tests/tmp").mkdir()
    return outcomes
