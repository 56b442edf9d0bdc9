# SPDX-License-Identifier: Apache-2.0
"""Test suites that need something built first, or a server: PostgreSQL, SQLite, git, Node.js, perl,
ruby."""

import os
import pathlib
import re
import shutil
import subprocess

import formats
from arena import Broken, said, suite, tree
from loads import postgres_server, postgres_tool


@suite("PostgreSQL, regress", needs=("gcc",), source="postgresql-15",
       packages=("postgresql", "postgresql-server-dev-15"))
def postgres_regress(run):
    """The regression tests of the server, 200 scripts, by its own driver."""
    driver = sorted(pathlib.Path("/usr/lib/postgresql").glob(
        "*/lib/pgxs/src/test/regress/pg_regress"))
    if not driver:
        raise Broken("pg_regress is not installed (postgresql-server-dev-15)")
    tests = tree(run.source / "src/test/regress", run.folder / "regress")
    include = run.plain([str(driver[-1].parents[6] / "bin/pg_config"), "--includedir-server"])
    flags = ["-I", include.stdout.strip(), "-I", run.source / "src/include"]
    run.plain(["gcc", "-w", "-O1", "-fPIC", "-shared", *flags[:2], "-o", tests / "regress.so",
               tests / "regress.c"])
    with postgres_server(run, "max_connections=50") as port:
        done = run.command([driver[-1], "--inputdir", tests, "--outputdir", run.folder / "results",
                            "--bindir", os.path.dirname(postgres_tool("psql")), "--dlpath", tests,
                            "--host", "127.0.0.1", "--port", port, "--user", "postgres",
                            "--max-concurrent-tests", "4", "--schedule",
                            tests / "parallel_schedule"], timeout=2 * 3600)
    outcomes = {}
    for name, result in re.findall(r"^(?:test|    ) ?(\S+)\s+\.\.\. (ok|FAILED)", done.stdout,
                                   re.M):
        formats.add(outcomes, name, "pass" if result == "ok" else "fail")
    if not outcomes:
        raise Broken(done.stdout[-1500:])
    return outcomes


@suite("SQLite", needs=("gcc", "tclsh", "make"), packages=("tcl-dev",), source="sqlite3")
def sqlite(run):
    """SQLite's own quick tests, by a test program built from its source."""
    source = tree(run.source, run.folder / "sqlite")
    (source / "b").mkdir(exist_ok=True)
    build = source / "b"
    run.plain(["sh", "-c", "../configure --with-tcl=/usr/lib/tcl8.6 CFLAGS='-O1 -g' >/dev/null && "
               "make -s testfixture >/dev/null 2>&1"], cwd=build, timeout=3600)
    script = "test/veryquick.test"
    files = []
    if run.only:
        files = sorted({name.split("-")[0] for name in run.only})
    outcomes = {}
    for name in files or [None]:
        target = source / (f"test/{name}.test" if name else script)
        if not target.exists():
            continue
        done = run.command(["./testfixture", target], cwd=build, timeout=4 * 3600)
        for test, rest in re.findall(r"^(?:! )?(\S+?)\.\.\. ?(.*)$", done.stdout, re.M):
            formats.add(outcomes, test, "pass" if rest.startswith("Ok") else "fail")
        counts = re.search(r"^(\d+) errors out of (\d+) tests", done.stdout, re.M)
        if not counts and not files:
            raise Broken(done.stdout[-1500:])
    return outcomes


@suite("git, its tests", needs=("git", "make", "gcc"), packages=("git",), source="git")
def git_tests(run):
    """The scripts of git's test suite, each in a folder of its own, against the installed git."""
    source = tree(run.source, run.folder / "git")
    run.plain(["make", "-s", "NO_CURL=1", "NO_EXPAT=1", "NO_OPENSSL=1", "NO_GETTEXT=1", "NO_TCLTK=1",
               "CFLAGS=-O1 -w", "t/helper/test-tool", "GIT-BUILD-OPTIONS"], cwd=source,
              timeout=3600)
    wanted = re.compile(r"t(00[0-3]|1[0-4]0|20[0-2]|3[0-3]0|3[4-9]00|40[0-5]|5[3-5]0|60[0-3]|"
                        r"7[0-6]0|80[0-1])\d+?-.*\.sh$")
    outcomes = {}
    for script in sorted((source / "t").glob("t[0-9][0-9][0-9][0-9]-*.sh")):
        if not wanted.match(script.name):
            continue
        if run.only and not any(name.startswith(script.stem + " ") for name in run.only):
            continue
        done = run.command(["/bin/sh", script.name], cwd=source / "t", timeout=1800,
                           more={"GIT_TEST_INSTALLED": "/usr/bin", "GIT_TEST_EXEC_PATH": "",
                                 "TEST_NO_MALLOC_CHECK": "1", "HOME": str(run.folder),
                                 "GIT_TEST_CHAIN_LINT": "0"})
        outcomes.update(formats.tap(done.stdout, f"{script.stem} "))
        outcomes[f"{script.stem} ends"] = ("pass" if done.returncode == 0
                                           else f"status {done.returncode}")
    return outcomes


