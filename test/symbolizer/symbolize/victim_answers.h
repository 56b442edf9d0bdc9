// SPDX-License-Identifier: Apache-2.0
//
// What the symbolizer says of one call in a victim: a small program that was built in one of many
// ways, and says itself where the call returns to.

#ifndef SILT_TEST_SYMBOLIZER_SYMBOLIZE_VICTIM_ANSWERS_H_
#define SILT_TEST_SYMBOLIZER_SYMBOLIZE_VICTIM_ANSWERS_H_

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "symbolizer/symbolize/symbolizer.h"
#include "test/symbolizer/recording_builder.h"

namespace silt::symbolize {

namespace fs = std::filesystem;

struct Victim {
  fs::path path;
  uint64_t pc = 0;
  uint64_t bias = 0;
  std::vector<uint8_t> build_id;
};

std::string to_hex(const std::vector<uint8_t>& bytes);

// Standard output of a command that must end well.
std::string output_of(const std::string& command);

// Where the build put the victim of this name (symbolize/meson.build).
fs::path victim_path(const std::string& name);

Victim run_victim(const fs::path& path);

// A recording with one stack of one frame, in one module.
read::Recording recording_of(test::RecordingBuilder& process, const Victim& victim);

struct Answer {
  FrameList frames;
  std::vector<std::string> notes;
};

Answer ask(const Victim& victim, Options options = {});

// With debug information, whatever its kind: three functions, two of them inlined.
void check_all_names(const FrameList& frames);

}  // namespace silt::symbolize

#endif  // SILT_TEST_SYMBOLIZER_SYMBOLIZE_VICTIM_ANSWERS_H_
