# SPDX-License-Identifier: Apache-2.0
"""Keeps the rule of docs/STYLE.md that the tests mirror the code: each source or header has its test
at the mirrored path under test/, or stands here with what tests it instead.

usage: check_tests.py [ROOT]
"""

import pathlib
import re
import sys

REAL_STACKS = "unwind/real_stacks_test.cpp: what is derived is compared with libunwind's own walk"
MARKING = "owners/marking_test.cpp: from blocks to what keeps them, in one go"
COPY = "test_owners.py: it happens in a copy of the process"
NODE = "test_node.py, test_node_code.py, test_node_snapshots.py: it needs a node to speak with"
JAVA = "test_java.py: it needs a Java virtual machine"
KEEPING = "runtime/python/keeping_test.cpp, test_python_owners.py: with a real interpreter"
PYTHON = "test_python.py: it needs an interpreter"
PHP = "test_php.py: it needs an interpreter"
WHOLE_HEAP = "heap/growth_test.cpp, heap/paths_test.cpp: from a snapshot to names and paths, in one go"
SECTIONS = "read/snapshot_sections_test.cpp, read/recording_test.cpp: through whole files"
VERDICTS = ("analyze/verdict_test.cpp, analyze/verdict_healthy_test.cpp, analyze/shapes_test.cpp: steps "
            "towards a verdict are right when it is")
REPORTS = ("report/build_test.cpp, report/findings/fold_test.cpp, report/findings/whole_test.cpp: they "
           "make sense in a whole report only")
