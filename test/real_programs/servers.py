# SPDX-License-Identifier: Apache-2.0
"""Short real jobs of many servers: every answer the same under silt, with every process asked for
snapshots all the while, and no worker that died and was replaced. One function a program, which
prepares the folder and yields what to start and what to ask. All on the loopback interface."""

import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import time

from arena import Broken, free_port, npm_file, said, stop, suite, wait_answer

SECONDS = 6  # how long each is asked: some twenty rounds of snapshots


def server(name, steady=True, **settings):
    """Registers a server. The function gets (run, port) and yields the command to start, then a
    function that asks once and returns what was answered; it is closed when the server has ended."""

    def register(function):
        def body(run):
            port = free_port()
            parts = function(run, port)
            process = run.start(next(parts))
            outcomes = {}
            try:
                wait_answer(port, process)
                ask = next(parts)
                outcomes = asked(ask, process, steady, SECONDS / 3 if run.short else SECONDS)
            except Broken as error:
                log = (run.folder / "server.log").read_text(errors="replace")
                raise Broken(f"{error}: {log[-600:]}") from error
            finally:
                status = stop(process)
                parts.close()
            outcomes["the server ends"] = f"pass {status}"
            return outcomes

        suite(name, dumps=True, **settings)(body)
        return function
    return register


def children(pid):
    tasks = pathlib.Path(f"/proc/{pid}/task")
    return {int(child) for task in tasks.iterdir()
            for child in (task / "children").read_text().split()}


def asked(ask, process, steady, seconds):
    """The distinct answers to the same question, again and again."""
    answers = set()
    ready = time.monotonic() + SECONDS
    while attempt(ask).startswith("fail") and time.monotonic() < ready:
        time.sleep(0.2)  # it listens before it answers well
    workers, end = children(process.pid), time.monotonic() + seconds
    while time.monotonic() < end:
        answers.add(attempt(ask))
    outcomes = {"answers": " | ".join(sorted(answers))}
    if steady:
        lost = workers - children(process.pid)
        outcomes["workers stay"] = f"fail: {len(lost)} of {len(workers)} gone" if lost else "pass"
    outcomes["it runs to the end"] = "pass" if process.poll() is None else f"fail {process.poll()}"
    return outcomes


def attempt(ask):
    try:
        return f"pass {ask()}"
    except (OSError, http.client.HTTPException, Broken, subprocess.SubprocessError) as error:
        return f"fail: {type(error).__name__} {error}"


