// SPDX-License-Identifier: Apache-2.0
//
// Real binaries, each built from one source in another way (meson.build beside this file), run to
// learn an address, and asked for its names.

#include "symbolizer/symbolize/symbolizer.h"

#include <dlfcn.h>
#include <elf.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "test/symbolizer/symbolize/victim_answers.h"

namespace silt::symbolize {
namespace {

using test::RecordingBuilder;
using test::TemporaryFolder;

TEST_CASE("inlined frames, files and lines come from every kind of debug information") {
  for (const char* name : {"dwarf5", "dwarf4", "compressed", "split", "fixed_address"}) {
    INFO(name);
    const Victim victim = run_victim(victim_path(name));
    const Answer answer = ask(victim);
    check_all_names(answer.frames);
    CHECK(answer.notes.empty());
    CHECK(answer.frames[0].file_address == in_file(lookup_address(victim.pc), victim.bias));
    CHECK(answer.frames[0].pc == victim.pc);
    CHECK(answer.frames[0].build_id.size() == 40);
  }
}

TEST_CASE("without debug information the symbol table names the function") {
  const Answer answer = ask(run_victim(victim_path("symbols_only")));
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0].function == "victim::outer(victim::Reporter const&)");
  CHECK(answer.frames[0].line == 0);
  CHECK(answer.frames[0].file.empty());
  REQUIRE(answer.notes.size() == 1);
  CHECK_THAT(answer.notes[0], Catch::Contains("no debug information, only symbols"));
}

TEST_CASE("code mapped without the loader is found through its file offset") {
  Victim victim = run_victim(victim_path("dwarf5"));
  const uint64_t file_address = victim.pc - victim.bias;
  // The file offset of the address, from the program headers.
  std::ifstream file(victim.path, std::ios::binary);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof(header));
  uint64_t offset = 0;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    file.seekg(
        static_cast<std::streamoff>(header.e_phoff + sizeof(segment) * static_cast<size_t>(i)));
    file.read(reinterpret_cast<char*>(&segment), sizeof(segment));
    if (segment.p_type == PT_LOAD && file_address >= segment.p_vaddr &&
        file_address < segment.p_vaddr + segment.p_filesz) {
      offset = file_address - segment.p_vaddr + segment.p_offset;
    }
  }
  REQUIRE(offset != 0);
  constexpr uint64_t kSecond = 0x7e0000000000;
  const uint64_t page_offset = offset & ~uint64_t{0xfff};

  RecordingBuilder process;
  read::Module module;  // as the loader has it, elsewhere
  module.start = 0x1000000;
  module.end = 0x2000000;
  module.path = victim.path;
  module.build_id = victim.build_id;
  module.end_node = UINT32_MAX;
  process.values().modules = {module};
  process.values().mappings = {{kSecond, kSecond + 0x2000, page_offset, victim.path}};
  process.allocate(process.stack_of_pcs({kSecond + (offset - page_offset)}), 1, 10);
  process.take_snapshot(0);
  const read::Recording recording = process.recording();
  Symbolizer symbolizer(recording, {});
  check_all_names(symbolizer.stack_frames(recording.stacks.at(0)));
}

TEST_CASE("JIT code is named by the recording's map") {
  RecordingBuilder process;
  process.allocate(process.stack({"JS:*leaky /srv/app.js:31:5", "JS:~ /srv/app.js:1:1"}), 1, 10);
  process.take_snapshot(0);
  const read::Recording recording = process.recording();
  Symbolizer symbolizer(recording, {});
  const auto frames = symbolizer.stack_frames(recording.stacks.at(0));
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].function == "leaky");
  CHECK(frames[0].line == 31);
  CHECK(frames[0].module.empty());
  CHECK(frames[1].function == "(anonymous)");
}

TEST_CASE("JIT code without a map, and addresses of nothing, say so") {
  RecordingBuilder process;
  process.allocate(process.stack_of_pcs({0x7f0000000100, 0x12345678}), 1, 10);
  process.take_snapshot(0);
  const read::Recording recording = process.recording();
  Symbolizer symbolizer(recording, {});
  const auto frames = symbolizer.stack_frames(recording.stacks.at(0));
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].kind == FrameKind::kJit);
  CHECK_THAT(frames[0].unresolved, Catch::Contains("no map of it"));
  CHECK_THAT(frames[1].unresolved, Catch::Contains("not mapped"));
}

TEST_CASE("places of a JavaScript heap are frames as V8 names them") {
  RecordingBuilder process;
  process.allocate(process.script_stack({{"add", "file:///my%20app/x.js", 5, 3}, {"", "", 0, 0}}),
                   1, 1, 8);
  process.take_snapshot(0);
  const auto recording = process.recording();
  REQUIRE(recording.stacks.size() == 1);
  Symbolizer symbolizer(recording, {});
  const auto frames = symbolizer.stack_frames(recording.stacks[0]);
  REQUIRE(frames.size() == 2);
  CHECK(frames[0].function == "add");
  CHECK(frames[0].file == "/my app/x.js");
  CHECK(frames[0].line == 5);
  CHECK(frames[0].column == 3);
  CHECK(frames[0].kind == FrameKind::kJavaScript);
  CHECK(frames[0].pc == 0);
  CHECK(frames[1].function == "(anonymous)");
  CHECK_FALSE(symbolizer.module_of(recording.stacks[0].leaf).has_value());
}

TEST_CASE("a marker is a frame that says what it means") {
  RecordingBuilder process;
  const auto id = process.stack({}, read::Heap::kNative, read::Missing::kOverflow);
  process.allocate(id, 1, 10);
  process.take_snapshot(0);
  const read::Recording recording = process.recording();
  Symbolizer symbolizer(recording, {});
  REQUIRE(symbolizer.node_frames(read::NodeId{id}).size() == 1);
  CHECK_THAT(symbolizer.node_frames(read::NodeId{id})[0].unresolved,
             Catch::Contains("table was full"));
  CHECK_FALSE(symbolizer.module_of(read::NodeId{id}));
}

TEST_CASE("a program that brings its own allocator is recognised") {
  const Victim victim = run_victim(victim_path("dwarf5"));
  RecordingBuilder process;
  const read::Recording recording = recording_of(process, victim);
  Symbolizer symbolizer(recording, {});
  CHECK(symbolizer.allocator_symbols_in_main().empty());
}

}  // namespace
}  // namespace silt::symbolize
