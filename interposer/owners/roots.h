// SPDX-License-Identifier: Apache-2.0
//
// All that can hold a pointer and is no block: variables of modules, stacks, registers and
// thread-local variables, mappings that the program made itself, the heaps of other languages. What
// is doubtful comes last, so that it owns only what nothing else does: stacks below their stack
// pointers, and memory of unknown use, which may be an allocator's books. In the copy of the
// process.

#ifndef SILT_INTERPOSER_OWNERS_ROOTS_H_
#define SILT_INTERPOSER_OWNERS_ROOTS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/own_ranges.h"
#include "interposer/owners/block_index.h"
#include "interposer/owners/marker.h"
#include "interposer/owners/memory_map.h"
#include "interposer/owners/modules.h"
#include "interposer/owners/thread_frames.h"
#include "interposer/owners/thread_stack.h"

namespace silt::owners {

// Where the process stood when the copy was made.
struct Situation {
  int32_t process;
  int32_t thread;
  arch::CallFrame program_frame;  // where the program's own stack was left
  uint64_t own_stack_begin;       // what silt's own stack holds of it: registers
  uint64_t own_stack_end;
  uint64_t thread_pointer;
  bool heaps_marked;  // mappings that the copy did not get are a runtime's heaps
  // What was allocated before recording began is no known block: in glibc's heap up to here, or
  // anywhere, where the process was armed later.
  uint64_t early_heap_end;
  bool armed;
};

class Roots {
 public:
  Roots(const Situation& situation, const MemoryMap& memory, const LoadedModules& modules,
        const BlockIndex& blocks, const BlockIndex& objects, bool kinds_known, Marker& marker)
      : situation_(situation),
        memory_(memory),
        modules_(modules),
        blocks_(blocks),
        objects_(objects),
        kinds_known_(kinds_known),
        marker_(marker) {}

  // Marks everything. False when there was no memory.
  bool mark(const base::Range* own, size_t own_count);

  uint32_t threads() const { return threads_; }
  // Some memory of the process could not be read.
  bool hidden() const { return hidden_; }

 private:
  // Never more than this is copied at once.
  static constexpr size_t kCopy = 64 * 1024;

  bool claim(uint64_t start, uint64_t end);
  void scan(const Marker::RootPlace& place, uint64_t start, uint64_t end);
  void scan_plain(const Marker::RootPlace& place, uint64_t start, uint64_t end);
  void scan_copied(const Marker::RootPlace& place, int32_t process, uint64_t start, uint64_t end);
  void mark_modules();
  void mark_threads(bool stale);
  void walk(int32_t thread, const Standing& standing, uint64_t stack_end);
  void mark_thread(int32_t thread, uint64_t thread_pointer, bool stale);
  void mark_mappings();
  bool mark_objects();
  bool mark_garbage();
  void mark_not_copied();
  void mark_others();
  void mark_other_range(uint64_t start, uint64_t end, bool with_blocks);

  const Situation& situation_;
  const MemoryMap& memory_;
  const LoadedModules& modules_;
  const BlockIndex& blocks_;
  const BlockIndex& objects_;  // of a runtime's own allocator
  bool kinds_known_;           // they are marked with the blocks
  Marker& marker_;
  base::Range* claims_ = nullptr;  // what is known, in any order until all are there
  size_t claim_count_ = 0;
  size_t claim_room_ = 0;
  ThreadFrames frames_;  // of the thread that is being marked
  uint32_t threads_ = 0;
  bool hidden_ = false;
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_ROOTS_H_
