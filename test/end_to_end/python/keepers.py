# SPDX-License-Identifier: Apache-2.0
"""Keeps so many objects of a class each in a place that it names itself: `owner CLASS COUNT KIND
TEXT` says that so many are kept by what reads TEXT."""

import collections
import functools
import gc
import logging
import sys
import threading
import weakref

COUNT = 300


class InDict:
    pass


class InList:
    __slots__ = ("number",)


class InAttribute:
    def __init__(self):
        self.text = "own"


class InClass:
    pass


class InClosure(dict):
    pass


class InCache:
    pass


class InLocal:
    pass


class InThread:
    pass


class InGenerator:
    pass


class InHandlers(logging.Handler):
    pass


class InDefault:
    pass


class InOrdered(list):
    pass


class InCycle:
    def __init__(self):
        self.self = self


class Behind:
    pass


class Server:
    def __init__(self):
        self.sessions = {}


class Registry:
    seen = []


cache = {}
rows = []
server = Server()
ordered = collections.OrderedDict()
watched = weakref.WeakSet()


def make_closure():
    table = {}

    def put(key, value):
        table[key] = value
    return put


put = make_closure()


@functools.lru_cache(maxsize=None)
def load(number):
    return InCache()


def with_default(value, kept=[]):  # noqa: B006
    kept.append(value)


def collect():
    waiting = []
    while True:
        waiting.append((yield))


collecting = collect()
next(collecting)


def wait_with_local(ready, end):
    mine = [InThread() for _ in range(COUNT)]
    ready.set()
    end.wait()
    return mine


def fill():
    for i in range(COUNT):
        cache[i] = InDict()
        rows.append(InList())
        server.sessions[i] = InAttribute()
        Registry.seen.append(InClass())
        put(i, InClosure())
        load(i)
        collecting.send(InGenerator())
        logging.getLogger("app").addHandler(InHandlers())
        with_default(InDefault())
        ordered[i] = InOrdered()
        InCycle()
        watched.add(rows[i].__class__)
        server.sessions[i].behind = Behind()


def main():
    gc.disable()
    fill()
    local = [InLocal() for _ in range(COUNT)]
    ready, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=wait_with_local, args=(ready, end))
    thread.start()
    ready.wait()
    for name, kind, text in (
            ("InDict", "python", "__main__.cache (dict) → InDict"),
            ("InList", "python", "__main__.rows (list) → InList"),
            ("InAttribute", "python", "__main__.server (Server) → sessions (dict) → InAttribute"),
            ("Behind", "python",
             "__main__.server (Server) → sessions (dict) → InAttribute → behind (Behind)"),
            ("InClass", "python", "Registry.seen (list) → InClass"),
            ("InClosure", "python", "__main__.put (function) → table (dict) → InClosure"),
            ("InCache", "python", "__main__.load (functools._lru_cache_wrapper) → dict → InCache"),
            ("InLocal", "python", "main().local (list) → InLocal"),
            ("InThread", "python", "wait_with_local().mine (list) → InThread"),
            ("InGenerator", "python", "__main__.collecting (generator) → waiting (list) → InGenerator"),
            ("InHandlers", "python", "→ handlers (list) → InHandlers"),
            ("InDefault", "python", "__main__.with_default (function) → tuple → list → InDefault"),
            ("InOrdered", "python", "__main__.ordered (collections.OrderedDict) → InOrdered"),
            ("InCycle", "lost", "no variable leads to them")):
        print("owner", name, COUNT, kind, text)
    print("ready keepers", flush=True)
    sys.stdin.readline()
    end.set()
    thread.join()
    assert len(local) == COUNT


main()
