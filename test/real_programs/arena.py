# SPDX-License-Identifier: Apache-2.0
"""Where a program's own tests run, once plain and once under silt.

A suite is a function that is given a Run and returns what became of each test: {name: outcome},
where an outcome that begins with "pass" counts as passed. Everything else (a fail, a skip, a
fingerprint of the output) is compared just as well.
"""

import contextlib
import dataclasses
import hashlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

import dumps


@dataclasses.dataclass
class Suite:
    name: str
    function: callable
    needs: tuple = ()  # commands without which it cannot run
    packages: tuple = ()  # Debian packages with them, for a message
    source: str = ""  # Debian source package with the tests
    short: bool = False  # also part of the short form
    nobody: bool = False  # must not run as root
    dumps: bool = False  # every process is asked for snapshots all the while
    npm: tuple = ()  # packages of npm that bring the program


SUITES = {}


def suite(name, **settings):
    def register(function):
        SUITES[name] = Suite(name, function, **settings)
        return function
    return register


class Broken(Exception):
    """A suite could not be run at all."""


class Run:
    """One pass over a suite: plain or under silt."""

    def __init__(self, folder, library, settings=None, short=False, source=None, only=None):
        self.folder = pathlib.Path(folder)
        self.library = library  # None: plain
        self.settings = settings or {}
        self.short = short
        self.source = source  # unpacked, fresh for this run
        self.npm = None  # where packages of npm are, when the suite wants any
        self.only = only  # names of tests: no others are wanted (a hint)
        self.out = self.folder / "recordings"
        self.out.mkdir(mode=0o777)
        os.chmod(self.out, 0o1777)
        os.chmod(self.folder, 0o777)
        self.user = None

    def environment(self, silt=True, **more):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith(("SILT_", "LD_", "MALLOC_", "PYTHON"))}
        environment.update(LC_ALL="C.UTF-8", TZ="UTC", DEBUGINFOD_URLS="")
        if silt and self.library:
            environment.update(LD_PRELOAD=str(self.library), SILT_OUT=str(self.out),
                               **self.settings)
        environment.update(more)
        return environment

    def as_user(self, command):
        """The command as the run's user, when that is not who we are."""
        if self.user is None or os.geteuid() != 0:
            return [str(part) for part in command]
        entry = pwd.getpwnam(self.user)
        return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups",
                *[str(part) for part in command]]

    def command(self, command, silt=True, timeout=3600, more=None, check=False, **options):
        """Runs a command to its end; what it printed is text, errors with the output."""
        options.setdefault("cwd", self.folder)
        options.setdefault("stderr", subprocess.STDOUT)
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        try:
            done = subprocess.run(self.as_user(command), env=self.environment(silt, **(more or {})),
                                  stdout=subprocess.PIPE, text=True, errors="replace",
                                  timeout=timeout, check=False, **options)
        except subprocess.TimeoutExpired as error:
            text = error.stdout or b""
            text = text.decode(errors="replace") if isinstance(text, bytes) else text
            return subprocess.CompletedProcess(command, -1000, text + "\n(took too long)", "")
        if check and done.returncode != 0:
            raise Broken(f"{' '.join(map(str, command))}: status {done.returncode}: "
                         f"{done.stdout[-1500:]}")
        return done

    def plain(self, command, **options):
        """Runs a command of the preparations, never under silt."""
        return self.command(command, silt=False, check=True, **options)

    def start(self, command, **options):
        """Starts a server; the caller stops it."""
        options.setdefault("cwd", self.folder)
        with open(self.folder / "server.log", "ab") as log:
            return subprocess.Popen(self.as_user(command), env=self.environment(),
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, **options)

    def dumps(self, tool, wanted):
        """A block in which every process of this run is asked for snapshots, when it is wanted."""
        if wanted and self.library:
            return dumps.Dumps(tool, self.library, self.folder)
        return contextlib.nullcontext()

    def recorded(self):
        """How many processes have a recording."""
        return sum(1 for path in self.out.iterdir() if path.name.startswith("silt."))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_answer(port, process, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise Broken(f"the server ended with status {process.returncode}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Broken(f"no answer on port {port}")


def stop(process, seconds=120):
    """Ends a server in its orderly way; its status."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return f"killed after {seconds} s: {process.wait()}"


def said(done):
    """An outcome that is the same when a command printed the same and ended the same."""
    mark = hashlib.sha1(done.stdout.encode()).hexdigest()[:12]
    return f"{'pass' if done.returncode == 0 else 'fail'} {done.returncode} {mark}"


def file_mark(path):
    return hashlib.sha1(pathlib.Path(path).read_bytes()).hexdigest()[:12]


def tree(source, target):
    """A fresh copy of a source tree that the run's user may write to."""
    shutil.copytree(source, target, symlinks=True)
    if os.geteuid() == 0:
        subprocess.run(["chmod", "-R", "a+rwX", str(target)], check=True)
    return pathlib.Path(target)


def built(run, commands, timeout=3600):
    """The source tree with something built in it: once, beside the source."""
    place = run.source.parent / f"{run.source.name}.built"
    if not (place / "ready-for-tests").exists():
        shutil.rmtree(place, ignore_errors=True)
        tree(run.source, place)
        user, run.user = run.user, None
        run.plain(["sh", "-ec", commands], cwd=place, timeout=timeout)
        run.user = user
        (place / "ready-for-tests").touch()
    return place


def npm_file(run, path="."):
    """A file of the packages of npm that the suite wants."""
    return run.npm / "node_modules" / path
