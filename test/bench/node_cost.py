#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What silt costs a Node.js server: CPU time for each request, as a ratio to the plain server.

Every configuration has a server of its own, and the servers take turns under load, so that a slow
minute of the machine hits all alike; the server itself tells its CPU time, so that the load does
not count. A figure is the ratio of the medians, with the ratios of the lower and the upper
quartiles in brackets: on a busy machine the first of these is the one to believe.

usage: node_cost.py [--library LIBRARY] [--node BINARY] [--modules FOLDER] [--rounds N]
"""

import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
CONFIGURATIONS = {
    "native sampling only": {"SILT_NODE": "0", "SILT_SAMPLE": "524288"},
    "native exact only": {"SILT_NODE": "0"},
    "native sampling, JavaScript": {"SILT_SAMPLE": "524288"},
    "everything (default)": {},
}


class Server:
    def __init__(self, options, kind, settings, folder):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("SILT_", "LD_", "NODE_"))}
        if settings is not None:
            environment.update(LD_PRELOAD=str(options.library.resolve()), SILT_OUT=folder,
                               SILT_AT_EXIT="0", **settings)
        self.process = subprocess.Popen([options.node, str(HERE / "node" / "server.cjs"), kind],
                                        env=environment, stdout=subprocess.PIPE,
                                        cwd=options.modules)
        self.port = self.process.stdout.readline().split()[1].decode()

    def usage(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/usage", timeout=60) as answer:
            return json.load(answer)

    def load(self, seconds):
        """CPU microseconds for each request under load."""
        before = self.usage()
        subprocess.run(["wrk", "-t1", "-c8", f"-d{seconds}s",
                        f"http://127.0.0.1:{self.port}/items?name=something"],
                       check=True, stdout=subprocess.DEVNULL, timeout=120)
        after = self.usage()
        return ((after["microseconds"] - before["microseconds"]) /
                (after["served"] - before["served"]))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def spread(values, plain):
    low, middle, high = (a / b for a, b in zip(statistics.quantiles(values, n=4),
                                               statistics.quantiles(plain, n=4)))
    return f"{middle:.3f} ({low:.3f}, {high:.3f})"


def measure(options, kind, folder):
    servers = {"plain": Server(options, kind, None, folder)}
    for name, settings in options.configurations.items():
        servers[name] = Server(options, kind, settings, folder)
    results = {name: [] for name in servers}
    try:
        for number in range(options.rounds + 2):
            round_results = {name: server.load(options.seconds)
                             for name, server in servers.items()}
            if number >= 2:  # the first two compile and fill caches
                for name, value in round_results.items():
                    results[name].append(value)
    finally:
        for server in servers.values():
            server.stop()
    plain = results.pop("plain")
    print(f"| {kind} | {statistics.median(plain):.1f} µs | " +
          " | ".join(spread(values, plain) for values in results.values()) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--library", type=pathlib.Path,
                        default=HERE.parent.parent / "build" / "interposer" / "libsilt.so")
    parser.add_argument("--node", default="node")
    parser.add_argument("--modules", type=pathlib.Path,
                        default=HERE.parent.parent / "build" / "node_versions",
                        help="a folder with node_modules/express")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=2, help="of load for each measurement")
    parser.add_argument("--kind", action="append", choices=["http", "express"])
    parser.add_argument("--configuration", action="append", metavar="NAME=SILT_X=Y,SILT_Z=W",
                        help="instead of the usual ones")
    options = parser.parse_args()
    options.configurations = CONFIGURATIONS
    if options.configuration:
        options.configurations = {}
        for text in options.configuration:
            name, _, settings = text.partition("=")
            options.configurations[name] = dict(
                setting.split("=", 1) for setting in settings.split(",") if setting)
    print("| server | plain | " + " | ".join(options.configurations) + " |")
    print("|---|---|" + "---|" * len(options.configurations))
    with tempfile.TemporaryDirectory(prefix="silt-bench-") as folder:
        for kind in options.kind or ["http", "express"]:
            measure(options, kind, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
