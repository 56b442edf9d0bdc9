# SPDX-License-Identifier: Apache-2.0
"""Programs at work: servers under load, compilers on silt itself, a browser with a page. What they
produce must be the same, byte for byte where it can be."""

import collections
import contextlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

from arena import Broken, file_mark, free_port, said, stop, suite, tree, wait_answer

ROOT = pathlib.Path(__file__).resolve().parents[2]
GIT_SETTINGS = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
                **{f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
                   for what, value in (("NAME", "a"), ("EMAIL", "a"),
                                       ("DATE", "2020-01-01T00:00:00Z"))}}


def postgres_tool(name):
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found:
        raise Broken("no PostgreSQL server is installed")
    return str(found[-1])


@contextlib.contextmanager
def postgres_server(run, *settings):
    """A server with a database of its own; yields its port."""
    if os.geteuid() == 0:
        run.user = "postgres"
    data = run.folder / "data"
    run.command([postgres_tool("initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-N",
                 "--no-locale", "-E", "UTF8"], check=True)
    port = str(free_port())
    server = run.start([postgres_tool("postgres"), "-D", data, "-p", port, "-k", run.folder,
                        "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                        *[word for setting in settings for word in ("-c", setting)]])
    try:
        wait_answer(int(port), server)
        ready = [postgres_tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", port]
        for _ in range(600):  # it answers before it lets anybody in
            if run.command(ready, silt=False).returncode == 0:
                break
            time.sleep(0.1)
        yield port
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGINT)  # without waiting for clients
        server.wait(120)


@suite("PostgreSQL, pgbench", packages=("postgresql",), short=True)
def pgbench(run):
    """A backend is forked for each transaction; every account must add up at the end."""
    number = 60 if run.short else 400
    outcomes = {}
    with postgres_server(run) as port:
        tool = [postgres_tool("pgbench"), "-h", "127.0.0.1", "-p", port, "-U", "postgres"]
        run.command([*tool, "-i", "-q", "-s", "1", "postgres"], check=True)
        for name, more in (("connection for each transaction", ["-C"]), ("kept connections", []),
                           ("prepared", ["-M", "prepared"]), ("read only", ["-S"])):
            done = run.command([*tool, *more, "-n", "-c", "4", "-j", "2", "-t", number, "postgres"])
            processed = re.search(r"actually processed: (\S+)", done.stdout)
            failed = re.search(r"failed transactions: (\d+)", done.stdout)
            wanted = f"{4 * number}/{4 * number}"
            fine = done.returncode == 0 and processed and processed.group(1) == wanted and \
                (not failed or failed.group(1) == "0")
            outcomes[name] = "pass" if fine else f"fail: {done.stdout[-300:]}"
        query = ("select (select sum(abalance) from pgbench_accounts) = "
                 "(select sum(delta) from pgbench_history) and "
                 "(select sum(bbalance) from pgbench_branches) = "
                 "(select sum(tbalance) from pgbench_tellers), count(*) from pgbench_history")
        done = run.command([postgres_tool("psql"), "-h", "127.0.0.1", "-p", port, "-U", "postgres",
                            "-At", "-c", query, "postgres"])
        outcomes["the books agree"] = ("pass" if done.stdout.strip() == f"t|{3 * 4 * number}"
                                       else f"fail: {done.stdout}")
    return outcomes


@suite("nginx, wrk", needs=("nginx", "wrk"), packages=("nginx", "wrk"), short=True, dumps=True)
def nginx(run):
    """Reloads all the while: workers come and go under load, and no request fails."""
    port = free_port()
    root = run.folder
    (root / "page.html").write_text("<p>a page</p>\n" * 100)
    (root / "nginx.conf").write_text(f"""
        daemon off; pid {root}/pid; error_log {root}/error.log; worker_processes 2;
        {"user root;" if os.geteuid() == 0 else ""}
        events {{ worker_connections 512; }}
        http {{ access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
          fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi;
          scgi_temp_path {root}/scgi; gzip on; gzip_min_length 1; gzip_types *;
          server {{ listen 127.0.0.1:{port}; root {root}; }} }}""")
    server = run.start([shutil.which("nginx"), "-p", root, "-c", root / "nginx.conf"])
    outcomes = {}
    try:
        wait_answer(port, server)
        reloads, rounds = 0, 2 if run.short else 6
        for number in range(rounds):
            load = subprocess.Popen(
                ["wrk", "-t1", "-c8", "-d3s", "--timeout", "60s", "-H", "Accept-Encoding: gzip",
                 f"http://127.0.0.1:{port}/page.html"], env=run.environment(silt=False),
                stdout=subprocess.PIPE, text=True)
            while load.poll() is None:
                server.send_signal(signal.SIGHUP)
                reloads += 1
                time.sleep(0.3)
            text = load.communicate()[0]
            # A worker that goes closes the connections it keeps: `read` counts those.
            errors = re.search(r"Socket errors: connect (\d+), read \d+, write (\d+), timeout (\d+)",
                               text)
            fine = load.returncode == 0 and "Non-2xx" not in text and \
                (not errors or set(errors.groups()) == {"0"}) and \
                re.search(r"[1-9]\d* requests in", text)
            outcomes[f"load {number}"] = "pass" if fine else f"fail: {text}"
        outcomes["reloads"] = "pass" if reloads >= rounds else f"fail: {reloads}"
        for number in range(20):
            done = run.command(["curl", "-s", f"http://127.0.0.1:{port}/page.html"], silt=False)
            outcomes[f"page {number}"] = said(done)
    finally:
        outcomes["the server ends"] = "pass" if stop(server) == 0 else f"fail: {server.returncode}"
    log = (root / "error.log").read_text() if (root / "error.log").exists() else ""
    bad = re.findall(r"\[(?:alert|crit|emerg)\].*", log)
    outcomes["nothing bad in the log"] = "pass" if not bad else f"fail: {bad[0]}"
    return outcomes


def compiled(run, compiler, sources):
    """One object file for each source: under silt it must be the same, byte for byte."""
    outcomes = {}
    tree(ROOT / "symbolizer", run.folder / "symbolizer")
    tree(ROOT / "interposer", run.folder / "interposer")
    for source in sources:
        target = run.folder / "out.o"
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        done = run.command([compiler, "-std=c++20", "-O1", "-g", "-D_GNU_SOURCE", "-I", ".", "-c",
                            f"-ffile-prefix-map={run.folder}=.", source, "-o", target],
                           timeout=1200)
        outcomes[str(source)] = (f"{said(done)} {file_mark(target)}" if target.exists()
                                 else f"fail: {done.stdout[-300:]}")
    return outcomes


def silt_sources(run, folder):
    sources = sorted(path.relative_to(ROOT) for path in (ROOT / folder).glob("*.cpp"))
    return sources[:3] if run.short else sources


@suite("g++, on silt", needs=("g++",), packages=("g++",), short=True)
def gxx(run):
    sources = silt_sources(run, "interposer/base")
    if not run.short:
        for folder in ("interposer/unwind", "interposer/track", "symbolizer/base",
                       "symbolizer/read", "symbolizer/analyze", "symbolizer/report"):
            sources += silt_sources(run, folder)
    return compiled(run, "g++", sources)


@suite("clang++, on silt", needs=("clang++-14",), packages=("clang-14",), short=True)
def clangxx(run):
    sources = silt_sources(run, "interposer/base")
    if not run.short:
        sources += silt_sources(run, "interposer/unwind") + silt_sources(run, "symbolizer/base") + \
            silt_sources(run, "symbolizer/read")
    return compiled(run, "clang++-14", sources)


JAVA = """package load;
import java.util.*;
import java.util.stream.*;
public class Class%d {
  sealed interface Shape permits Circle, Square {}
  record Circle(double r) implements Shape {}
  record Square(double s) implements Shape {}
  static double area(Shape s) { return s instanceof Circle c ? c.r() * c.r() : ((Square) s).s(); }
  public static Map<Integer, List<String>> group(Collection<String> words) {
    return words.stream().collect(Collectors.groupingBy(String::length, TreeMap::new,
        Collectors.toList()));
  }
  public static void main(String[] a) {
    System.out.println(group(List.of("a", "bb", "cc", "%d")) + " " + area(new Square(%d)));
  }
}
"""


@suite("OpenJDK, javac", needs=("javac", "java"), packages=("openjdk-17-jdk-headless",))
def javac(run):
    """A project of many classes: each class file the same, and each class runs the same."""
    folder = run.folder / "load"
    folder.mkdir()
    count = 20 if run.short else 150
    for number in range(count):
        (folder / f"Class{number}.java").write_text(JAVA % (number, number, number))
    outcomes = {}
    done = run.command(["javac", "-J-Xmx512m", "-d", run.folder / "classes",
                        *sorted(folder.glob("*.java"))])
    outcomes["javac"] = said(done)
    for path in sorted((run.folder / "classes").rglob("*.class")):
        outcomes[path.name] = f"pass {file_mark(path)}"
    for number in range(0, count, 10):
        outcomes[f"Class{number} runs"] = said(run.command(
            ["java", "-Xmx256m", "-cp", run.folder / "classes", f"load.Class{number}"]))
    return outcomes


PAGE = """<!doctype html><title>a page</title><p id=out></p><canvas id=c></canvas><script>
const rows = Array.from({length: 20000}, (_, i) => ({i, text: 'row ' + i * 7919 % 10007}));
rows.sort((a, b) => a.text < b.text ? -1 : a.text > b.text ? 1 : a.i - b.i);
const context = document.getElementById('c').getContext('2d');
for (let i = 0; i < 500; i++) context.fillRect(i % 30, i % 17, 5, 5);
document.getElementById('out').textContent = rows.slice(0, 50).map(r => r.i + ' ' + r.text);
</script>"""


@suite("Chromium, headless", needs=("chromium",), packages=("chromium",), short=True)
def chromium(run):
    page = run.folder / "page.html"
    page.write_text(PAGE)
    outcomes = {}
    for number in range(1 if run.short else 5):
        done = run.command(["chromium", "--headless", "--no-sandbox", "--disable-gpu",
                            "--disable-dev-shm-usage", f"--user-data-dir={run.folder}/p{number}",
                            "--dump-dom", f"file://{page}"], timeout=600, stderr=subprocess.DEVNULL)
        outcomes[f"page {number}"] = said(done)
        if "row 0" not in done.stdout:
            outcomes[f"page {number}"] = f"fail: {done.stdout[:200]}"
    return outcomes


# Without pipelines: which side of one the shell tells of first is chance.
GIT_SCRIPT = """set -e
sum() { "$@" > ../sum; cksum < ../sum; }
git init -q -b main r; cd r
for i in $(seq $COUNT); do seq $((i * 300)) > f$((i % 7)); git add .; git commit -q -m "n $i"; done
git checkout -q -b side HEAD~3; seq 50 > g; git add .; git commit -q -m side; git merge -q main -m m
sum git log --stat --format=%H; sum git diff HEAD~5; sum git blame f1
git gc -q; git repack -adfq --threads=2; git fsck; git clone -q . ../c; sum git -C ../c log
git rebase -q HEAD~2; git stash list; sum git grep -c 1; sum git archive HEAD
git rev-parse HEAD; git bisect start HEAD HEAD~4 >/dev/null; sum git bisect run true
"""


@suite("git, a history", needs=("git",), packages=("git",), short=True, dumps=True)
def git(run):
    done = run.command(["/bin/bash", "-xc", GIT_SCRIPT],
                       more={**GIT_SETTINGS, "COUNT": "8" if run.short else "60"})
    outcomes = collections.OrderedDict()
    for number, line in enumerate(done.stdout.splitlines()):
        outcomes[f"line {number}"] = f"pass {line}"
    outcomes["end"] = f"{'pass' if done.returncode == 0 else 'fail'} {done.returncode}"
    return outcomes
