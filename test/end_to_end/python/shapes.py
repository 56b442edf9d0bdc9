# SPDX-License-Identifier: Apache-2.0
"""Allocates one block of a size of its own in each way in which Python code comes to run, and says
which frames stood there: `stack BYTES function:line …`, innermost first."""

import asyncio
import contextlib
import functools
import gc
import os
import signal
import sys
import tempfile
import threading

FIRST = 3000
gc.disable()  # what it allocates is nobody's here
kept = [None] * 200
sizes = iter(range(FIRST, FIRST + len(kept)))
BYTES_HEADER = sys.getsizeof(b"")


def leaf():
    size = next(sizes)
    frames = []
    frame = sys._getframe(1)
    while frame is not None:
        frames.append(f"{frame.f_code.co_qualname}:{frame.f_lineno}")
        frame = frame.f_back
    line = sys._getframe().f_lineno + 1
    kept[size - FIRST] = bytes(size)
    print("stack", size + BYTES_HEADER, f"leaf:{line}", *frames, flush=True)


def plain():
    leaf()


def two_lines():
    leaf()
    leaf()


def numbers():
    leaf()
    yield 1
    leaf()
    yield 2


def by_generator():
    for _ in numbers():
        pass
    sum(numbers())


def delegating():
    yield from numbers()


def by_sorted():
    sorted([2, 1], key=lambda _: leaf() or 1)


def by_map():
    list(map(lambda _: leaf(), [1]))


def by_reduce():
    functools.reduce(lambda a, b: leaf(), [1, 2])


def by_class_body():
    class Made:
        leaf()

        @property
        def value(self):
            leaf()

        def __getitem__(self, key):
            return leaf()

        def __del__(self):
            leaf()

        def __eq__(self, other):
            leaf()
            return True

    made = Made()
    made.value
    made[1]
    made in [object()]
    del made


def by_specialized():
    # The same line calls through C at first and directly once it has been specialized.
    class Row:
        go = False

        def __getitem__(self, key):
            if self.go:
                leaf()
            return key

    row = Row()
    for i in range(200):
        Row.go = i in (0, 199)
        row[i]


def by_comprehension():
    [leaf() for _ in range(1)]
    {k: leaf() for k in range(1)}
    tuple(leaf() for _ in range(1))


def by_text():
    for name in ("one", "two"):
        # Equal in size, so that one comes to lie where the other was.
        exec(compile(f"def {name}():\n    leaf()\n{name}()", f"<{name}>", "exec"), {"leaf": leaf})
    eval("leaf()")


def by_exception():
    try:
        raise ValueError
    except ValueError:
        leaf()
    finally:
        leaf()


@contextlib.contextmanager
def context():
    leaf()
    yield
    leaf()


def by_context():
    with context():
        leaf()


async def inner():
    leaf()
    await asyncio.sleep(0)
    leaf()


async def by_task():
    await asyncio.gather(inner(), inner())
    async with asyncio.timeout(5):
        await inner()


def recurse(depth):
    return leaf() if depth == 0 else recurse(depth - 1)


def by_recursion():
    recurse(200)


def by_thread():
    thread = threading.Thread(target=plain)
    thread.start()
    thread.join()


def by_trace():
    def trace(frame, event, argument):
        return trace

    sys.settrace(trace)
    plain()
    sys.settrace(None)


def by_import():
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "imported.py"), "w", encoding="utf-8") as module:
            module.write("import __main__\n\n__main__.leaf()\n")
        sys.path.insert(0, folder)
        import imported  # noqa: F401
        sys.path.pop(0)


def with_cells(a, *rest, b=1, **more):
    def use():
        return a, rest, b, more, leaf()

    use()


for shape in (plain, plain, two_lines, by_generator, by_sorted, by_map, by_reduce, by_class_body,
              by_specialized, by_comprehension, by_text, by_exception, by_context, by_recursion,
              by_thread, by_trace, by_import):
    shape()
list(delegating())
with_cells(1, 2, 3, b=4, c=5)
asyncio.run(by_task())
for _ in range(3):
    plain()
signal.raise_signal(signal.SIGUSR2)
