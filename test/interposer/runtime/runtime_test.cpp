// SPDX-License-Identifier: Apache-2.0
//
// Runtimes that exist only here, through the one seam: adding one takes a struct and a place in a
// list, and all it says is in the snapshot that the tool reads.

#include "interposer/runtime/runtime.h"

#include <catch2/catch.hpp>
#include <string>

#include "interposer/runtime/function_names.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/writer.h"
#include "interposer/track/own_size.h"
#include "interposer/track/recorder.h"
#include "symbolizer/read/recording.h"
#include "test/interposer/snapshot/memory_file.h"

namespace silt::runtime {
namespace {

using track::recorder;

std::string g_called;  // letters, in order

// Has frames, blocks and a heap of its own.
const Runtime kLua = {
    .name = "lua",
    .is_left_out = [](const base::Options& options) { return options.mmap; },
    .start =
        [](const base::Options&, const char* library) {
          g_called += library;
          return Presence::kHere;
        },
    .stop = [] { g_called += "s"; },
    .ask =
        [] {
          g_called += "a";
          return true;
        },
    .describe =
        [](snapshot::Strings& strings, format::RuntimeEntry* entry) {
          entry->version = strings.add("5.4");
          entry->flags = format::kRuntimeFrames | format::kRuntimeObjects | format::kRuntimeHeaps;
          entry->arena_bytes = 4096;
          return true;
        },
    .write_heaps =
        [](snapshot::SectionWriter& out, snapshot::Strings&, uint32_t index) {
          out.begin(format::SectionType::kManagedHeaps);
          format::ManagedHeapEntry heap{};
          heap.heap_used_bytes = 77;
          heap.runtime = index;
          out.add(&heap, sizeof(heap));
          out.end(1);
        },
    .write_names =
        [](int folder) {
          g_called += "n";
          return folder == 5;
        },
    .write_names_anew = [] { g_called += "N"; },
    .is_own = [](uint64_t pc) { return pc == 9; },
    .marks_heaps = true,
    .kept_bytes = [] { return uint64_t{5000000}; },
    .tidy = [](uint32_t epoch) { g_called += epoch == 3 ? "t" : "?"; },
    .leave_to_parent = [] { g_called += "p"; },
};
// Is there, and says why it is not joined.
const Runtime kTcl = {
    .name = "tcl",
    .start = [](const base::Options&, const char*) { return Presence::kTold; },
    .ask = []() -> bool {
      g_called += "!";
      return false;
    },
    .describe =
        [](snapshot::Strings& strings, format::RuntimeEntry* entry) {
          entry->why_not = strings.add("too old");
          return true;
        },
    .is_own = [](uint64_t) { return true; },
};
const Runtime kGone = {
    .name = "gone",
    .start = [](const base::Options&, const char*) { return Presence::kAbsent; },
    .describe =
        [](snapshot::Strings&, format::RuntimeEntry*) {
          g_called += "!";
          return true;
        },
};

TEST_CASE("a runtime that the list names is in the snapshot, and asked what it offers") {
  const Runtime* const list[] = {&kGone, &kTcl, &kLua, nullptr};
  base::Options options{};
  CHECK(!is_left_out(list, options));
  options.mmap = true;
  CHECK(is_left_out(list, options));

  snapshot::read_process_info();
  recorder.modules.set_executable(snapshot::process_info.executable);
  REQUIRE(track::start_recorder());
  start_runtimes(list, options, "/libsilt.so");
  snapshot::Runtimes& told = snapshot::runtimes;
  CHECK(told.ask());
  CHECK(told.write_names(5));
  CHECK(!told.write_names(6));
  told.write_names_anew();
  CHECK(told.is_own(9));
  CHECK(!told.is_own(8));
  CHECK(told.mark_their_heaps);
  told.leave_to_parent();
  recorder.tidy_runtime(3);
  CHECK(g_called == "/libsilt.soannNpt");
  // What runtimes keep counts for the bound on silt's own memory.
  CHECK(track::own_bytes() >= track::tree_bytes() + 5000000);
  const uint64_t before = recorder.runtime_bytes();

  const uint32_t number = number_of_function("lua", "spawn", "/srv/mob.lua", 3);
  CHECK(number_of_function("lua", "spawn", "/srv/mob.lua", 3) == number);
  CHECK(number_of_function("tcl", "spawn", "/srv/mob.lua", 3) != number);
  CHECK(recorder.runtime_bytes() > before);

  test::MemoryFile file;
  REQUIRE(snapshot::write_snapshot(file.fd(), {}) == 0);
  auto recording = read::read_snapshots({file.path()});
  if (!recording) FAIL(recording.error().message);
  REQUIRE(recording->notes.empty());
  const read::Snapshot& read = recording->snapshots.back();
  REQUIRE(read.runtimes.size() == 2);
  CHECK(read.runtimes[0].name == "tcl");
  CHECK(read.runtimes[0].why_not == "too old");
  CHECK(read.runtimes[1].name == "lua");
  CHECK(read.runtimes[1].version == "5.4");
  CHECK(read.runtimes[1].arena_bytes == 4096);
  REQUIRE(read.managed_heaps.size() == 1);
  CHECK(read.managed_heaps[0].runtime == 1);
  CHECK(read.managed_heaps[0].heap_used_bytes == 77);

  g_called.clear();
  stop_runtimes();
  CHECK(g_called == "s");
}

}  // namespace
}  // namespace silt::runtime
