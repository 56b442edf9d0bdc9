# SPDX-License-Identifier: Apache-2.0
"""Programs people run: the same output and exit status with silt as without, and growth named in
those that grow. All traffic is on the loopback interface and bounded in count or time."""

import http.client
import os
import pathlib
import shutil
import subprocess

import harness
from harness import needs


class Servers(harness.SiltTest):
    def wait_answers(self, process, port):
        def ready():
            self.assertIsNone(process.process.poll(), process.told())
            return harness.answers(port)
        harness.wait_until(ready, f"an answer on port {port}")

    def run_load(self, *command):
        done = subprocess.run(command, capture_output=True, timeout=120, check=False,
                              env=self.environment())
        self.assertEqual(done.returncode, 0, done)
        return done.stdout.decode()

    @needs("redis-server", "redis-benchmark", "redis-cli")
    def test_redis_under_its_benchmark(self):
        port = harness.free_port()
        process = self.start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save",
                              "", "--appendonly", "no", "--dir", self.folder])
        self.wait_answers(process, port)
        self.dump(process.pid)
        for _ in range(2):
            self.run_load("redis-benchmark", "-p", str(port), "-n", "20000", "-c", "20", "-q", "-t",
                          "set,get,lpush", "-r", "100000", "-d", "400")
            self.dump(process.pid)
        size = int(self.run_load("redis-cli", "-p", str(port), "dbsize"))
        self.run_load("redis-cli", "-p", str(port), "shutdown", "nosave")
        self.assertEqual(process.finish(), 0)
        report = self.report()
        native = [stack for stack in report.growing() if stack["heap"] == "native"]
        self.assertGreater(size, 10000)
        self.assertGreater(sum(stack["growth_bytes"] for stack in native), size * 400)
        top_names = {name for stack in native[:5] for name in harness.Report.names(stack)}
        self.assertTrue({"setGenericCommand", "setCommand", "pushGenericCommand"} & top_names
                        or any(frame["offset"] for frame in native[0]["frames"]), top_names)

    @needs("nginx", "wrk")
    def test_nginx_under_wrk(self):
        port = harness.free_port()
        root = pathlib.Path(self.folder)
        (root / "page.html").write_text("<p>a page</p>\n" * 100)
        (root / "nginx.conf").write_text(f"""
            daemon off; pid {root}/pid; error_log {root}/error.log; worker_processes 2;
            {"user root;" if os.geteuid() == 0 else ""}
            events {{ worker_connections 256; }}
            http {{ access_log off; client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
              fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi;
              scgi_temp_path {root}/scgi; gzip on; gzip_min_length 1; gzip_types *;
              server {{ listen 127.0.0.1:{port}; root {root}; }} }}""")
        process = self.start([shutil.which("nginx"), "-p", str(root), "-c",
                              str(root / "nginx.conf")])
        self.wait_answers(process, port)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = harness.wait_until(lambda: children.read_text().split()[1:] and
                                     children.read_text().split(), "two workers")
        self.dump(process.pid)
        for worker in workers:
            self.dump(worker)
        said = self.run_load("wrk", "-t1", "-c8", "-d2s", "-H", "Accept-Encoding: gzip",
                             f"http://127.0.0.1:{port}/page.html")
        self.assertNotIn("Non-2xx", said)
        for worker in workers:
            self.dump(worker)
        process.process.terminate()
        self.assertEqual(process.finish(), 0, process.told())
        allocated = 0
        for worker in workers:
            report = self.report(os.path.join(self.out, f"silt.nginx.{worker}"))
            allocated += (report.snapshots[1]["allocated_blocks"]
                          - report.snapshots[0]["allocated_blocks"])
            grown = report.snapshots[1]["live_bytes"] - report.snapshots[0]["live_bytes"]
            self.assertLess(grown, 4 << 20)
        self.assertGreater(allocated, 1000)

    @needs("node")
    def test_node_names_the_javascript_that_keeps_buffers(self):
        script = harness.HERE / "keeps_buffers.js"
        process = self.start(["node", "--perf-basic-prof", "--interpreted-frames-native-stack",
                              str(script)], cwd=self.folder)
        port = int(process.wait_line("listening").split(" ")[1])
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for _ in range(100):
                connection.request("GET", "/")
                connection.getresponse().read()
            connection.close()
            self.dump(process.pid)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/quit")
        connection.getresponse().read()
        self.assertEqual(process.finish(), 0, process.told())
        report = self.report(self.recording("node"))
        stacks = report.with_function("rememberRequest", "native")
        self.assertGreaterEqual(sum(stack["growth_blocks"] for stack in stacks
                                    if stack["growth_bytes"] > 0), 150)
        top = max(stacks, key=lambda stack: stack["growth_bytes"])
        frame = top["frames"][harness.Report.names(top).index("rememberRequest")]
        self.assertEqual(frame["kind"], "js")
        self.assertTrue(frame["file"].endswith("keeps_buffers.js"), frame)
        lines = script.read_text().splitlines()
        self.assertIn("rememberRequest", lines[frame["line"] - 1] + lines[frame["line"] - 2])
        self.assertIn("_start", harness.Report.names(top))

    @needs("wrk")
    def test_the_session_server_leaks_where_its_table_grows(self):
        process = self.start([harness.program("session_server"), "0", "60"])
        address = process.wait_line("listening").split(" ")[2]
        for _ in range(3):
            self.run_load("wrk", "-t1", "-c8", "-d1s", f"http://{address}/page")
            self.dump(process.pid)
        process.process.terminate()
        self.assertEqual(process.finish(), 0)
        report = self.report(os.path.join(self.out, f"silt.session_server.{process.pid}",
                                          "000.silt"),
                             os.path.join(self.out, f"silt.session_server.{process.pid}",
                                          "002.silt"))
        for stack in report.growing()[:3]:
            frames = [frame for frame in stack["frames"]
                      if (frame["file"] or "").endswith("session_server.cpp")]
            self.assertIn(harness.simple_name(frames[0]["function"]), ("create", "visit",
                                                                       "make_unique"))
            self.assertGreater(frames[0]["line"], 0)


