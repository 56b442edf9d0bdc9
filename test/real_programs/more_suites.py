# SPDX-License-Identifier: Apache-2.0
"""Test suites that need something built first, or a server: PostgreSQL, SQLite, git, Node.js, perl,
ruby."""

import hashlib
import os
import pathlib
import re
import shutil

import formats
from arena import Broken, built, suite, tree
from loads import postgres_server, postgres_tool

# They watch a clock, or take more minutes than all others.
PERL_LEFT_OUT = re.compile(r"(alarm|time|time_loop|sleep|fork|watchdog|utf8cache|speed|"
                           r"fold_grind_.*|uniprops.*|.*_thr|large_sys|bigmem)\.t$")
# Statements and functions; faults and crashes made by chance, and what takes minutes, are left out.
SQLITE_FILES = (r"(collate|date|delete|expr|func|insert|join|json|returning|savepoint|select|"
                r"trans|trigger|update|upsert|view|window)")
SQLITE_LEFT_OUT = r"fault|malloc|crash|ioerr|big|soak|speed|fuzz|thread|slow"
RUBY_FILES = ("alias", "array", "arity", "assignment", "autoload", "basicinstructions", "bignum",
              "call", "case", "class", "clone", "comparable", "complex", "condition", "const",
              "defined", "dir", "econv", "encoding", "enum", "enumerator", "env", "eval",
              "exception", "fiber", "file", "float", "hash", "integer", "iterator", "keyword", "lambda",
              "lazy_enumerator", "literal", "marshal", "math", "method", "module", "numeric",
              "object", "pack", "parse", "pattern_matching", "pipe", "proc", "rand", "range",
              "rational", "refinement", "regexp", "signal", "sprintf", "string", "stringchar",
              "struct", "symbol", "syntax", "thread", "time", "trace", "variable", "whileuntil",
              "yield")


@suite("PostgreSQL, regress", needs=("gcc",), source="postgresql-15",
       packages=("postgresql", "postgresql-server-dev-15"))
def postgres_regress(run):
    """The regression tests of the server, 200 scripts, by its own driver."""
    driver = sorted(pathlib.Path("/usr/lib/postgresql").glob(
        "*/lib/pgxs/src/test/regress/pg_regress"))
    if not driver:
        raise Broken("pg_regress is not installed (postgresql-server-dev-15)")
    tests = tree(run.source / "src/test/regress", run.folder / "regress")
    include = run.plain([str(driver[-1].parents[5] / "bin/pg_config"), "--includedir-server"])
    flags = ["-I", include.stdout.strip(), "-I", run.source / "src/include"]
    run.plain(["gcc", "-w", "-O1", "-fPIC", "-shared", *flags[:2], "-o", tests / "regress.so",
               tests / "regress.c"])
    with postgres_server(run, "max_connections=50") as port:
        done = run.command([driver[-1], "--inputdir", tests, "--outputdir", run.folder / "results",
                            "--bindir", os.path.dirname(postgres_tool("psql")), "--dlpath", tests,
                            "--host", "127.0.0.1", "--port", port, "--user", "postgres",
                            "--max-connections", "4", "--schedule",
                            tests / "parallel_schedule"], timeout=2 * 3600)
    outcomes = {}
    for name, result in re.findall(r"^(?:test|    ) ?(\S+)\s+\.\.\. (ok|FAILED)", done.stdout,
                                   re.M):
        said = run.folder / "results" / "results" / f"{name}.out"
        text = said.read_text(errors="replace") if said.exists() else ""
        mark = hashlib.sha1(text.replace(str(run.folder), "").encode()).hexdigest()[:12]
        formats.add(outcomes, name, "pass" if result == "ok" else f"fail {mark}")
    if not outcomes:
        raise Broken(done.stdout[-1500:])
    return outcomes


@suite("SQLite", needs=("gcc", "tclsh", "make"), packages=("tcl-dev",), source="sqlite3",
       nobody=True)
def sqlite(run):
    """Some of SQLite's own tests, by a test program built from its source."""
    ready = built(run, "mkdir -p b; cd b; ../configure --with-tcl=/usr/lib/tcl8.6 CFLAGS='-O1 -g' "
                  ">/dev/null 2>&1; make -s testfixture >/dev/null 2>&1")
    source = run.folder / "sqlite"
    for folder in ("b", "test", "ext"):
        tree(ready / folder, source / folder)
    build = source / "b"
    outcomes = {}
    for script in sorted((source / "test").glob("*.test")):
        if not re.match(SQLITE_FILES, script.name) or re.search(SQLITE_LEFT_OUT, script.name):
            continue
        if run.only and not any(name.startswith(f"{script.stem}: ") for name in run.only):
            continue
        done = run.command(["./testfixture", script], cwd=build, timeout=300)
        for test, rest in re.findall(r"^(?:! )?(\S+?)\.\.\. ?(.*)$", done.stdout, re.M):
            formats.add(outcomes, f"{script.stem}: {test}",
                        "pass" if rest.startswith("Ok") else "fail")
        outcomes[f"{script.stem}: ends"] = (f"{'pass' if done.returncode == 0 else 'fail'} "
                                            f"{done.returncode}")
    return outcomes


