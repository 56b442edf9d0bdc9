// SPDX-License-Identifier: Apache-2.0
//
// Stacks of silt's own, for what needs more than a few hundred bytes: hooks and signal handlers run
// on whatever stack the target has there, and threads with 16 KiB or alternate signal stacks of a
// few hundred spare bytes are real. Whoever runs on one holds the lock that guards it and has
// signals blocked, so that no handler of the target finds itself on it. Any context.

#ifndef SILT_INTERPOSER_BASE_OWN_STACK_H_
#define SILT_INTERPOSER_BASE_OWN_STACK_H_

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "interposer/base/arch.h"

namespace silt::base {

template <size_t kSize>
class OwnStack {
 public:
  template <typename Body>
  void run(Body&& body) {
    using Plain = std::remove_reference_t<Body>;
    arch::call_on_stack(
        memory_ + kSize, [](void* argument) { (*static_cast<Plain*>(argument))(); }, &body);
  }

  // For an address on the stack of the running thread: whether it runs on this one.
  bool contains(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(memory_) < kSize;
  }

 private:
  static_assert(kSize % arch::kPageSize == 0);
  alignas(64) char memory_[kSize];
};

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_OWN_STACK_H_
