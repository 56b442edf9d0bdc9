# SPDX-License-Identifier: Apache-2.0
"""Keeps the layer rules of docs/ARCHITECTURE.md: who may include whom, without cycles.

The layer of a file is its folder below interposer/ or symbolizer/; a file directly in either tree
belongs to its top layer, which may include everything of that tree. Third-party libraries that one
layer alone may use are checked by their headers. What only a port or only a runtime has to change
is found by its words, outside the few places that may name it.

usage: check_layers.py [ROOT]
"""

import pathlib
import re
import sys

# Layer -> layers it may include, besides itself.
ALLOWED = {
    "interposer/format": (),
    "interposer/base": ("interposer/format",),
    "interposer/unwind": ("interposer/base",),
    "interposer/track": ("interposer/unwind", "interposer/base"),
    "interposer/snapshot": ("interposer/track", "interposer/format", "interposer/base"),
    "interposer/owners": ("interposer/snapshot", "interposer/track", "interposer/format",
                          "interposer/base"),
    "interposer/runtime": ("interposer/hook", "interposer/owners", "interposer/snapshot",
                           "interposer/track", "interposer/unwind", "interposer/format",
                           "interposer/base"),
    "interposer/hook": ("interposer/track", "interposer/format", "interposer/base"),
    "symbolizer/base": ("interposer/format",),
    "symbolizer/read": ("interposer/format", "symbolizer/base"),
    "symbolizer/heap": ("symbolizer/base",),
    "symbolizer/analyze": ("symbolizer/read", "symbolizer/base", "interposer/format"),
    "symbolizer/symbolize": ("symbolizer/read", "symbolizer/base", "interposer/format"),
    "symbolizer/runtime": ("symbolizer/symbolize", "symbolizer/read", "symbolizer/base",
                           "interposer/format"),
    "symbolizer/report": ("symbolizer/runtime", "symbolizer/symbolize", "symbolizer/analyze", "symbolizer/read",
                          "symbolizer/base", "interposer/format"),
    "symbolizer/render": ("symbolizer/report", "symbolizer/heap", "symbolizer/base"),
    "symbolizer/process": ("symbolizer/read", "symbolizer/base", "interposer/format"),
    "symbolizer/soak": ("symbolizer/process", "symbolizer/report", "symbolizer/read",
                        "symbolizer/base", "interposer/format"),
    "symbolizer/top": ("symbolizer/render", "symbolizer/report", "symbolizer/symbolize",
                       "symbolizer/read", "symbolizer/base"),
}
# What report.h hands on is part of its contract: the frames and the heap of a stack.
PUBLIC = {
    "symbolizer/render": ("symbolizer/symbolize/symbolizer.h", "symbolizer/read/recording.h"),
}
# Files directly in a tree (startup, main) and layers that see all of it (commands).
TOP = {
    "interposer": ("interposer/",),
    "symbolizer": ("symbolizer/", "interposer/format/"),
}
ONLY = (
    (re.compile(r"elfutils/|libelf\.h|gelf\.h|dwarf\.h|libiberty|demangle\.h"),
     "symbolizer/symbolize"),
    (re.compile(r"libunwind"), "interposer/unwind"),
    (re.compile(r"CLI/"), "symbolizer/commands"),
    (re.compile(r"spdlog/"), "symbolizer/base"),
)
# Words of one processor, or of one runtime -> where they may stand (docs/porting.md, runtimes.md).
WORDS = (
    ("the processor", "interposer/",
     re.compile(r"x86|\br(?:[abcd]x|[bs]p|ip|[sd]i|1[0-5])\b|AUDIT_ARCH|\bEM_[A-Z0-9_]+|__aarch64__|"
                r"\bSYS_(?:open|stat|lstat|poll|select|pipe|dup2|vfork|unlink|rename|access|readlink)\b"),
     ("interposer/base/arch",)),
    ("a runtime", "interposer/",
     re.compile(r"JavaScript|\bV8\b|v8::|[Ii]solate|Node\.js|nodejs|[Pp]ython"),
     ("interposer/runtime/nodejs/", "interposer/runtime/python/", "interposer/runtime/list.cpp",
      "interposer/format/settings.h", "interposer/format/snapshot.h", "interposer/base/options.")),
    ("the log", "symbolizer/", re.compile(r"\bstderr\b(?!\")|std::cerr"),
     ("symbolizer/base/terminal_line.cpp", "symbolizer/main.cpp",  # help, when nothing was asked
      "symbolizer/render/html/", "symbolizer/commands/output.cpp")),
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    parts = path.split("/")
    layer = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
    return layer if layer in ALLOWED else parts[0]


def may_include(path, included):
    layer = layer_of(path)
    if layer in TOP:
        return included.startswith(TOP[layer])
    target = layer_of(included)
    return target == layer or target in ALLOWED[layer] or included in PUBLIC.get(layer, ())


def misplaced_words(name, text):
    problems = []
    for what, tree, words, places in WORDS:
        if not name.startswith(tree) or name.startswith(places):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found = words.search(line)
            if found:
                problems.append(f"{name}:{number}: '{found.group()}' is of {what}: it belongs to "
                                + ", ".join(places))
    return problems


def find_cycle(graph):
    """A path around a cycle of file includes, or None."""
    state = {}

    def visit(node, trail):
        state[node] = "open"
        for following in graph.get(node, ()):
            if state.get(following) == "open":
                return trail[trail.index(following):] + [following]
            if following not in state:
                cycle = visit(following, trail + [following])
                if cycle:
                    return cycle
        state[node] = "done"
        return None

    for node in graph:
        if node not in state:
            cycle = visit(node, [node])
            if cycle:
                return cycle
    return None


def check(root):
    problems = []
    graph = {}
    for path in sorted([*root.glob("interposer/**/*"), *root.glob("symbolizer/**/*")]):
        if path.suffix not in (".h", ".cpp", ".c"):
            continue
        name = path.relative_to(root).as_posix()
        graph[name] = []
        problems += misplaced_words(name, path.read_text(encoding="utf-8"))
        for kind, included in INCLUDE.findall(path.read_text(encoding="utf-8")):
            for library, layer in ONLY:
                if library.search(included) and layer_of(name) not in (layer, *TOP):
                    problems.append(f"{name}: only {layer} may include <{included}>")
            if kind == "<":
                if included.startswith(("interposer/", "symbolizer/")):
                    problems.append(f"{name}: '{included}' is ours: include it in quotes")
                continue
            if not (root / included).is_file():
                if included.endswith(".pb.h"):
                    continue  # generated, in the build folder
                if included.startswith(("interposer/", "symbolizer/", ".")) or \
                        (path.parent / included).is_file():
                    problems.append(f"{name}: '{included}' is not a path from the root")
                continue
            graph[name].append(included)
            if not may_include(name, included):
                problems.append(f"{name}: {layer_of(name)} may not include '{included}'")
    if not graph:
        problems.append(f"'{root}' has no sources of silt")
    cycle = find_cycle(graph)
    if cycle:
        problems.append("cycle of includes: " + " -> ".join(cycle))
    return problems


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__).resolve()
    problems = check(root if root.is_dir() else root.parent.parent)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
