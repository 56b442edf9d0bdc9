# SPDX-License-Identifier: Apache-2.0
"""Programs whose every allocation's stack is compared with libunwind's walk: interpreters,
compilers, servers, a browser. Those that are not installed are left out."""

import pathlib
import shutil

import loads
from arena import Broken, free_port, stop, wait_answer

ROOT = pathlib.Path(__file__).resolve().parents[2]

CXX = """#include <map>
#include <regex>
#include <string>
#include <vector>
std::map<std::string, std::vector<std::regex>> m;
int main() { m["a"].emplace_back("b+"); return static_cast<int>(m.size()); }
"""
JAVASCRIPT = """const kept = [];
function keep(n) { kept.push(Buffer.alloc(n)); if (kept.length > 50) kept.shift(); }
for (let i = 0; i < SCALE; i++) keep(1000 + i % 5000);
const zlib = require('zlib'), crypto = require('crypto');
for (let i = 0; i < SCALE / 30; i++) {
  zlib.deflateSync(Buffer.alloc(10000));
  crypto.createHash('sha256').update('x' + i).digest('hex');
}
const { Worker, isMainThread } = require('worker_threads');
if (isMainThread) for (let i = 0; i < 2; i++) new Worker(__filename);
"""
PYTHON = "import json, re, sqlite3; print(len(json.dumps([str(i) for i in range({0})])))"
RUBY = "h = {{}}; {0}.times {{ |i| h[i % 5000] = 'a string that is long enough ' * 3 + i.to_s }}"
PHP = "for ($i = 0, $a = []; $i < {0}; $i++) $a[$i % 5000] = str_repeat('x', 50) . $i;"
GAWK = "BEGIN {{ for (i = 0; i < {0}; i++) a[i % 5000] = a[i % 5000] i; print length(a) }}"
TCL = "for {{set i 0}} {{$i < {0}}} {{incr i}} {{ set a([expr $i % 5000]) [list $i x$i] }}"
SQL = """create table t(a integer primary key, b text);
with recursive c(n) as (select 1 union all select n + 1 from c where n < {0})
insert into t select n, 'row ' || n from c;
create index i on t(b);
select count(*), max(b) from t;
select sum(length(printf('%x %s', a, b))) from t where b like '%7%';
"""


def command(words, text="", more=None):
    """A program that runs to its end."""
    def function(run):
        if not shutil.which(str(words[0])):
            raise Broken(f"'{words[0]}' is not installed")
        done = run.command(words, input=text, more=more, timeout=3600)
        if done.returncode != 0:
            raise Broken(f"{words[0]} ended with {done.returncode}: {done.stdout[-500:]}")
    return function


def script(name, text, words, more=None):
    """A program with a file of its own."""
    def function(run):
        path = run.folder / name
        path.write_text(text)
        command([*words, path], more=more)(run)
    return function


def redis(number):
    def function(run):
        port = free_port()
        server = run.start(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                            "--dir", run.folder])
        try:
            wait_answer(port, server)
            run.plain(["redis-benchmark", "-p", port, "-n", number, "-q", "-t",
                       "set,lpush,hset,zadd,mset", "-r", "10000"], timeout=3600)
        finally:
            stop(server)
    return function


def programs(quick):
    """name -> what runs it"""
    many = 1 if quick else 100
    rows = 4000 if quick else 600_000
    found = {
        "sqlite3": command(["sqlite3", ":memory:"], SQL.format(rows)),
        "git": command(["git", "-C", ROOT, "log", "--stat", f"-{20 * many // 2 or 20}"]),
        "Python": command(["/usr/bin/python3", "-c", PYTHON.format(1000 * many)]),
        "Python, malloc": command(["/usr/bin/python3", "-c", PYTHON.format(500 * 8 * many)],
                                  more={"PYTHONMALLOC": "malloc"}),
        "perl": command(["perl", "-e", "my %h; $h{$_ % 5000} = [1..9] for "
                         f"1..{20000 if quick else 1_200_000}; print scalar(%h)"]),
        "bash": command(["bash", "-c", f"for ((i = 0; i < {200 * many}; i++)); do a+=($i);"
                         " b[i % 100]=\"x${a[i]}\"; done; for i in 1 2 3; do (echo $i); done"]),
    }
    if quick:
        return found
    found.update({
        "cc1plus": script("source.cpp", CXX, ["g++", "-O1", "-c", "-o", "/dev/null"]),
        # It has deep stacks, and a library that libunwind searches slowly.
        "clang++": script("source.cpp", "#include <string>\nstd::string s;\n",
                          ["clang++-14", "-O1", "-c", "-o", "/dev/null"]),
        "node": script("script.js", JAVASCRIPT.replace("SCALE", "30000"), ["node"]),
        "redis-server": redis(200_000),
        "openssl": command(["openssl", "genrsa", "4096"]),
        "ruby": command(["ruby", "-e", RUBY.format(300_000)]),
        "php": command(["php", "-r", PHP.format(900_000)], more={"USE_ZEND_ALLOC": "0"}),
        "gawk": command(["gawk", GAWK.format(1_000_000)]),
        "tclsh": command(["tclsh"], TCL.format(300_000)),
        "jq": command(["jq", "-n", "[range(40000) | {a: ., b: \"text \\(.)\"}] | map(.b) | length"]),
        # The library itself has debug information to read.
        "gdb": lambda run: command(["gdb", "-batch", "-nx", "-ex", "info functions walk", "-ex",
                                    "info types Table", "-ex", "list verify_walk",
                                    run.library])(run),
        "PostgreSQL": loads.pgbench,
        "nginx": loads.nginx,
        "OpenJDK": loads.javac,
        "Chromium": loads.chromium,
    })
    return found
