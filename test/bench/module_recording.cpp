// SPDX-License-Identifier: Apache-2.0
//
// Writes a recording whose stacks run through functions of one given binary, so that the time and
// memory that names take can be measured on a binary which nobody runs here.
// usage: module_recording BINARY FOLDER STACKS < ADDRESSES   (hexadecimal, as linked; two or more)

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <random>
#include <vector>

#include "test/symbolizer/recording_builder.h"

namespace {

constexpr size_t kDepth = 20;
constexpr uint64_t kBase = 0x10000000;  // where the lowest address is pretended to be mapped

int write(const char* binary, const char* folder, size_t count) {
  std::vector<uint64_t> addresses;
  for (uint64_t address; std::cin >> std::hex >> address;) addresses.push_back(address + 1);
  if (addresses.size() < 2) {
    std::fprintf(stderr, "module_recording: fewer than two addresses on standard input\n");
    return 2;
  }
  const auto [low, high] = std::minmax_element(addresses.begin(), addresses.end());
  silt::read::Module module;
  module.load_bias = kBase - *low;
  module.start = kBase - 1;
  module.end = *high + module.load_bias + 1;
  module.end_node = UINT32_MAX;
  module.path = binary;
  module.main = true;
  silt::test::RecordingBuilder process;
  process.values().modules = {module};
  std::mt19937 random(1);
  std::uniform_int_distribution<size_t> any(0, addresses.size() - 1);
  std::vector<silt::test::RecordingBuilder::StackId> stacks;
  for (size_t i = 0; i < count; ++i) {
    std::vector<uint64_t> pcs;
    while (pcs.size() < kDepth) pcs.push_back(addresses[any(random)] + module.load_bias);
    stacks.push_back(process.stack_of_pcs(pcs));
  }
  for (int minute = 0; minute < 10; ++minute) {
    for (const auto stack : stacks) process.allocate(stack, 10, 1000);
    process.take_snapshot(60.0 * minute);
  }
  process.write(folder);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: module_recording BINARY FOLDER STACKS < ADDRESSES\n");
    return 2;
  }
  try {
    return write(argv[1], argv[2], std::strtoul(argv[3], nullptr, 10));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "module_recording: %s\n", error.what());
    return 1;
  }
}
