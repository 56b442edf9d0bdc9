# SPDX-License-Identifier: Apache-2.0
"""Short real jobs of web servers, proxies and sshd. One function a program, which
prepares the folder and yields what to start and what to ask (serving.py). All on the loopback
interface."""

import contextlib
import os
import pathlib
import shutil
import socket
import struct
import subprocess

from arena import npm_file
from serving import as_root, client, origin, page, pages_of_origin, server

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


def pages_under_wrk(run, port, paths):
    """Each page, and what wrk says of a second of many requests at once for the first: each is
    answered, as long as the one that is asked."""
    def ask():
        answers = "; ".join(page(port, path) for path in paths)
        length = answers.split(" ")[1]
        (run.folder / "check.lua").write_text(
            "function setup(thread) all = thread end\n"
            "function init() wrong, right = 0, 0 end\n"
            f"function response(status, headers, body) if status == 200 and #body == {length} "
            "then right = right + 1 else wrong = wrong + 1 end end\n"
            "function done() print('answers', all:get('right') > 0, all:get('wrong')) end\n")
        said = []
        for seconds in (1, 4, 16):  # where the machine is so busy that nothing is answered
            done = run.command(["wrk", "-t1", "-c8", f"-d{seconds}s", "--timeout", "60s", "-s",
                                run.folder / "check.lua", f"http://127.0.0.1:{port}{paths[0]}"],
                               silt=False, timeout=120)
            said = [line for line in done.stdout.splitlines() if line.startswith("answers")]
            if said and "true" in said[0]:
                break
        return f"{answers}; {said}; status {done.returncode}"
    return ask


@server("gunicorn, gevent", needs=("gunicorn", "wrk"),
        packages=("gunicorn", "python3-gevent"))
def gunicorn(run, port):
    (run.folder / "app.py").write_text(APP)
    yield ["gunicorn", "-k", "gevent", "-w", "2", "-b", f"127.0.0.1:{port}", "app:app"]
    yield pages_under_wrk(run, port, ("/0", "/1"))


@server("uWSGI", needs=("uwsgi", "wrk"), packages=("uwsgi-core", "uwsgi-plugin-python3"))
def uwsgi(run, port):
    (run.folder / "app.py").write_text(APP)
    yield ["uwsgi", "--plugin", "python3", "--http-socket", f"127.0.0.1:{port}", "--wsgi-file",
           "app.py", "--master", "--processes", "2", "--die-on-term"]
    yield pages_under_wrk(run, port, ("/0", "/1"))


FLASK = """
from flask import Flask, jsonify, render_template_string, request
app = Flask(__name__)
seen = {}
@app.route("/<int:number>")
def rows(number):
    seen.setdefault(number, request.path)
    rows = "{% for i in range(n) %}<p>{{ i }}</p>{% endfor %}"
    return render_template_string(rows, n=900 + number)
@app.route("/json")
def data():
    return jsonify({str(i): list(range(i)) for i in range(90)})
"""


PAGES = ("/1", "/2", "/json", "/missing")


@server("Flask, threads of gunicorn", needs=("gunicorn", "wrk"), packages=("gunicorn", "python3-flask"))
def flask(run, port):
    (run.folder / "app.py").write_text(FLASK)
    yield ["gunicorn", "-k", "gthread", "--threads", "4", "-w", "2", "-b", f"127.0.0.1:{port}",
           "app:app"]
    yield pages_under_wrk(run, port, PAGES)


DJANGO = """
import django
from django.conf import settings
settings.configure(
    SECRET_KEY="here", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}])
django.setup()
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.urls import path
table = engines["django"].from_string(
    "{% for row in rows %}<p>{{ row.0 }} {{ row.1 }}</p>{% endfor %}")
def rows(request, number):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY, name TEXT)")
        cursor.execute("DELETE FROM place")
        cursor.executemany("INSERT INTO place (name) VALUES (%s)",
                           [(f"place {i}",) for i in range(200 + number)])
        cursor.execute("SELECT id, name FROM place ORDER BY name")
        return HttpResponse(table.render({"rows": cursor.fetchall()}))
def data(request):
    return JsonResponse({str(i): list(range(i)) for i in range(90)})
urlpatterns = [path("<int:number>", rows), path("json", data)]
application = get_wsgi_application()
"""


@server("Django, uWSGI", needs=("uwsgi", "wrk"),
        packages=("uwsgi-core", "uwsgi-plugin-python3", "python3-django"))
def django(run, port):
    (run.folder / "app.py").write_text(DJANGO)
    yield ["uwsgi", "--plugin", "python3", "--http-socket", f"127.0.0.1:{port}", "--wsgi-file",
           "app.py", "--master", "--processes", "2", "--die-on-term"]
    yield pages_under_wrk(run, port, PAGES)


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