@suite("Node.js", needs=("node",), packages=("nodejs",), source="nodejs")
def node(run):
    """Node's own tests, a process for each file, and a few of them by `node --test`."""
    source = tree(run.source / "test", run.folder / "test")
    wanted = re.compile(r"test-(buffer|fs-read|fs-write|fs-promises|http-[a-g]|child-process|"
                        r"cluster-[a-m]|worker-[a-m]|zlib|stream|crypto-[a-h]|timers|event|url|"
                        r"util|vm|promise|process|net-[a-c]|path|querystring|string|assert|async)")
    outcomes = {}
    for path in sorted((source / "parallel").glob("test-*.js")):
        if not wanted.match(path.name) or (run.only and path.name not in run.only):
            continue
        flags = re.search(r"^// Flags: (.*)$", path.read_text(errors="replace"), re.M)
        done = run.command(["node", *(flags.group(1).split() if flags else ()), path], cwd=source,
                           timeout=300, more={"NODE_TEST_DIR": str(run.folder)})
        outcomes[path.name] = ("pass" if done.returncode == 0 else f"status {done.returncode}")
    samples = sorted(str(path) for path in (source / "parallel").glob("test-path*.js"))
    done = run.command(["node", "--test", *samples], cwd=source, timeout=900)
    for key in ("pass", "fail"):
        found = re.search(rf"^\S* ?{key} (\d+)$", done.stdout, re.M)
        outcomes[f"node --test, {key}"] = f"pass {found.group(1)}" if found else "no count"
    return outcomes


@suite("perl", needs=("perl",), packages=("perl",), source="perl")
def perl(run):
    """The interpreter's tests, each against the installed perl and its library."""
    source = tree(run.source, run.folder / "perl")
    (source / "t" / "perl").symlink_to(shutil.which("perl"))
    (source / "perl").symlink_to(shutil.which("perl"))
    paths = run.plain(["perl", "-e", "print join qq(\\n), @INC"]).stdout.split("\n")
    outcomes = {}
    for group in ("base", "cmd", "comp", "io", "re", "opbasic", "op", "uni", "mro", "class"):
        for script in sorted((source / "t" / group).glob("*.t")):
            if script.name in ("alarm.t", "time.t", "sleep.t", "fork.t", "watchdog.t", "uniprops.t"):
                continue
            if run.only and not any(name.startswith(f"{group}/{script.name} ")
                                    for name in run.only):
                continue
            done = run.command(["./perl", f"{group}/{script.name}"], cwd=source / "t", timeout=900,
                               more={"PERL5LIB": ":".join([str(source / "lib"), *paths])})
            count = len(re.findall(r"^ok\b", done.stdout, re.M))
            bad = len(re.findall(r"^not ok\b", done.stdout, re.M))
            fine = done.returncode == 0 and not bad
            for number in range(count):
                outcomes[f"{group}/{script.name} ok {number}"] = "pass"
            outcomes[f"{group}/{script.name} ends"] = (
                f"{'pass' if fine else 'fail'} {done.returncode}, {bad} not ok")
    return outcomes


@suite("Ruby", needs=("ruby",), packages=("ruby",), source="ruby3.1")
def ruby(run):
    """Tests of the language, by the interpreter's own runner."""
    source = tree(run.source, run.folder / "ruby")
    outcomes = {}
    for path in sorted((source / "test" / "ruby").glob("test_*.rb")):
        if run.only and not any(name.startswith(path.stem) for name in run.only):
            continue
        if path.stem in ("test_process", "test_gc_compact", "test_io", "test_sleep", "test_m17n",
                         "test_thread_queue", "test_yjit", "test_mjit", "test_jit"):
            continue
        done = run.command(["ruby", f"-I{source}/tool/lib", f"-I{source}/test/lib",
                            f"{source}/test/runner.rb", "-v", "--seed=1",
                            f"--ruby={shutil.which('ruby')}", path], cwd=source, timeout=900)
        for name, mark in re.findall(r"^\s*(?:\[ *\d+/\d+\]\s*)?(\S+#\S+)(?: =.*?)? = \S+ s = (\S)$",
                                     done.stdout, re.M):
            formats.add(outcomes, f"{path.stem} {name}", "pass" if mark == "." else mark)
        total = re.search(r"^(\d+) tests, (\d+) assertions.*$", done.stdout, re.M)
        outcomes[f"{path.stem} ends"] = (
            f"{'pass' if done.returncode == 0 else 'fail'} {total.group(0) if total else ''}")
    return outcomes
