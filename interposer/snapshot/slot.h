// SPDX-License-Identifier: Apache-2.0
//
// The snapshot slot: what one thread at a time does, with all signals blocked, since a handler that
// never came back would keep the slot. A snapshot, a slice of folding, and whatever no snapshot may
// be taken beside. The first two run on a stack of silt's own: handlers run on small ones. Whoever
// holds the slot takes no lock that the program could hold, the loader's among them. Signal
// context.

#ifndef SILT_INTERPOSER_SNAPSHOT_SLOT_H_
#define SILT_INTERPOSER_SNAPSHOT_SLOT_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/own_stack.h"

namespace silt::snapshot {

class Slot {
 public:
  // False: another thread has it.
  bool try_take() { return !taken_.exchange(true, std::memory_order_acquire); }
  void give_back() { taken_.store(false, std::memory_order_release); }
  bool is_taken() const { return taken_.load(std::memory_order_acquire); }

  // Holding it.
  template <typename Work>
  void run(Work&& work) {
    program_frame_ = SILT_CALL_FRAME;
    stack_.run(work);
  }
  // While it runs: where the program's stack was left, and where silt's own begins.
  const arch::CallFrame& program_frame() const { return program_frame_; }
  uint64_t stack_end() const { return reinterpret_cast<uint64_t>(&stack_) + sizeof(stack_); }

  // In the child of a fork: whoever had it is not there any more.
  void finish_fork_in_child() { taken_.store(false, std::memory_order_relaxed); }

 private:
  std::atomic<bool> taken_{false};
  arch::CallFrame program_frame_{};
  base::OwnStack<size_t{64} * 1024> stack_{};
};

inline constinit Slot slot{};

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_SLOT_H_