SERIES = "snapshot/series_test.cpp: written and read again, beside whole snapshots"
COMPACT = "test_thinning.py, and the writer's tests, which read what it wrote"
TRIGGER = "test_snapshots.py, test_asking.py: when and where snapshots come about"
# Path without its ending, or a folder -> what tests it, and why so. For each tree that is checked.
ELSEWHERE = {
    "interposer": {
        "interposer/runtime/cold_part": PYTHON,
        "interposer/runtime/frame_chain": "runtime/python/frames_test.cpp, with Python's layout",
        "interposer/runtime/php/functions": "runtime/php/frames_test.cpp",
        "interposer/runtime/php/interpreter": "runtime/php/self_check_test.cpp, test_php.py",
        "interposer/runtime/php/joining": PHP,
        "interposer/runtime/php/layout": PHP,
        "interposer/runtime/python/bounds": "test_python_owners.py: with a real interpreter",
        "interposer/startup": "test_counts.py and all others: nothing is recorded without it",
        "interposer/hook/": "test_counts.py, test_stacks.py, test_signals.py, test_process_life.py "
                            "and others: hooks are entered through the C library's names, by "
                            "programs that say themselves what is true",
        "interposer/detour/": "test_inner_allocators.py: programs with allocators inside; first "
                              "instructions in detour/prologue_test.cpp",
        "interposer/base/arch": "the tests that docs/porting.md names",
        "interposer/base/arch_aarch64": "the same",
        "interposer/base/arch_x86_64": "the same",
        "interposer/base/arch_musl": "test_musl.py: programs of musl",
        "interposer/base/attributes": "macros only",
        "interposer/base/file_space": "base/black_box_test.cpp: where there is room, and where not",
        "interposer/format/blackbox": "base/black_box_test.cpp, test_black_box.py; the layouts are "
                                      "compared by asserts",
        "interposer/format/changes": SERIES,
        "interposer/snapshot/changed_rows": SERIES,
        "interposer/snapshot/column_writer": SERIES,
        "interposer/snapshot/series_base": SERIES,
        "interposer/snapshot/varint": SERIES,
        "interposer/snapshot/rows": "snapshot/writer_test.cpp, snapshot/series_test.cpp",
        "interposer/snapshot/tables_sections": "snapshot/writer_test.cpp, snapshot/series_test.cpp",
        "interposer/snapshot/box_file": "test_black_box.py: processes that are killed",
        "interposer/track/box_threads": "test_black_box.py: who allocated how much before a kill",
        "interposer/track/mapping_counts": "test_black_box.py, whose victim maps too",
        "interposer/base/blocked_signals": "base/spin_lock_test.cpp",
        "interposer/base/clock": "one system call",
        "interposer/base/log": "test_bad_input.py, test_faults.py: what silt says",
        "interposer/base/old_symbols": "scripts/check_library.py: versions of imported symbols",
        "interposer/base/number_index": "runtime/jvm/samples_test.cpp",
        "interposer/base/own_ranges": "test_other_state.py: mlockall",
        "interposer/base/own_stack": "test_stack_room.py",
        "interposer/base/populated_pages": "track/live_table_test.cpp: scans follow it",
        "interposer/base/system_call": "base/sandbox_test.cpp, test_faults.py",
        "interposer/format/heap_answer": "bytes and names only; the tool's tests read them",
        "interposer/format/owners": "the same",
        "interposer/format/hooks": "scripts/check_library.py, scripts/hook_list.py",
        "interposer/format/settings": "base/options_test.cpp: each setting is parsed there",
        "interposer/owners/block_index": MARKING,
        "interposer/owners/marker": MARKING,
        "interposer/owners/copied_process": COPY,
        "interposer/owners/early_heap": COPY,
        "interposer/owners/paths_by_stack": COPY,
        "interposer/owners/copy": COPY,
        "interposer/owners/looking": COPY,
        "interposer/owners/modules": COPY,
        "interposer/owners/object_kinds": "owners/marking_test.cpp, test_python_owners.py",
        "interposer/owners/result": COPY,
        "interposer/owners/roots": COPY,
        "interposer/owners/thread_stack": COPY,
        "interposer/owners/type_counts": "test_python_owners.py: through a whole report",
        "interposer/runtime/function_names": "runtime/python/frames_test.cpp: frames are named",
        "interposer/runtime/list": "one list; runtime/runtime_test.cpp has one of its own",
        "interposer/runtime/nodejs/addon": NODE,
        "interposer/runtime/nodejs/api": NODE,
        "interposer/runtime/nodejs/code_events": NODE,
        "interposer/runtime/nodejs/interpreter_frames": NODE,
        "interposer/runtime/heap_sections": NODE,
        "interposer/runtime/jvm/calls": JAVA,
        "interposer/runtime/jvm/capturing": JAVA,
        "interposer/runtime/jvm/joining": JAVA,
        "interposer/runtime/jvm/machine": JAVA,
        "interposer/runtime/jvm/samples_profile": "runtime/jvm/samples_test.cpp",
        "interposer/runtime/jvm/sampling": JAVA,
        "interposer/runtime/nodejs/code_log": "runtime/nodejs/jit_log_test.cpp",
        "interposer/runtime/nodejs/code_map": NODE,
        "interposer/runtime/nodejs/code_names": "runtime/nodejs/jit_log_test.cpp",
        "interposer/runtime/nodejs/copied_builtins": "test_node_code.py: V8 makes the copies",
        "interposer/runtime/nodejs/heap_copy": "test_live_heap.py",
        "interposer/runtime/nodejs/heap_in_copy": "test_live_heap.py",
        "interposer/runtime/nodejs/isolate_sections": NODE,
        "interposer/runtime/nodejs/isolates": NODE,
        "interposer/runtime/nodejs/joining": NODE,
        "interposer/runtime/python/collector": KEEPING,
        "interposer/runtime/python/dicts": KEEPING,
        "interposer/runtime/python/evaluator": PYTHON,
        "interposer/runtime/python/functions": "runtime/python/frames_test.cpp",
        "interposer/runtime/python/interpreter": PYTHON,
        "interposer/runtime/python/joining": PYTHON,
        "interposer/runtime/python/layout": PYTHON,
        "interposer/runtime/python/object_hooks": PYTHON,
        "interposer/runtime/python/objects": PYTHON,
        "interposer/runtime/python/sampling_hooks": "test_python_sampled.py: it needs an interpreter",
        "interposer/runtime/python/peek": KEEPING,
        "interposer/runtime/python/self_check": PYTHON,
        "interposer/runtime/python/text": "runtime/python/frames_test.cpp",
        "interposer/runtime/python/types": KEEPING,
        "interposer/runtime/python/variables": KEEPING,
        "interposer/runtime/python/waiting": KEEPING,
        "interposer/snapshot/arming": "test_arming.py",
        "interposer/snapshot/calling_card": TRIGGER,
        "interposer/snapshot/children": "test_processes.py: it needs a family of them",
        "interposer/snapshot/companion": NODE,
        "interposer/snapshot/heap_wish": "test_live_heap.py",
        "interposer/snapshot/jit_map": "test_recordings.py: programs that write such a map",
        "interposer/snapshot/kernel_file": "snapshot/writer_test.cpp, test_faults.py",
        "interposer/snapshot/node_numbers": "snapshot/writer_test.cpp: read back by the tool",
        "interposer/snapshot/out_folder": TRIGGER,
        "interposer/snapshot/owners_wish": COPY,
        "interposer/snapshot/process_info": TRIGGER,
        "interposer/snapshot/threads": "test_threads.py: it needs several, with names",
        "interposer/snapshot/threads": "test_threads.py: it needs several, with names",
        "interposer/snapshot/recording_folder": TRIGGER,
        "interposer/snapshot/runtimes": "declarations only",
        "interposer/snapshot/signals": TRIGGER,
        "interposer/snapshot/slot": TRIGGER,
        "interposer/snapshot/strings": "snapshot/writer_test.cpp: read back by the tool",
        "interposer/snapshot/taking": TRIGGER,
        "interposer/snapshot/trigger": TRIGGER,
        "interposer/snapshot/way_in": TRIGGER,
        "interposer/track/folding_pace": "track/folding_test.cpp",
        "interposer/track/ids": "types only",
        "interposer/track/kept_stacks": "track/folding_test.cpp",
        "interposer/track/left_hooks": "test_signals.py: jumps out of hooks",
        "interposer/track/own_walk": PYTHON,
        "interposer/track/recorder": "test_counts.py: it puts the other tables together",
        "interposer/track/runtime_frames": "track/folding_test.cpp",
        "interposer/track/sampling": "test_sampling.py: estimates beside what is true",
        "interposer/track/taken_blocks": "track/folding_test.cpp",
        "interposer/track/verification": "scripts/verify_walks, test_stacks.py",
        "interposer/track/waking": "test_arming.py",
        "interposer/unwind/derive": REAL_STACKS,
        "interposer/unwind/libunwind": REAL_STACKS,
        "interposer/unwind/libunwind_walk": REAL_STACKS,
        "interposer/unwind/nearby_code": "test_aarch64.py",
        "interposer/unwind/object": REAL_STACKS,
        "interposer/unwind/reference_walk": REAL_STACKS,
        "interposer/unwind/spine_rare_steps": "unwind/spine_test.cpp, unwind/spine_signals_test.cpp",
        "interposer/unwind/unwinder": REAL_STACKS,
    },
    "symbolizer": {
        "symbolizer/read/changed_rows": COMPACT,
        "symbolizer/read/column_reader": COMPACT,
        "symbolizer/read/snapshot_tables": COMPACT,
        "symbolizer/read/sampler_stacks": "test_node_lines.py: it needs a node that samples",
        "symbolizer/read/json_fields": "read/heap_growth_test.cpp, read/class_census_test.cpp",
        "symbolizer/read/parsed_ahead": "read/recording_test.cpp and all others that read recordings",
        "symbolizer/read/box_threads": "read/box_tables_test.cpp: from the bytes of a box to a snapshot",
        "symbolizer/read/box_snapshot": "read/box_tables_test.cpp: from the bytes of a box to a snapshot",
        "symbolizer/read/snapshot_bytes": "read/box_tables_test.cpp: the reader of snapshots reads it",
        "symbolizer/main": "test_command_line.py",
        "symbolizer/analyze/": VERDICTS,
        "symbolizer/base/address": "types only",
        "symbolizer/base/exit_status": "numbers only",
        "symbolizer/base/log": "test_log.py: what the tool says, and where it goes",
        "symbolizer/base/terminal_line": "test_log.py: it needs a terminal",
        "symbolizer/base/result": "a type only",
        "symbolizer/commands/": "test_command_line.py, test_gate.py, test_soak.py and others: processes, "
                                "files and options of a command line",
        "symbolizer/heap/": WHOLE_HEAP,
        "symbolizer/process/": "test_asking.py, test_snapshots.py, test_owners.py: they ask a process",
        "symbolizer/read/by_node": "read/stack_nodes_test.cpp: a type",
        "symbolizer/read/generations": "read/stack_join_test.cpp",
        "symbolizer/read/newest_snapshot": "read/recording_test.cpp",
        "symbolizer/read/owners": SECTIONS,
        "symbolizer/read/runtime_sections": SECTIONS,
        "symbolizer/read/section_items": SECTIONS,
        "symbolizer/read/threads": "read/thread_sections_test.cpp",
        "symbolizer/render/": "render/render_test.cpp: every format beside test/golden; test_html.py "
                              "shows the page in a browser",
        "symbolizer/report/": REPORTS,
        "symbolizer/report/findings/": REPORTS,
        "symbolizer/report/gate/": "report/gate/policy_test.cpp, test_gate.py",
        "symbolizer/runtime/": "runtime/list_test.cpp",
        "symbolizer/runtime/jvm/": "runtime/list_test.cpp",
        "symbolizer/runtime/nodejs/": "runtime/nodejs/settle_test.cpp, test_node.py: whole reports",
        "symbolizer/runtime/python/": "test_python.py: whole reports",
        "symbolizer/soak/": "test_soak.py: it starts programs, and loads them",
        "symbolizer/symbolize/": "symbolize/symbolizer_test.cpp: real programs with and without "
                                 "debug information",
        "symbolizer/top/inside": "top/screen_test.cpp: a screen of it",
        "symbolizer/top/known_frames": "test_top.py: names of picture after picture",
        "symbolizer/top/paint": "top/screen_test.cpp: lines fit",
        "symbolizer/top/picture": "top/screen_test.cpp: rows of a report",
        "symbolizer/top/terminal": "test_top.py: it needs a terminal",
    },
}