def page(port, path="/page.txt", **headers):
    """Status and length of a page, and the sum of its bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        return f"{answer.status} {len(body)} {sum(body) % 10007}"
    finally:
        connection.close()


def client(run, command, **options):
    """A client that is not under silt: its output, when it ends well."""
    done = run.command(command, silt=False, timeout=60, **options)
    if done.returncode != 0:
        raise Broken(f"{command[0]}: status {done.returncode}: {done.stdout[-300:]}")
    return said(done)


@contextlib.contextmanager
def origin(run):
    """A plain web server behind a proxy; yields its port."""
    port, site = free_port(), run.folder / "site"
    site.mkdir(exist_ok=True)
    for number in range(20):
        (site / f"page{number}.txt").write_text(f"line of page {number}\n" * (number * 50 + 1))
    process = subprocess.Popen(
        [sys.executable, "-m", "http.server", "-b", "127.0.0.1", "-d", site, str(port)],
        env=run.environment(silt=False), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    try:
        wait_answer(port, process)
        yield port
    finally:
        stop(process)


def pages_of_origin(port, prefix=""):
    return lambda: "; ".join(page(port, f"{prefix}/page{number}.txt") for number in range(20))


def as_root(text):
    return text if os.geteuid() == 0 else ""


@server("redis, a dataset", needs=("redis-server",), packages=("redis-server",), short=True,
        steady=False)
def redis(run, port):
    yield ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", run.folder]

    def ask():
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            answers = connection.makefile("rb")
            lines = [f"set k{i} {str(i * 7919 % 10007) * (i % 300 + 1)}" for i in range(1000)] + \
                [f"rpush l{i % 9} {i}" for i in range(1000)] + ["bgsave"] + \
                [f"strlen k{i}" for i in range(1000)] + ["llen l3", "del l3", "quit"]
            connection.sendall(("\r\n".join(lines) + "\r\n").encode())
            kinds = answers.read().decode().splitlines()
            return f"{len(kinds)} {sum(int(x[1:]) for x in kinds[2001:3001])} {kinds[-3]}"
    yield ask


@server("varnish", needs=("varnishd",), packages=("varnish", "gcc"))
def varnish(run, port):
    with origin(run) as behind:
        os.chmod(run.folder, 0o755)
        yield ["varnishd", "-F", "-a", f"127.0.0.1:{port}", "-b", f"127.0.0.1:{behind}", "-n",
               run.folder / "varnish", "-s", "malloc,64m", "-T", "none"]
        yield pages_of_origin(port)


@server("squid", needs=("squid",), packages=("squid",))
def squid(run, port):
    with origin(run) as behind:
        (run.folder / "conf").write_text(f"""
            http_port 127.0.0.1:{port}\nhttp_access allow all\npid_filename {run.folder}/pid
            cache_log {run.folder}/cache.log\naccess_log none\ncache_mem 16 MB
            coredump_dir {run.folder}\nshutdown_lifetime 1 seconds\nvisible_hostname here
            icon_directory /usr/share/squid/icons\nnetdb_filename none\n""".replace("  ", ""))
        yield ["squid", "--foreground", "-f", run.folder / "conf", "-n", f"silt{os.getpid()}"]
        yield pages_of_origin(port, f"http://127.0.0.1:{behind}")


@server("sshd", needs=("sshd",), packages=("openssh-server", "openssh-client"), steady=False)
def sshd(run, port):
    folder = run.folder / "ssh"
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        run.plain(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name])
    shutil.copy(folder / "user.pub", folder / "authorized")
    if os.geteuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
    (folder / "conf").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nUsePAM no\n"
        f"AuthorizedKeysFile {folder}/authorized\nStrictModes no\nPermitRootLogin yes\n"
        "MaxStartups 100\nSubsystem sftp internal-sftp\n")
    yield [shutil.which("sshd"), "-D", "-e", "-f", folder / "conf"]
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    yield lambda: client(run, [
        "ssh", "-F", "none", "-i", folder / "user", "-p", port, "-o", "StrictHostKeyChecking=no",
        "-o", f"UserKnownHostsFile={folder}/known", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
        f"{user}@127.0.0.1", "seq 2000 | cksum; exec 1>&2; seq 100"])


@server("haproxy, master and worker", needs=("haproxy",), packages=("haproxy",))
def haproxy(run, port):
    with origin(run) as behind:
        (run.folder / "conf").write_text(f"""
            global\n nbthread 2\n {as_root("user nobody")}\n
            defaults\n mode http\n timeout connect 9s\n timeout client 99s\n timeout server 99s\n
            listen all\n bind 127.0.0.1:{port}\n server one 127.0.0.1:{behind}
            """.replace("            ", ""))
        yield ["haproxy", "-W", "-db", "-f", run.folder / "conf"]
        yield pages_of_origin(port)


APP = """
import json
kept = {}
def app(environ, start_response):
    kept.setdefault(environ["PATH_INFO"], [i * 7919 % 10007 for i in range(20000)])
    body = json.dumps(sorted(kept[environ["PATH_INFO"]])).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
