# SPDX-License-Identifier: Apache-2.0
"""Keeps the layer rules of docs/ARCHITECTURE.md: who may include whom, without cycles.

The layer of a file is its folder below interposer/ or symbolizer/; a file directly in either tree
belongs to its top layer, which may include everything of that tree. Third-party libraries that one
layer alone may use are checked by their headers. What only a port or only a runtime has to change
is found by its words, outside the few places that may name it. Verdicts are decided and reasons
worded in one place each.

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
    "interposer/track": ("interposer/unwind", "interposer/format", "interposer/base"),
    "interposer/snapshot": ("interposer/track", "interposer/format", "interposer/base"),
    "interposer/owners": ("interposer/snapshot", "interposer/track", "interposer/unwind",
                          "interposer/format", "interposer/base"),
    "interposer/runtime": ("interposer/hook", "interposer/owners", "interposer/snapshot",
                           "interposer/track", "interposer/unwind", "interposer/format",
                           "interposer/base"),
    "interposer/hook": ("interposer/track", "interposer/format", "interposer/base"),
    "interposer/detour": ("interposer/hook", "interposer/track", "interposer/format",
                          "interposer/base"),
    "symbolizer/base": ("interposer/format",),
    "symbolizer/read": ("interposer/format", "symbolizer/base"),
    "symbolizer/heap": ("symbolizer/base",),
    "symbolizer/analyze": ("symbolizer/read", "symbolizer/base", "interposer/format"),
    "symbolizer/symbolize": ("symbolizer/read", "symbolizer/base", "interposer/format"),
    "symbolizer/report": ("symbolizer/symbolize", "symbolizer/analyze", "symbolizer/read",
                          "symbolizer/base", "interposer/format"),
    "symbolizer/render": ("symbolizer/report", "symbolizer/heap", "symbolizer/base"),
    "symbolizer/runtime": ("symbolizer/render", "symbolizer/report", "symbolizer/symbolize",
                           "symbolizer/analyze", "symbolizer/read", "symbolizer/base",
                           "interposer/format"),
    "symbolizer/process": ("symbolizer/read", "symbolizer/base", "interposer/format"),
    "symbolizer/push": ("symbolizer/read", "symbolizer/base"),
    "symbolizer/soak": ("symbolizer/process", "symbolizer/report", "symbolizer/read",
                        "symbolizer/base", "interposer/format"),
    "symbolizer/top": ("symbolizer/render", "symbolizer/report", "symbolizer/symbolize",
                       "symbolizer/read", "symbolizer/base"),
}
# What report.h hands on is part of its contract: the frames and the heap of a stack.
PUBLIC = {
    "symbolizer/render": ("symbolizer/symbolize/symbolizer.h", "symbolizer/read/recording.h"),
}
# Rooms within a layer -> what may look into them. The gate judges a finished report: what makes
# the report knows nothing of it, and render has one sentence of it.
ROOMS = {
    "symbolizer/report/findings/": ("symbolizer/report/", "symbolizer/runtime/"),
    "symbolizer/report/gate/": ("symbolizer/report/gate/", "symbolizer/render/text.cpp",
                                "symbolizer/soak/", "symbolizer/commands/"),
}
# And what a room itself does not look into.
SHUT = {
    "symbolizer/report/gate/": "symbolizer/report/findings/",
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
    (re.compile(r"Zydis/"), "interposer/detour"),
    (re.compile(r"CLI/"), "symbolizer/commands"),
    (re.compile(r"spdlog/"), "symbolizer/base"),
)
# Words of one processor, or of one runtime -> where they may stand (docs/porting.md, runtimes.md).
WORDS = (
    ("the processor", "interposer/",
     re.compile(r"x86|\br(?:[abcd]x|[bs]p|ip|[sd]i|1[0-5])\b|AUDIT_ARCH|\bEM_[A-Z0-9_]+|__aarch64__|"
                r"\bSYS_(?:open|stat|lstat|poll|select|pipe|dup2|vfork|unlink|rename|access|readlink)\b|"
                r"0x7[0-9a-f]{3}'?[0-9a-f]{4}'?[0-9a-f]{4}\b"),  # an address in 47 bits
     ("interposer/base/arch", "interposer/detour/")),
    ("a runtime", "interposer/",
     re.compile(r"JavaScript|\bV8\b|v8::|[Ii]solate|Node\.js|nodejs|[Pp]ython|\bPHP\b|\bphp\b"),
     ("interposer/runtime/nodejs/", "interposer/runtime/php/", "interposer/runtime/python/",
      "interposer/runtime/list.cpp",
      "interposer/format/settings.h", "interposer/format/snapshot.h", "interposer/base/options.")),
    ("the log", "symbolizer/", re.compile(r"\bstderr\b(?!\")|std::cerr"),
     ("symbolizer/base/terminal_line.cpp", "symbolizer/main.cpp",  # help, when nothing was asked
      "symbolizer/render/html/", "symbolizer/commands/output.cpp")),
)
# On the tool's side code, not comments: what a report shows of every runtime alike may name one.
TOOL_WORDS = re.compile(r"JavaScript|\bV8\b|v8::|[Ii]solate|Node\.js|nodejs")
TOOL_PLACES = {
    "symbolizer/runtime/": "what is particular to a runtime",
    "symbolizer/heap/": "V8's heap snapshots, a file format of its own",
    "symbolizer/render/heap": "and what is said of them",
    "symbolizer/commands/heap": "asks a process of that runtime for one",
    "symbolizer/commands/report.cpp": "help: such files are an input",
    "symbolizer/commands/soak": "settings that a soak gives to its children, and its last line",
    "symbolizer/soak/": "the same",
    "symbolizer/process/without_silt.cpp": "ways of a runtime's own, where silt is not",
    "symbolizer/symbolize/jit_name.cpp": "names in a map of compiled code are V8's or Python's",
    "symbolizer/symbolize/source_places.cpp": "source maps are JavaScript's",
    "symbolizer/symbolize/compiled_places.cpp": "so are scripts",
    "symbolizer/symbolize/sampled_ways.cpp": "and compiled code with places in them",
    "symbolizer/symbolize/seen_calls.cpp": "the same",
    "symbolizer/symbolize/symbolizer.cpp": "kinds of functions that a recording names",
    "symbolizer/symbolize/frame.h": "kinds of frames",
    "symbolizer/read/recording.h": "the same, as recorded",
    "symbolizer/read/runtime_sections.cpp": "recordings of format version 1",
    "symbolizer/report/owner_names.cpp": "names of what keeps memory",
    "symbolizer/report/owners.cpp": "names of what keeps memory",
    "symbolizer/report/honesty.cpp": "how much of a managed heap was looked at",
    "symbolizer/render/headline.cpp": "names of wholes",
    "symbolizer/render/rss_words.cpp": "names of the parts of RSS",
    "symbolizer/render/text_head.cpp": "the same, at the head",
    "symbolizer/render/words.cpp": "detection limits of heaps",
    "symbolizer/render/html_tree.cpp": "names of heaps",
    "symbolizer/render/html_chart.cpp": "the same",
    "symbolizer/render/html.cpp": "the page is a script itself",
    "symbolizer/render/text.cpp": "names of heaps",
    "symbolizer/top/screen.cpp": "the same, at the head",
}
# A verdict follows from codes (analyze/decide.h): nobody assigns one but the place that looks it up,
# and the stacks of a finding, which are told with it. Copies of one pass.
ASSIGNED = re.compile(r"(?:\.|->)verdict\s*=(?!=)(?!\s*[\w.]+\.verdict;)|\bVerdict& ")
ASSIGNING = ("symbolizer/report/why.cpp", "symbolizer/report/findings/fold.cpp",
             "symbolizer/report/findings/stack_summary.cpp")
# Three words on end in a literal are a sentence: reasons are codes there, and render has the words.
SENTENCE = re.compile(r'"[^"\n]*\b[a-z]+ [a-z]+ [a-z]+[^"\n]*"')
CODES_ONLY = ("symbolizer/analyze/", "symbolizer/report/")
# What is no reason of a finding: file -> what its sentences are.
SENTENCES = {
    "baseline": "messages about a file", "policy": "rulings of the gate",
    "policy_file": "messages about a file", "suppression": "messages about a file",
    "honesty": "what was looked at", "youth": "a note", "compare": "notes of a comparison",
    "owners": "names of what keeps memory", "owner_names": "names of what keeps memory",
    "inner_allocator": "names of allocators",
    "unjudged": "why a process was not judged",
    "whole_mappings": "the note of a heap not looked into",
    "stack_site": "why a frame has no name", "build": "what is under way, for the line of progress",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    parts = path.split("/")
    layer = "/".join(parts[:2]) if len(parts) > 2 else parts[0]
    return layer if layer in ALLOWED else parts[0]


def may_enter(path, included):
    """Whether rooms let a file include another."""
    for room, guests in ROOMS.items():
        if included.startswith(room) and not path.startswith(guests):
            return False
    return not any(path.startswith(room) and included.startswith(shut)
                   for room, shut in SHUT.items())


def may_include(path, included):
    if not may_enter(path, included):
        return False
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
    if name.startswith("symbolizer/") and not name.startswith(tuple(TOOL_PLACES)):
        for number, line in enumerate(text.splitlines(), 1):
            found = TOOL_WORDS.search(line.split("//")[0])
            if found:
                problems.append(f"{name}:{number}: '{found.group()}' is of a runtime: it belongs to "
                                "symbolizer/runtime/, behind report/runtime.h")
    return problems


def rewritten_verdicts(name, text):
    """Verdicts assigned, and reasons said, where neither belongs."""
    problems = []
    stem = pathlib.PurePosixPath(name).stem
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        if name.startswith("symbolizer/") and name not in ASSIGNING and ASSIGNED.search(code):
            problems.append(f"{name}:{number}: a verdict is assigned: it follows from a code or a "
                            "ground of analyze/decide.h")
        sentence = SENTENCE.search(code)
        if name.startswith(CODES_ONLY) and stem not in SENTENCES and sentence and \
                not code.lstrip().startswith(("#include", "static_assert")):
            problems.append(f"{name}:{number}: {sentence.group()} is a sentence: a reason is a code "
                            "here, and symbolizer/render has the words")
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
        problems += rewritten_verdicts(name, path.read_text(encoding="utf-8"))
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