# What is named there has to be there.
FILE = re.compile(r"[\w/]+_test\.cpp|\btest_\w+\.py|scripts/\w+(?:\.py)?")


def check(root, elsewhere):
    problems = []
    for tree, places in elsewhere.items():
        needed = set()
        stems = {path.relative_to(root).with_suffix("").as_posix()
                 for path in root.glob(f"{tree}/**/*") if path.suffix in (".h", ".cpp")}
        if not stems:
            problems.append(f"'{root}' has no sources in {tree}")
        for stem in sorted(stems):
            if (root / "test" / f"{stem}_test.cpp").is_file():
                continue
            place = stem if stem in places else stem[:stem.rfind("/") + 1]
            needed.add(place)
            if place not in places:
                problems.append(f"{stem}: has no test/{stem}_test.cpp, and check_tests.py does not "
                                "say what tests it instead")
        for place, said in places.items():
            for name in FILE.findall(said):
                folder = "test/end_to_end" if name.startswith("test_") else \
                    "." if name.startswith("scripts/") else f"test/{tree}"
                if not (root / folder / name).is_file():
                    problems.append(f"check_tests.py: '{name}', said to test '{place}', is not there")
        problems += [f"check_tests.py: '{place}' has its test or is not there"
                     for place in places if place not in needed]
    return problems


def main():
    root = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else \
        pathlib.Path(__file__).resolve().parent.parent
    problems = check(root, ELSEWHERE)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