@suite("git, its tests", needs=("git", "make", "gcc"), packages=("git",), source="git")
def git_tests(run):
    """The scripts of git's test suite, each in a folder of its own, against the installed git."""
    ready = built(run, "make -s -j2 NO_CURL=1 NO_EXPAT=1 NO_OPENSSL=1 NO_GETTEXT=1 NO_TCLTK=1 "
                  "CFLAGS='-O0 -w' t/helper/test-tool GIT-BUILD-OPTIONS >/dev/null 2>&1; "
                  "make -s -C templates >/dev/null 2>&1")
    source = run.folder / "git"
    for folder in ("t", "templates"):
        tree(ready / folder, source / folder)
    shutil.copy(ready / "GIT-BUILD-OPTIONS", source)
    outcomes = {}
    for script in sorted((source / "t").glob("t[0-9][0-9][0-9][0-9]-*.sh")):
        if not re.match(r"t[1-3]\d00-", script.name):
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
    wanted = re.compile(r"test-(child-process-(exec|fork|spawn)|cluster-[a-e]|worker-[a-m]|"
                        r"zlib-[a-f])")
    outcomes = {}
    for path in sorted((source / "parallel").glob("test-*.js")):
        if not wanted.match(path.name) or (run.only and path.name not in run.only):
            continue
        flags = re.search(r"^// Flags: (.*)$", path.read_text(errors="replace"), re.M)
        done = run.command(["node", *(flags.group(1).split() if flags else ()), path], cwd=source,
                           timeout=120, more={"NODE_TEST_DIR": str(run.folder)})
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
    # Tests look for modules in ../lib only, and some are made when perl is built.
    for folder in run.plain(["perl", "-e", "print join qq(\\n), @INC"]).stdout.split("\n"):
        if re.search(r"/perl(-base|/5[.\d]*)$", folder) and "/local/" not in folder:
            shutil.copytree(folder, source / "lib", dirs_exist_ok=True)
    outcomes = {}
    for group in ("base", "cmd", "comp", "io", "re", "opbasic", "op", "uni", "mro"):
        for script in sorted((source / "t" / group).glob("*.t")):
            if PERL_LEFT_OUT.match(script.name):
                continue
            if run.only and not any(name.startswith(f"{group}/{script.name} ")
                                    for name in run.only):
                continue
            done = run.command(["./perl", f"{group}/{script.name}"], cwd=source / "t", timeout=300)
            for mark, number, known in re.findall(r"^(ok|not ok) (\d+)\b(.*# TO" r"DO)?",
                                                  done.stdout, re.M):
                formats.add(outcomes, f"{group}/{script.name} {number}",
                            "pass" if mark == "ok" else "known to fail" if known else "fail")
            outcomes[f"{group}/{script.name} ends"] = (
                f"{'pass' if done.returncode == 0 else 'fail'} {done.returncode}")
    return outcomes


@suite("Ruby", needs=("ruby",), packages=("ruby",), source="ruby3.1", nobody=True)
def ruby(run):
    """Tests of the language and its classes, by the interpreter's own runner."""
    source = run.folder / "ruby"
    for folder in ("tool", "test/lib", "test/ruby"):
        tree(run.source / folder, source / folder)
    shutil.copy(run.source / "test/runner.rb", source / "test")
    outcomes = {}
    for stem in RUBY_FILES:
        if run.only and not any(name.startswith(f"{stem} ") for name in run.only):
            continue
        done = run.command(["ruby", f"-I{source}/tool/lib", f"-I{source}/test/lib",
                            f"{source}/test/runner.rb", "-v", "--seed=1", "--show-skip",
                            f"--ruby={shutil.which('ruby')}", f"{source}/test/ruby/test_{stem}.rb"],
                           cwd=source, timeout=600)
        bad = {name: kind.lower() for kind, name in re.findall(
            r"^\s*\d+\) (Failure|Error|Skipped):\n(\S+#[^\s:\[]+)", done.stdout, re.M)}
        for name in re.findall(r"^\[ *\d+/\d+\] (\S+#\S+) = ", done.stdout, re.M):
            formats.add(outcomes, f"{stem} {name}", bad.get(name, "pass"))
        total = re.search(r"^(\d+) tests, .*(\d+ failures.*)$", done.stdout, re.M)
        outcomes[f"{stem} ends"] = (f"{'pass' if done.returncode == 0 else 'fail'} "
                                    f"{' '.join(total.groups()) if total else 'without a count'}")
    return outcomes