application = app
"""


def pages_of_app(port):
    return lambda: "; ".join(page(port, f"/{number}") for number in range(4))


@server("gunicorn, gevent", needs=("gunicorn",),
        packages=("gunicorn", "python3-gevent"))
def gunicorn(run, port):
    (run.folder / "app.py").write_text(APP)
    yield ["gunicorn", "-k", "gevent", "-w", "2", "-b", f"127.0.0.1:{port}", "app:app"]
    yield pages_of_app(port)


@server("uWSGI", needs=("uwsgi",), packages=("uwsgi-core", "uwsgi-plugin-python3"))
def uwsgi(run, port):
    (run.folder / "app.py").write_text(APP)
    yield ["uwsgi", "--plugin", "python3", "--http-socket", f"127.0.0.1:{port}", "--wsgi-file",
           "app.py", "--master", "--processes", "2", "--die-on-term"]
    yield pages_of_app(port)


@server("Puma", needs=("puma",), packages=("puma",))
def puma(run, port):
    (run.folder / "config.ru").write_text("""
      run lambda { |env| body = (1..20000).map { |i| i * 7919 % 10007 }.sort.join(",")
        [200, {"content-type" => "text/plain"}, [body]] }""")
    yield ["puma", "-e", "production", "-b", f"tcp://127.0.0.1:{port}", "-t", "2:4", "-w", "2",
           "config.ru"]
    yield pages_of_app(port)


@server("Apache", needs=("apache2",), packages=("apache2-bin",))
def apache(run, port):
    with contextlib.suppress(FileExistsError):
        (run.folder / "site").mkdir()
    (run.folder / "site/page.txt").write_text("a line of text\n" * 5000)
    modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
                        for name in ("mpm_event", "authz_core", "mime", "deflate", "filter"))
    (run.folder / "conf").write_text(f"""{modules}
        ServerRoot {run.folder}\nServerName here\nListen 127.0.0.1:{port}\nPidFile {run.folder}/pid
        ErrorLog {run.folder}/error.log\nDocumentRoot {run.folder}/site\nStartServers 2
        MinSpareThreads 25\nMaxSpareThreads 75\nThreadsPerChild 25\nTypesConfig /dev/null
        SetOutputFilter DEFLATE\n{as_root("User www-data")}\n{as_root("Group www-data")}
        DefaultRuntimeDir {run.folder}\n<Directory {run.folder}/site>\nRequire all granted
        </Directory>\n""".replace("        ", ""))
    yield ["apache2", "-DFOREGROUND", "-f", run.folder / "conf"]
    yield lambda: page(port) + page(port, "/missing") + page(port, **{"Accept-Encoding": "gzip"})


def fastcgi(port, script):
    """One request to a FastCGI server: what the script printed."""
    def record(kind, body):
        return struct.pack(">BBHHBB", 1, kind, 1, len(body), 0, 0) + body
    settings = {"SCRIPT_FILENAME": script, "REQUEST_METHOD": "GET", "QUERY_STRING": "",
                "SCRIPT_NAME": "/", "REQUEST_URI": "/"}
    names = b"".join(bytes([len(name), len(str(value))]) + name.encode() + str(value).encode()
                     for name, value in settings.items())
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(record(1, struct.pack(">HB5x", 1, 0)) + record(4, names) + record(4, b"")
                           + record(5, b""))
        data = connection.makefile("rb").read()
    text = b""
    while len(data) >= 8:
        _, kind, _, size, padding, _ = struct.unpack(">BBHHBB", data[:8])
        text += data[8:8 + size] if kind == 6 else b""
        data = data[8 + size + padding:]
    body = text.partition(b"\r\n\r\n")[2]
    return f"{len(body)} {sum(body) % 10007} {body[-40:]!r}"


@server("PHP-FPM", needs=("php-fpm8.2",), packages=("php-fpm",))
def php_fpm(run, port):
    (run.folder / "page.php").write_text("""<?php $a = [];
      for ($i = 0; $i < 50000; $i++) $a[$i * 7919 % 10007] = "value $i"; ksort($a);
      echo strlen(implode(",", $a)), " ", md5(serialize($a)), " ", count($a);""")
    (run.folder / "conf").write_text(f"""[global]
      error_log = {run.folder}/error.log\n daemonize = no\n[www]\n listen = 127.0.0.1:{port}
      {as_root("user = www-data")}\n{as_root("group = www-data")}\n pm = static
      pm.max_children = 2\n""".replace("      ", ""))
    yield ["php-fpm8.2", "-n", "-F", "-y", run.folder / "conf"]
    script = run.folder / "page.php"
    os.chmod(script, 0o644)
    yield lambda: fastcgi(port, script)


@server("MariaDB", needs=("mariadbd", "mariadb"), packages=("mariadb-server", "mariadb-client"))
def mariadb(run, port):
    data, socket_path = run.folder / "data", run.folder / "db.sock"
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    run.plain(["mariadb-install-db", "--no-defaults", *user, f"--datadir={data}",
               "--auth-root-authentication-method=normal", "--skip-test-db"])
    yield ["mariadbd", "--no-defaults", *user, f"--datadir={data}", "--bind-address=127.0.0.1",
           f"--port={port}", f"--socket={socket_path}", "--skip-log-bin",
           "--innodb-buffer-pool-size=32M", "--innodb-flush-log-at-trx-commit=0",
           f"--pid-file={run.folder}/pid"]
    connect = ["mariadb", "--no-defaults", "-uroot", f"--socket={socket_path}", "-N"]
    yield lambda: client(run, connect, input="""
        create or replace database d; use d;
        create table t (a int primary key, b varchar(100), key (b)) engine=innodb;
        insert into t select seq, concat('text ', seq * 7919 % 10007) from seq_1_to_5000;
        select count(*), sum(a), min(b), max(b) from t; update t set b = concat(b, 'x') where a < 900;
        select md5(group_concat(b order by a)) from t where a < 1200;
        select b, count(*) from t group by left(b, 6) order by 1 limit 5; drop table t;""")


@server("mosquitto", needs=("mosquitto", "mosquitto_pub"),
        packages=("mosquitto", "mosquitto-clients"))
def mosquitto(run, port):
    (run.folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    yield ["mosquitto", "-c", run.folder / "conf"]
    lines = "\n".join(f"message {i * 7919 % 10007}" for i in range(300)) + "\n"

    def ask():
        client(run, ["mosquitto_pub", "-p", port, "-t", "a/b", "-q", "1", "-l", "-r"], input=lines)
        return client(run, ["mosquitto_sub", "-p", port, "-t", "a/#", "-C", "1", "-W", "30"])
    yield ask


@server("memcached", needs=("memcached",), packages=("memcached",))
def memcached(run, port):
    yield ["memcached", "-l", "127.0.0.1", "-p", port, "-U", "0", "-t", "2", "-m", "32",
           *(["-u", "nobody"] if os.geteuid() == 0 else [])]

    def ask():
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            answers = connection.makefile("rb")
            for number in range(500):
                value = b"%d" % (number * 7919 % 10007) * (number % 300 + 1)
                connection.sendall(b"set k%d 0 0 %d\r\n%s\r\n" % (number, len(value), value))
                if answers.readline() != b"STORED\r\n":
                    return "not stored"
            connection.sendall(b"".join(b"get k%d\r\n" % number for number in range(500)) +
                               b"quit\r\n")
            body = answers.read()
            return f"{len(body)} {sum(body) % 10007}"
    yield ask


def dig(run, port, names):
    command = ["dig", "+short", "+tcp", "-p", port, "@127.0.0.1"]
    return lambda: client(run, [*command, *names])


@server("unbound", needs=("unbound", "dig"), packages=("unbound", "bind9-dnsutils"))
def unbound(run, port):
    entries = "\n".join(f'  local-data: "n{i}.example. A 127.0.{i // 250}.{i % 250}"'
                        for i in range(1000))
    (run.folder / "conf").write_text(
        f"server:\n  interface: 127.0.0.1\n  port: {port}\n  do-daemonize: no\n  num-threads: 2\n"
        f"  chroot: \"\"\n  pidfile: \"\"\n  directory: \"{run.folder}\"\n  use-syslog: no\n"
        f"{as_root('  username: nobody')}\n  local-zone: example. static\n{entries}\n")
    yield ["unbound", "-d", "-c", run.folder / "conf"]
    yield dig(run, port, [f"n{i * 37 % 1000}.example" for i in range(60)])


@server("named", needs=("named", "dig"), packages=("bind9", "bind9-dnsutils"))
def named(run, port):
    (run.folder / "zone").write_text(
        "$TTL 60\n@ SOA ns.example. a.example. 1 60 60 60 60\n  NS ns\nns A 127.0.0.1\n" +
        "".join(f"n{i} A 127.0.{i // 250}.{i % 250}\n" for i in range(1000)))
    (run.folder / "conf").write_text(f"""options {{ directory "{run.folder}"; recursion no;
      listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none;
      session-keyfile none; lock-file none; dnssec-validation no; managed-keys-directory "{run.folder}"; }};
      controls {{ }};
      zone "example" {{ type master; file "zone"; }};""")
    yield ["named", "-f", "-c", run.folder / "conf", "-n", "2",
           *(["-u", "nobody"] if os.geteuid() == 0 else [])]
    yield dig(run, port, [f"n{i * 37 % 1000}.example" for i in range(60)])


@server("slapd", needs=("slapd", "ldapadd"), packages=("slapd", "ldap-utils"))
def slapd(run, port):
    data = run.folder / "data"
    data.mkdir(mode=0o777)
    (run.folder / "conf").write_text(
        "include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\n"
        f"pidfile {run.folder}/pid\ndatabase mdb\nsuffix dc=example\nrootdn cn=admin,dc=example\n"
        f"rootpw secret\nmaxsize 67108864\ndirectory {data}\nindex objectClass eq\n")
    url = f"ldap://127.0.0.1:{port}"
    yield ["slapd", "-h", url, "-f", run.folder / "conf", "-d", "0"]
    login = ["-x", "-H", url, "-D", "cn=admin,dc=example", "-w", "secret"]
    entries = "dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: e\ndc: example\n" \
        + "".join(f"\ndn: cn=n{i},dc=example\nobjectClass: person\ncn: n{i}\nsn: s{i * 7919 % 107}\n"
                  for i in range(200))

    def ask():
        client(run, ["ldapadd", *login], input=entries)
        found = client(run, ["ldapsearch", *login, "-LLL", "-b", "dc=example", "(sn=s7)", "cn"])
        client(run, ["ldapdelete", *login, "-r", "dc=example"])
        return found
    yield ask


HANDLER = """async () => {
  const rows = Array.from({length: 20000}, (_, i) => i * 7919 % 10007);
  kept.set(kept.size % 50, rows);
  return new Response(JSON.stringify(rows.sort((a, b) => a - b))); }"""


@server("Bun, a web server", npm=("bun",))
def bun(run, port):
    (run.folder / "web.mjs").write_text(
        "const kept = new Map();\n"
        f"Bun.serve({{hostname: '127.0.0.1', port: {port}, fetch: {HANDLER}}});")
    yield [npm_file(run, ".bin/bun"), "run", "web.mjs"]
    yield pages_of_app(port)


@server("Deno, a web server", npm=("deno",))
def deno(run, port):
    (run.folder / "web.mjs").write_text(
        "const kept = new Map();\n"
        f"Deno.serve({{hostname: '127.0.0.1', port: {port}}}, {HANDLER});")
    yield [npm_file(run, "@deno/linux-x64-glibc/deno"), "run", "--allow-net", "--no-remote",
           "web.mjs"]
    yield pages_of_app(port)
