# SPDX-License-Identifier: Apache-2.0
"""Keeps so many objects of a class each in a place that it names itself: `owner CLASS COUNT KIND
TEXT` says that so many are kept by what reads TEXT."""

import asyncio
import collections
import ctypes
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


class InTask:
    pass


class InAwaited:
    pass


class InCoroutine:
    pass


class InLongCycle:
    """Objects of several kinds between this one and itself."""

    def __init__(self):
        rows = collections.deque()

        def find():
            return rows
        self.parts = {"find": [(find, {self}, self.find)]}
        rows.append(self)

    def find(self):
        yield self


class InClassOfItsOwn(list):
    pass


class InExtension:
    pass


class HangingOnIt:
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


async def wait_for_ever(event):
    held = InTask()  # noqa: F841
    await event.wait()


async def fetch(event):
    row = InAwaited()  # noqa: F841
    await event.wait()


async def handle(event):
    await fetch(event)


async def never_awaited(value):
    return value


event = asyncio.Event()
coroutines = []


async def begin_tasks():
    for _ in range(COUNT):
        tasks.append(asyncio.create_task(wait_for_ever(event)))
        asyncio.create_task(handle(event))
    await asyncio.sleep(0)


tasks = []
loop = asyncio.new_event_loop()


def make_long_cycles():
    for _ in range(COUNT):
        cycle = InLongCycle()
        kind = type("InClassOfItsOwn", (InClassOfItsOwn,), {})
        kind.kept = kind((cycle, kind))
        coroutine = never_awaited(cycle)
        coroutine.close()


def forget_references():
    for _ in range(COUNT):
        kept = InExtension()
        kept.more = {"a": HangingOnIt()}
        kept.more["b"] = kept
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))


def fill():
    make_long_cycles()
    forget_references()
    loop.run_until_complete(begin_tasks())
    for i in range(COUNT):
        coroutines.append(never_awaited(InCoroutine()))
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
    waits = f"keepers.py:{wait_for_ever.__code__.co_firstlineno + 2}"
    fetches = f"keepers.py:{fetch.__code__.co_firstlineno + 2}"
    collects = f"keepers.py:{collect.__code__.co_firstlineno + 3}"
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
            ("InGenerator", "python",
             f"__main__.collecting (generator collect() at {collects}) → waiting (list) → "
             "InGenerator"),
            ("InTask", "python",
             f"__main__.tasks (list) → _asyncio.Task of wait_for_ever(), waits at {waits} → "
             f"coroutine wait_for_ever() at {waits} → held (InTask)"),
            ("InAwaited", "python", f"→ coroutine fetch() at {fetches} → row (InAwaited)"),
            ("InCoroutine", "python",
             "__main__.coroutines (list) → coroutine never_awaited(), not started → "
             "value (InCoroutine)"),
            ("InHandlers", "python", "→ handlers (list) → InHandlers"),
            ("InDefault", "python", "__main__.with_default (function) → tuple → list → InDefault"),
            ("InOrdered", "python", "__main__.ordered (collections.OrderedDict) → InOrdered"),
            ("InCycle", "garbage", "the garbage collector is switched off"),
            ("InLongCycle", "garbage", "they only refer to one another"),
            ("InClassOfItsOwn", "garbage", "they only refer to one another"),
            ("InExtension", "lost", "something counts a reference"),
            ("HangingOnIt", "lost", "something counts a reference")):
        print("owner", name, COUNT, kind, text)
    print("ready keepers", flush=True)
    sys.stdin.readline()
    end.set()
    thread.join()
    assert len(local) == COUNT


main()
