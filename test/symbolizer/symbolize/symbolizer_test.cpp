// SPDX-License-Identifier: Apache-2.0
//
// Real binaries, each built from one source in another way (meson.build beside this file), run to
// learn an address, and asked for its names.

#include "symbolizer/symbolize/symbolizer.h"

#include <dlfcn.h>
#include <elf.h>
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "test/symbolizer/recording_builder.h"

namespace silt::symbolize {
namespace {

namespace fs = std::filesystem;
using test::RecordingBuilder;
using test::TemporaryFolder;

struct Victim {
  fs::path path;
  uint64_t pc = 0;
  uint64_t bias = 0;
  std::vector<uint8_t> build_id;
};

std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string to_hex(const std::vector<uint8_t>& bytes) {
  std::string text;
  char digits[3];
  for (const uint8_t byte : bytes) {
    std::snprintf(digits, sizeof(digits), "%02x", byte);
    text += digits;
  }
  return text;
}

std::string output_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer;
  while (const size_t count = fread(buffer.data(), 1, buffer.size(), pipe)) {
    output.append(buffer.data(), count);
  }
  const int status = pclose(pipe);
  INFO(command);
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  return output;
}

fs::path victim_path(const std::string& name) {
  const char* folder = std::getenv("SILT_TEST_VICTIMS");
  REQUIRE(folder != nullptr);
  return fs::path(folder) / ("victim_" + name);
}

Victim run_victim(const fs::path& path) {
  Victim victim;
  victim.path = path;
  unsigned long pc = 0, bias = 0;
  int inner = 0, middle = 0, outer = 0;
  const std::string output = output_of("'" + path.native() + "'");
  REQUIRE(std::sscanf(output.c_str(), "%lx %lx %d %d %d", &pc, &bias, &inner, &middle, &outer) ==
          5);
  victim.pc = pc;
  victim.bias = bias;
  const std::string notes = output_of("readelf -n '" + path.native() + "' 2>/dev/null");
  const size_t at = notes.find("Build ID: ");
  if (at != std::string::npos) {
    victim.build_id = from_hex(notes.substr(at + 10, notes.find('\n', at) - at - 10));
  }
  return victim;
}

// A recording with one stack of one frame, in one module.
read::Recording recording_of(RecordingBuilder& process, const Victim& victim) {
  read::Module module;
  module.start = victim.pc & ~uint64_t{0xfff};
  module.end = module.start + 0x1000;
  module.load_bias = victim.bias;
  module.end_node = UINT32_MAX;
  module.path = victim.path;
  module.build_id = victim.build_id;
  module.main = true;
  process.values().modules = {module};
  process.allocate(process.stack_of_pcs({victim.pc}), 1, 10);
  process.take_snapshot(0);
  return process.recording();
}

struct Answer {
  FrameList frames;
  std::vector<std::string> notes;
};

Answer ask(const Victim& victim, Options options = {}) {
  RecordingBuilder process;
  const read::Recording recording = recording_of(process, victim);
  Symbolizer symbolizer(recording, std::move(options));
  Answer answer;
  answer.frames = symbolizer.stack_frames(recording.stacks.at(0));
  answer.notes = symbolizer.notes();
  return answer;
}

void check_all_names(const FrameList& frames) {
  REQUIRE(frames.size() == 3);
  CHECK(frames[0].function == "victim::inner(victim::Reporter const&)");
  CHECK(frames[1].function == "victim::middle(victim::Reporter const&)");
  CHECK(frames[2].function == "victim::outer(victim::Reporter const&)");
  CHECK(frames[2].linkage_name == "_ZN6victim5outerERKNS_8ReporterE");
  CHECK(frames[0].line == 32);
  CHECK(frames[1].line == 37);
  CHECK(frames[2].line == 42);
  CHECK(frames[0].inlined);
  CHECK(frames[1].inlined);
  CHECK_FALSE(frames[2].inlined);
  for (const Frame& frame : frames) {
    CHECK(fs::path(frame.file).filename() == "inlined.cpp");
    CHECK(frame.kind == FrameKind::kNative);
    CHECK(frame.unresolved.empty());
  }
}

TEST_CASE("inlined frames, files and lines come from every kind of debug information") {
  for (const char* name : {"dwarf5", "dwarf4", "compressed", "split", "fixed_address"}) {
    INFO(name);
    const Victim victim = run_victim(victim_path(name));
    const Answer answer = ask(victim);
    check_all_names(answer.frames);
    CHECK(answer.notes.empty());
    CHECK(answer.frames[0].file_address == victim.pc - 1 - victim.bias);
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

TEST_CASE("a stripped binary names nothing and says why") {
  const Answer answer = ask(run_victim(victim_path("stripped")));
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0].function.empty());
  CHECK(answer.frames[0].linkage_name.empty());
  CHECK_FALSE(answer.frames[0].unresolved.empty());
}

TEST_CASE("a file that was built anew since is not asked") {
  Victim victim = run_victim(victim_path("dwarf5"));
  victim.build_id[0] ^= 1;
  const Answer answer = ask(victim);
  REQUIRE(answer.frames.size() == 1);
  CHECK(answer.frames[0].function.empty());
  CHECK_THAT(answer.frames[0].unresolved, Catch::Contains("is another build"));
  REQUIRE(answer.notes.size() == 1);
  CHECK_THAT(answer.notes[0], Catch::Contains("victim_dwarf5"));
}

TEST_CASE("a file without a build-id is asked, and the doubt is noted") {
  const Answer answer = ask(run_victim(victim_path("no_build_id")));
  check_all_names(answer.frames);
  REQUIRE(answer.notes.size() == 1);
  CHECK_THAT(answer.notes[0], Catch::Contains("without a build-id"));
}

TEST_CASE("a file that is not there says so") {
  Victim victim = run_victim(victim_path("dwarf5"));
  victim.path = "/nonexistent/victim";
  const Answer answer = ask(victim);
  CHECK(answer.frames.at(0).function.empty());
  CHECK_THAT(answer.frames.at(0).unresolved, Catch::Contains("there is no file"));
}

TEST_CASE("a file that is no ELF file says so") {
  const TemporaryFolder folder;
  Victim victim = run_victim(victim_path("dwarf5"));
  victim.path = folder.write("victim", "#!/bin/sh\n");
  CHECK_THAT(ask(victim).frames.at(0).unresolved, Catch::Contains("is not an ELF file"));
}

TEST_CASE("debug files that were split off are found") {
  const TemporaryFolder folder;
  const fs::path whole = victim_path("dwarf5"), stripped = folder.path() / "victim";
  const Victim original = run_victim(whole);
  const std::string id = to_hex(original.build_id);
  const fs::path debug = folder.path() / "victim.debug";
  output_of("objcopy --only-keep-debug '" + whole.native() + "' '" + debug.native() + "'");

  SECTION("by debug link beside the file") {
    output_of("objcopy --strip-all --add-gnu-debuglink='" + debug.native() + "' '" +
              whole.native() + "' '" + stripped.native() + "'");
    check_all_names(ask(run_victim(stripped)).frames);
  }
  SECTION("by debug link in .debug") {
    output_of("objcopy --strip-all --add-gnu-debuglink='" + debug.native() + "' '" +
              whole.native() + "' '" + stripped.native() + "'");
    fs::create_directory(folder.path() / ".debug");
    fs::rename(debug, folder.path() / ".debug" / "victim.debug");
    check_all_names(ask(run_victim(stripped)).frames);
  }
  SECTION("by build-id in a folder that the user names") {
    output_of("objcopy --strip-all '" + whole.native() + "' '" + stripped.native() + "'");
    const fs::path tree = folder.path() / "debug" / ".build-id" / id.substr(0, 2);
    fs::create_directories(tree);
    fs::rename(debug, tree / (id.substr(2) + ".debug"));
    Options options;
    options.debug_folders = {folder.path() / "debug"};
    check_all_names(ask(run_victim(stripped), options).frames);
    // The program itself need not be there: the recording may come from another machine.
    Victim elsewhere = original;
    elsewhere.path = "/nonexistent/victim";
    check_all_names(ask(elsewhere, options).frames);
  }
}

TEST_CASE("debuginfod is asked when the user says so and not before") {
  const TemporaryFolder folder;
  const fs::path whole = victim_path("dwarf5"), stripped = folder.path() / "victim";
  const Victim original = run_victim(whole);
  output_of("objcopy --strip-all '" + whole.native() + "' '" + stripped.native() + "'");
  const Victim victim = run_victim(stripped);
  // A server made of files: whoever asks it finds the debug information.
  const fs::path served = folder.path() / "server" / "buildid" / to_hex(original.build_id);
  fs::create_directories(served);
  fs::create_directories(folder.path() / "cache");
  fs::copy_file(whole, served / "debuginfo");
  const std::string urls = "file://" + (folder.path() / "server").native() + "/";
  setenv("DEBUGINFOD_URLS", urls.c_str(), 1);
  setenv("DEBUGINFOD_CACHE_PATH", (folder.path() / "cache").c_str(), 1);

  CHECK(ask(victim).frames.at(0).function.empty());
  CHECK(std::getenv("DEBUGINFOD_URLS") == urls);
  if (void* library = dlopen("libdebuginfod.so.1", RTLD_LAZY)) {
    dlclose(library);
    Options options;
    options.debuginfod = true;
    check_all_names(ask(victim, options).frames);
  } else {
    WARN("libdebuginfod is not installed: that it answers was not tested");
  }
  unsetenv("DEBUGINFOD_URLS");
  unsetenv("DEBUGINFOD_CACHE_PATH");
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
  REQUIRE(symbolizer.node_frames(id).size() == 1);
  CHECK_THAT(symbolizer.node_frames(id)[0].unresolved, Catch::Contains("table was full"));
  CHECK_FALSE(symbolizer.module_of(id));
}

TEST_CASE("a program that brings its own allocator is recognised") {
  const Victim victim = run_victim(victim_path("dwarf5"));
  RecordingBuilder process;
  const read::Recording recording = recording_of(process, victim);
  Symbolizer symbolizer(recording, {});
  CHECK(symbolizer.allocator_symbols_in_main().empty());
}

TEST_CASE("a damaged binary gives no names, or fewer, but an answer") {
  const TemporaryFolder folder;
  const Victim original = run_victim(victim_path("dwarf5"));
  std::ifstream file(original.path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  uint64_t random = 42;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes;
    for (int i = 0; i < 200; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      damaged[sizeof(Elf64_Ehdr) + (random >> 20) % (bytes.size() - sizeof(Elf64_Ehdr))] =
          static_cast<char>(random >> 56);
    }
    Victim victim = original;
    victim.path = folder.write("victim", damaged);
    CHECK(ask(victim).frames.size() >= 1);
  }
}

}  // namespace
}  // namespace silt::symbolize
