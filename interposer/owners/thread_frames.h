// SPDX-License-Identifier: Apache-2.0
//
// Which function a word on a thread's stack belongs to, while it is called: a walk from where the
// thread stands. The kernel tells pc and stack pointer of a thread that waits, but not its frame
// pointer. Where that is needed first, the frame record is looked for that begins a chain of them.
// In the copy of the process.

#ifndef SILT_INTERPOSER_OWNERS_THREAD_FRAMES_H_
#define SILT_INTERPOSER_OWNERS_THREAD_FRAMES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/unwind/frame_rule.h"

namespace silt::owners {

class ThreadFrames {
 public:
  void clear() { count_ = 0; }
  // From the frame on, outward, as far as the walk comes; all memory from its sp to `end` can be
  // read. bp 0: not known.
  void walk(const unwind::Frame& innermost, uint64_t end);

  // The return address into the function whose frame the word lies in; 0: not known.
  uint64_t pc_of(uint64_t address) const;

 private:
  static constexpr size_t kMost = 256;
  struct Place {
    uint64_t begin;  // the function's frame is from here to where the next one begins
    uint64_t pc;
  };

  Place places_[kMost] = {};
  size_t count_ = 0;
  uint64_t end_ = 0;  // of what is known
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_THREAD_FRAMES_H_