class Interpreters(harness.SiltTest):
    def check_python(self, **settings):
        command = ["/usr/bin/python3", str(harness.HERE / "grows.py")]
        plain = self.run_program(command, silt=False, settings=settings, text="\n" * 6)
        self.assertEqual(plain[0], 0)
        process = self.start(command, settings=settings)
        process.wait_line("ready")
        for _ in range(6):
            process.write_line()
            process.wait_line("ready ")
            self.dump(process.pid)
        self.assertEqual(process.finish(), 0)
        self.assertEqual(process.lines, plain[1].splitlines())
        report = self.report()
        top = report.growing()[0]
        self.assertGreaterEqual(top["growth_blocks"], 49)
        self.assertGreaterEqual(top["growth_bytes"], 50 * 200003)
        self.assertLess(top["growth_bytes"], 50 * 200003 * 1.1)
        self.assertTrue({"Py_BytesMain", "main", "_start"} & set(harness.Report.names(top)))

    def test_python(self):
        self.check_python()

    def test_python_with_every_object_from_malloc(self):
        self.check_python(PYTHONMALLOC="malloc")

    @needs("sqlite3")
    def test_sqlite(self):
        script = ("create table t(a integer primary key, b text);\n"
                  "with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) "
                  "insert into t select i, printf('%x text %d', i * 7919 % 10007, i) from n;\n"
                  "create index by_b on t(b);\n"
                  "select count(*), sum(length(b)), min(b), max(b) from t;\n"
                  "select a, b from t order by b desc limit 5;\n"
                  "select nonsense from nowhere;\n")
        self.assert_unharmed(["sqlite3", "-batch", ":memory:"], text=script)
        self.assertGreater(self.report().snapshots[-1]["allocated_blocks"], 1000)


class Commands(harness.SiltTest):
    @needs("git")
    def test_git(self):
        script = """
            set -e
            export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
            export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a
            export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
            git init -q -b main repository && cd repository
            for i in 1 2 3 4 5; do
              seq $((i * 1000)) > file; git add file; git commit -q -m "number $i"
            done
            git log --stat --format=%H; git diff HEAD~3 | cksum; git gc -q; git fsck
            git rev-parse HEAD; git cat-file -p HEAD; git clone -q . ../clone 2>&1
            git nonsense
        """
        # The names of files that it makes and removes are random, and so are its times.
        plain, _ = self.assert_unharmed(["/bin/bash", "-c", script], contents=False)
        self.assertEqual(plain.status, 1)
        self.assertGreater(len(self.recordings("git")), 20)

    @needs("g++")
    def test_the_compiler(self):
        source = pathlib.Path(self.folder) / "source.cpp"
        source.write_text("#include <map>\n#include <string>\n#include <regex>\n"
                          "std::map<std::string, std::regex> table;\n"
                          "int main() { table.emplace(\"a\", std::regex(\"b+\")); }\n")
        command = ["g++", "-O1", "-S", "-o", "out.s", str(source)]
        self.assertIn("out.s", self.assert_unharmed(command)[0].files)
        report = self.report(self.recording("cc1plus"), top=20)
        self.assertGreater(report.snapshots[-1]["allocated_blocks"], 100000)
        source.write_text("int main() { return nonsense; }\n")
        self.assert_unharmed(command)

    def test_a_shell_script_that_forks_a_hundred_children(self):
        script = ("for i in $(seq 100); do (echo child $i; exit $((i % 3))) & jobs=\"$jobs $!\"; done; "
                  "sum=0; for job in $jobs; do wait $job; sum=$((sum + $?)); done; "
                  "echo sum $sum; exit 4")
        self.assert_unharmed(["/bin/bash", "-c", script], lines_in_any_order=True)
        self.assertGreaterEqual(len(self.recordings("bash")), 101)

    def test_common_commands_print_the_same(self):
        for command in (["/bin/ls", "-la", "/usr/bin"], ["/usr/bin/env", "sort", "/etc/services"],
                        ["/bin/tar", "cf", "-", "-C", "/usr/share", "perl5", "--ignore-failed-read"],
                        ["/usr/bin/perl", "-e", "print join ',', map { $_ * 2 } 1..1000"],
                        ["/bin/sh", "-c", "seq 1000 | xargs -n 7 -P 4 echo | sort"],
                        ["/bin/date", "--version"], ["/bin/cat", "/nonexistent"]):
            if not os.path.exists(command[0]):
                continue
            self.assert_unharmed(command)


if __name__ == "__main__":
    harness.main()
