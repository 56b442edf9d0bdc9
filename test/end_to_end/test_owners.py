# SPDX-License-Identifier: Apache-2.0
"""Owners: a copy of the process says who keeps its blocks, the process notices nothing, and the
report names the variable, the thread or that nobody does.

Longer than 300 lines: each case is a few lines around the same dump."""

import collections
import ctypes
import errno
import json
import os
import pathlib
import re
import signal
import struct
import threading
import unittest

import harness


def copy_of(pid):
    """The pid of a copy that was made of the process, 0: there is none."""
    command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text() == "silt owners\n" and \
                    (entry / "cmdline").read_bytes() == command:
                return int(entry.name)
        except OSError:
            continue
    return 0


CLONE, PROCESS_VM_READV, CLONE_UNTRACED = 56, 310, 0x800000  # on x86-64


def without_rare_calls():
    """As some containers' filters and emulators have it: no process_vm_readv, and of the ways to
    clone no unusual one. To be run in the child before it becomes the program."""
    code = [(0x20, 0, 0, 0),  # the call's number
            (0x15, 4, 0, PROCESS_VM_READV),
            (0x15, 0, 2, CLONE),
            (0x20, 0, 0, 16),  # its flags
            (0x45, 2, 0, CLONE_UNTRACED),
            (0x06, 0, 0, 0x7FFF0000),  # allowed
            (0x06, 0, 0, 0x50000 | errno.EPERM),
            (0x06, 0, 0, 0x50000 | errno.EINVAL)]
    rules = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *rule) for rule in code))
    program = ctypes.create_string_buffer(struct.pack("<HxxxxxxQ", len(code), ctypes.addressof(rules)))
    libc = ctypes.CDLL(None)
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, program) != 0:
        raise OSError("no filter could be set")


class OwnersTest(harness.SiltTest):
    def dump_owners(self, pid, status=0):
        out, errors = self.tool("dump", "--timeout", "60s", "--owners", pid, status=status,
                                timeout=400)
        return out.strip(), errors

    def stacks(self, *recording):
        return json.loads(self.tool("report", "--format", "json", "--top", 1000, *recording)[0])

    def start_owned(self, **settings):
        process = self.start([harness.program("owned")], settings=settings)
        process.wait_line("ready owned")
        return process


