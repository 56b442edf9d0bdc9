// SPDX-License-Identifier: Apache-2.0
//
// A stack whose slots are an array, as the tests of the stack memory keep it.

#ifndef SILT_TEST_INTERPOSER_UNWIND_REMEMBERED_H_
#define SILT_TEST_INTERPOSER_UNWIND_REMEMBERED_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "interposer/unwind/stack_memory.h"

namespace silt::unwind::test {

struct Remembered {
  std::vector<uint64_t> words;
  Frame frame;

  explicit Remembered(size_t count, uint64_t pc) : words(count + 1) {
    frame = Frame{pc, reinterpret_cast<uint64_t>(words.data()), 0};
  }
  // Whether it is found afterwards.
  bool keep(StackMemory& memory, size_t slots, uint32_t tag, bool bp_live = true) {
    memory.remember(frame, bp_live, tag, 0, [&](auto&& visit) {
      for (size_t i = 0; i < slots; ++i) {
        if (!visit(&words[i], words[i])) return false;
      }
      return true;
    });
    return memory.find(frame) == tag;
  }
};

}  // namespace silt::unwind::test

#endif  // SILT_TEST_INTERPOSER_UNWIND_REMEMBERED_H_
