#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What silt costs a Node.js server: CPU time for each request, as a ratio to the plain server.

Every configuration has a server of its own, two of them are plain. The servers take turns: each
gets one burst of a few hundred requests over connections that stay open, then the next one, in
another order in each round, so that a slow minute of the machine hits all alike. The CPU time of a
burst is read from the server process's own clock, to the nanosecond, so the client does not count.
A figure is the median, over all rounds, of a server's burst divided by the plain server's in the
same round, with the lower and upper quartiles in brackets; behind it the ratio of the fifth
percentiles, in which neither collections nor other users of the machine have a part. The second
plain server shows what differs by chance.

usage: node_cost.py [--library LIBRARY] [--node BINARY] [--modules FOLDER] [--rounds N]
"""

import argparse
import os
import pathlib
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build"
CONFIGURATIONS = {
    "plain again": None,
    "native sampling only": {"SILT_NODE": "0", "SILT_SAMPLE": "524288"},
    "native sampling, JavaScript": {"SILT_SAMPLE": "524288"},
    "native exact only": {"SILT_NODE": "0"},
    "everything (default)": {},
}
REQUEST = b"GET /items?name=something HTTP/1.1\r\nhost: localhost\r\n\r\n"
WARM_UP_REQUESTS = 6000  # until V8 has compiled all it is going to compile


def receive_answer(connection):
    """Reads one whole answer; its body has a length or comes in chunks."""
    data = b""
    while True:
        part = connection.recv(65536)
        if not part:
            raise ConnectionError("the server has hung up")
        data += part
        head, separator, body = data.partition(b"\r\n\r\n")
        if not separator:
            continue
        if not head.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError(head.decode(errors="replace"))
        at = head.lower().find(b"content-length:")
        if at < 0:
            if body.endswith(b"0\r\n\r\n"):
                return
        elif len(body) >= int(head[at + 15:].split(b"\r", 1)[0]):
            return


class Server:
    """A server process under one configuration, and the client's connections to it."""

    def __init__(self, options, kind, settings, folder):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("SILT_", "LD_", "NODE_"))}
        if settings is not None:
            settings = dict(settings)
            library = pathlib.Path(settings.pop("library", options.library)).resolve()
            environment.update(LD_PRELOAD=str(library), SILT_OUT=folder,
                               SILT_AT_EXIT="0", **settings)
        self.process = subprocess.Popen(
            [options.node, str(HERE / "node" / "server.cjs"), kind], env=environment,
            stdout=subprocess.PIPE, cwd=options.modules)
        port = int(self.process.stdout.readline().split()[1])
        # The process's CPU clock, as clock_getcpuclockid(3) makes it.
        self.clock = ~self.process.pid << 3 | 2
        self.connections = [socket.create_connection(("127.0.0.1", port), timeout=60)
                            for _ in range(options.connections)]

    def burst(self, requests):
        """CPU microseconds for each request."""
        before = time.clock_gettime_ns(self.clock)
        for _ in range(requests // len(self.connections)):
            for connection in self.connections:
                connection.sendall(REQUEST)
            for connection in self.connections:
                receive_answer(connection)
        spent = time.clock_gettime_ns(self.clock) - before
        return spent / 1e3 / (requests // len(self.connections) * len(self.connections))

    def stop(self):
        for connection in self.connections:
            connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def low(values):
    return sorted(values)[len(values) // 20]


def comparison(values, plain):
    ratios = [value / base for value, base in zip(values, plain)]
    lower, middle, upper = statistics.quantiles(ratios, n=4)
    return f"{middle:.3f} ({lower:.3f}–{upper:.3f}) {low(values) / low(plain):.3f}"


def measure(options, kind, folder):
    servers = {"plain": Server(options, kind, None, folder)}
    results = {}
    try:
        for name, settings in options.configurations.items():
            servers[name] = Server(options, kind, settings, folder)
        for server in servers.values():
            server.burst(WARM_UP_REQUESTS)
        order = list(servers)
        results = {name: [] for name in order}
        for _ in range(options.rounds):
            random.shuffle(order)
            for name in order:
                results[name].append(servers[name].burst(options.requests))
    finally:
        for server in servers.values():
            server.stop()
    plain = results.pop("plain")
    print(f"| {kind} | {statistics.median(plain):.1f} µs | " +
          " | ".join(comparison(values, plain) for values in results.values()) + " |", flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--library", type=pathlib.Path,
                        default=BUILD / "interposer" / "libsilt.so")
    parser.add_argument("--node", default="node")
    parser.add_argument("--modules", type=pathlib.Path, default=BUILD / "test/corpus/packages",
                        help="a folder with node_modules/express")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--requests", type=int, default=400, help="in a burst")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--kind", action="append", choices=["http", "express"])
    parser.add_argument("--configuration", action="append", metavar="NAME:SILT_X=Y,SILT_Z=W",
                        help="instead of the usual ones; library=FILE takes another libsilt.so")
    options = parser.parse_args()
    options.configurations = CONFIGURATIONS
    if options.configuration:
        options.configurations = {}
        for text in options.configuration:
            name, _, settings = text.partition(":")
            options.configurations[name] = dict(
                setting.split("=", 1) for setting in settings.split(",") if setting)
    return options


def main():
    options = parse_arguments()
    print("| server | plain | " + " | ".join(options.configurations) + " |")
    print("|---|---|" + "---|" * len(options.configurations))
    with tempfile.TemporaryDirectory(prefix="silt-bench-") as folder:
        for kind in options.kind or ["http", "express"]:
            measure(options, kind, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