class Truth(OwnersTest):
    def test_each_block_has_the_owner_that_it_has(self):
        self.check_owners(self.start_owned())

    @unittest.skipUnless(os.uname().machine == "x86_64", "the filter has that machine's numbers")
    def test_where_calls_that_are_rare_are_forbidden(self):
        """The copy is a child that ends as any does, and no other process is left."""
        process = self.start([harness.program("owned")], preexec_fn=without_rare_calls)
        process.wait_line("ready owned")
        self.check_owners(process)

    def check_owners(self, process):
        path, _ = self.dump_owners(process.pid)
        report = self.stacks(path)
        truths = [line.split(" ")[1:] for line in process.lines if line.startswith("owner ")]
        self.assertEqual(len(truths), 15)
        for size, kind, name in truths:
            with self.subTest(size=size, owner=name):
                size = int(size)
                stacks = [s for s in report["stacks"]
                          if s["live_blocks"][-1] and
                          s["live_bytes"][-1] == size * s["live_blocks"][-1]]
                self.assertTrue(stacks)
                owners = [owner for stack in stacks for owner in stack["owners"]]
                blocks = sum(stack["live_blocks"][-1] for stack in stacks)
                right = sum(owner["blocks"] for owner in owners if owner["kind"] == kind and
                            (name == "-" or name in owner["name"]))
                # A word that was left somewhere by chance may keep one or the other.
                self.assertGreaterEqual(right, blocks - max(2, blocks // 50), owners)
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")

    def test_the_way_through_containers_is_said(self):
        process = self.start_owned()
        path, _ = self.dump_owners(process.pid)
        text = self.tool("report", "--full", path)[0]
        self.assertIn("kept by server.table_.sessions_ (owned .bss) → hash table → make", text)
        self.assertIn("lost: nothing points to them", text)
        self.assertIn("the process was paused for", " ".join(text.split()))
        self.assertEqual(process.finish(), 0)


class LostWithOthers(OwnersTest):
    def test_what_a_lost_block_holds_is_one_leak_with_it_where_that_was_made(self):
        process = self.start([harness.program("lost_parts")])
        process.wait_line("ready")
        for last in (False, False, False, True):
            process.write_line("go")
            process.wait_line("served")
            if last:
                self.dump_owners(process.pid)
            else:
                self.tool("dump", process.pid)
        report = self.stacks(*self.recordings())
        leaks = [f for f in report["findings"] if f["verdict"] == "leak"]
        # The text is larger, but it is the order that was forgotten.
        self.assertEqual([f["site"]["function"] for f in leaks], ["take_order"], leaks)
        self.assertGreaterEqual(leaks[0]["growth_bytes"], 90 * 2 * 316)
        texts = [s for s in report["stacks"] if "read_text" in str(s["frames"])]
        lines = [owner for stack in texts for owner in stack.get("owners", [])
                 if owner["kind"] == "lost"]
        self.assertEqual(lines[0]["path"], ["take_order"])
        self.assertIn("read_text", self.tool("report", "--full", *self.recordings())[0])
        self.assertEqual(process.finish(), 0)


class BornBefore(OwnersTest):
    def test_what_was_allocated_before_recording_began_keeps_what_it_points_to(self):
        for start in ("", "asleep"):
            with self.subTest(start=start or "at once"):
                self.out = os.path.join(self.folder, f"out of {start}")
                os.mkdir(self.out)
                process = self.start([harness.program("early_table")],
                                     settings={"SILT_START": "asleep"} if start else {})
                process.wait_line("ready")
                if start:
                    self.tool("arm", "--exact", process.pid)
                process.write_line("go")
                process.wait_line("added")
                path, _ = self.dump_owners(process.pid)
                entries = [s for s in self.stacks(path)["stacks"] if "make_entry" in str(s["frames"])]
                self.assertEqual(len(entries), 1)
                kinds = {owner["kind"]: owner["blocks"] for owner in entries[0]["owners"]}
                # The newest is also where the program has just put it.
                self.assertGreaterEqual(kinds["unknown"], 98, entries[0]["owners"])
                self.assertNotIn("lost", kinds)
                self.assertEqual(process.finish(), 0)

    def test_a_heap_full_of_known_blocks_is_soon_looked_through(self):
        """What lies between them may be blocks that are not known: a few words each."""
        process = self.start([harness.program("early_table")], settings={"SILT_START": "asleep"})
        process.wait_line("ready")
        self.tool("arm", "--exact", process.pid)
        process.write_line("300000")
        process.wait_line("added")
        path, _ = self.dump_owners(process.pid)
        entries = [s for s in self.stacks(path)["stacks"] if "make_entry" in str(s["frames"])]
        kinds = collections.Counter()
        for owner in entries[0]["owners"]:
            kinds[owner["kind"]] += owner["blocks"]
        self.assertAlmostEqual(kinds["lost"], 298_000, delta=200)
        self.assertAlmostEqual(kinds["unknown"], 2000, delta=200)
        self.assertEqual(process.finish(), 0)


class LostOrKept(OwnersTest):
    BLOCKS = 64  # of each size
    # LeakSanitizer looks for pointers in no mapping that the program makes itself.
    NOT_BY_LEAK_SANITIZER = {"anonymous_mapping"}

    def truths(self, told):
        for line in told.splitlines():
            if line.startswith("truth "):
                size, way, owner = line.split(" ")[1:]
                yield int(size), way, owner

    def test_what_nothing_points_to_is_lost_and_all_else_has_its_owner(self):
        status, told, errors = self.run_program([harness.program("lost_or_kept")],
                                                settings={"SILT_OWNERS": "1"})
        self.assertEqual((status, errors), (0, ""))
        report = self.stacks(*self.recordings())
        ways = list(self.truths(told))
        self.assertEqual(len(ways), 28)
        for size, way, owner in ways:
            with self.subTest(way=way):
                owners = [owner for stack in report["stacks"] if stack["live_blocks"][-1] and
                          stack["live_bytes"][-1] == size * stack["live_blocks"][-1]
                          for owner in stack["owners"]]
                right = sum(line["blocks"] for line in owners
                            if (line["kind"] == "lost" if owner == "lost"
                                else owner in (line["name"] or "")))
                # A stale word may look like a pointer to one or the other.
                self.assertGreaterEqual(right, self.BLOCKS - 2, owners)

    def test_leak_sanitizer_says_the_same(self):
        status, told, errors = self.run_program([harness.program("lost_or_kept_lsan")], silt=False)
        if "LeakSanitizer has encountered a fatal error" in errors:
            self.skipTest("LeakSanitizer may not look at threads here")
        lost = collections.Counter()
        for size, blocks in re.findall(r"leak of (\d+) byte\(s\) in (\d+) object", errors):
            lost[int(size) // int(blocks)] += int(blocks)
        for size, way, owner in self.truths(told):
            with self.subTest(way=way):
                if owner == "lost" or way in self.NOT_BY_LEAK_SANITIZER:
                    self.assertGreaterEqual(lost[size], self.BLOCKS - 2)
                else:
                    self.assertLessEqual(lost[size], 2)


class Harmless(OwnersTest):
    def test_the_copy_is_nobodys_child_and_leaves_nothing_behind(self):
        process = self.start_owned()
        path, _ = self.dump_owners(process.pid)
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        if children.exists():
            self.assertEqual(children.read_text().split(), [])
        folder = pathlib.Path(path).parent
        self.assertEqual(sorted(file.name for file in folder.iterdir()), ["000.silt", "control"])
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(process.finish(), 0)

    def test_a_plain_snapshot_knows_the_owners_of_a_small_process(self):
        process = self.start_owned()
        # Who only sends the signal, or wants no copy, gets none.
        plain = self.stacks(self.tool("dump", "--no-owners", process.pid)[0].strip())
        self.assertTrue(all("owners" not in stack for stack in plain["stacks"]))
        by_signal = self.stacks(self.kill_and_wait(process, "owned"))
        self.assertTrue(all("owners" not in stack for stack in by_signal["stacks"]))
        # Nobody asked by name: nothing is said of it.
        out, errors = self.tool("dump", process.pid)
        self.assertEqual(errors, "")
        report = self.stacks(out.strip())
        self.assertTrue(any(stack.get("owners") for stack in report["stacks"]))
        self.assertEqual(process.finish(), 0)

    def test_a_plain_snapshot_of_a_large_or_sampled_process_makes_no_copy(self):
        for settings, room in (({}, 160), ({"SILT_SAMPLE": "64K"}, 0)):
            with self.subTest(room=room):
                process = self.start_owned(OWNED_ROOM_MB=str(room), **settings)
                out, errors = self.tool("dump", process.pid)
                self.assertEqual(errors, "")
                report = self.stacks(out.strip())
                self.assertTrue(all("owners" not in stack for stack in report["stacks"]))
                self.assertNotIn("owners", json.dumps(report["notes"]))
                self.assertEqual(process.finish(), 0)

    def test_the_copy_has_the_priority_that_was_asked_for(self):
        for settings, most in (({}, 10), ({"SILT_COPY_NICE": "0"}, 0)):
            with self.subTest(settings=settings):
                process = self.start_owned(**settings)
                own = os.getpriority(os.PRIO_PROCESS, process.pid)
                seen = []

                done = threading.Event()

                def watch(pid=process.pid, seen=seen, done=done):
                    while not done.is_set():
                        try:
                            copy = copy_of(pid)
                            if copy != 0:
                                seen.append(os.getpriority(os.PRIO_PROCESS, copy))
                        except ProcessLookupError:
                            pass  # it was done already

                watcher = threading.Thread(target=watch, daemon=True)
                watcher.start()
                for _ in range(5):  # one may be too quick to be seen
                    self.dump_owners(process.pid)
                done.set()
                watcher.join(harness.TIMEOUT)
                process.write_line()
                self.assertEqual(process.finish(), 0, process.told())
                # It has its name a little before.
                self.assertTrue(set(seen) <= {own, min(own + most, 19)}, seen)

    def test_the_snapshot_is_good_when_the_copy_is_killed(self):
        process = self.start_owned()
        copies = []

        def kill():
            copies.append(harness.wait_until(lambda: copy_of(process.pid), "a copy"))
            try:
                os.kill(copies[0], signal.SIGKILL)
            except ProcessLookupError:
                pass  # it was done already

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        out, errors = self.tool("dump", "--timeout", "60s", "--owners", process.pid, status=None,
                                timeout=400)
        if errors.count("looked at") == 0:
            self.assertIn("the copy ended before it was done", errors)
        self.stacks(out.strip())
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())

    def test_sampled_recordings_say_why_there_are_none(self):
        process = self.start_owned(SILT_SAMPLE="64K")
        _, errors = self.dump_owners(process.pid, status=3)
        self.assertIn("is sampled: owners need every block", errors)
        self.assertEqual(process.finish(), 0)

    def test_the_snapshot_at_exit_knows_them_too(self):
        process = self.start_owned(SILT_OWNERS="1")
        process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        report = self.stacks(self.recording())
        self.assertTrue(any(owner["kind"] == "lost" for stack in report["stacks"]
                            for owner in stack.get("owners", [])))

    def test_threads_that_allocate_go_on(self):
        process = self.start([harness.program("under_load")])
        process.wait_line("ready")
        for _ in range(3):
            self.dump_owners(process.pid)
            process.write_line()
        self.assertEqual(process.finish(), 0, process.told())
        self.assertEqual(process.errors(), "")

    def test_no_child_of_the_program_finds_anything_of_it(self):
        # Snapshots by a signal of the program's own, forks beside them, and one with owners at exit.
        done = self.run_program([harness.program("forks_beside_snapshots"), "50"],
                                settings={"SILT_OWNERS": "1"})
        self.assertEqual(done[0], 0, done)


if __name__ == "__main__":
    harness.main()
