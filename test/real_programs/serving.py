# SPDX-License-Identifier: Apache-2.0
"""How a server is started, asked the same again and again, and stopped: every answer the same under
silt, with every process asked for snapshots all the while, and no worker that died and was
replaced. The servers are in web_servers.py and data_servers.py."""

import contextlib
import http.client
import os
import pathlib
import subprocess
import sys
import time

from arena import Broken, free_port, said, stop, suite, wait_answer

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
