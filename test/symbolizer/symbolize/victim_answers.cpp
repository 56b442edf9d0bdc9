// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/symbolize/victim_answers.h"

#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace silt::symbolize {

namespace {

std::vector<uint8_t> from_hex(const std::string& text) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoul(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

}  // namespace

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

read::Recording recording_of(test::RecordingBuilder& process, const Victim& victim) {
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

Answer ask(const Victim& victim, Options options) {
  test::RecordingBuilder process;
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

}  // namespace silt::symbolize
