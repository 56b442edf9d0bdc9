// SPDX-License-Identifier: Apache-2.0
//
// The words of a stack belong to the functions that have them, with the frame pointer and without.

#include "interposer/owners/thread_frames.h"

#include <pthread.h>

#include <catch2/catch.hpp>
#include <cstdint>

#include "interposer/unwind/unwinder.h"

namespace silt::owners {
namespace {

// What each of two functions, one calling the other, has on the stack, and where it is returned to.
struct Seen {
  uint64_t outer_word = 0;
  uint64_t inner_word = 0;
  uint64_t into_outer = 0;
  uint64_t into_inner = 0;
  unwind::Frame here{};
};

__attribute__((noinline)) void stand(Seen& seen) {
  seen.here = unwind::caller_of(SILT_CALL_FRAME);
  seen.into_inner = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  asm volatile("" ::: "memory");
}

__attribute__((noinline)) void inner(Seen& seen, void (*then)(Seen&)) {
  volatile uint64_t words[20] = {};
  seen.inner_word = reinterpret_cast<uint64_t>(&words[10]);
  seen.into_outer = reinterpret_cast<uint64_t>(__builtin_return_address(0));
  stand(seen);
  then(seen);
  asm volatile("" ::"r"(&words) : "memory");
}

__attribute__((noinline)) void outer(Seen& seen, void (*then)(Seen&)) {
  volatile uint64_t words[20] = {};
  seen.outer_word = reinterpret_cast<uint64_t>(&words[10]);
  inner(seen, then);
  asm volatile("" ::"r"(&words) : "memory");
}

uint64_t stack_end() {
  pthread_attr_t attributes;
  void* low = nullptr;
  size_t size = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &low, &size);
  pthread_attr_destroy(&attributes);
  return reinterpret_cast<uint64_t>(low) + size;
}

void check(Seen& seen, uint64_t frame_pointer) {
  static const bool can_derive = unwind::open_unwinder();
  REQUIRE(can_derive);
  static ThreadFrames frames;
  frames.walk({seen.here.pc, seen.here.sp, frame_pointer}, stack_end());
  CHECK(frames.pc_of(seen.inner_word) == seen.into_inner);
  CHECK(frames.pc_of(seen.outer_word) == seen.into_outer);
  CHECK(frames.pc_of(stack_end()) == 0);
  frames.clear();
  CHECK(frames.pc_of(seen.inner_word) == 0);
}

TEST_CASE("a word on a stack is the function's whose frame it lies in") {
  Seen seen;
  outer(seen, [](Seen& at) { check(at, at.here.bp); });
}

TEST_CASE("a word on a stack is the function's also where the frame pointer is not known") {
  Seen seen;
  outer(seen, [](Seen& at) { check(at, 0); });
}

TEST_CASE("beyond where a walk ends nothing is known") {
  static ThreadFrames frames;
  REQUIRE(unwind::open_unwinder());
  uint64_t words[64] = {};
  for (size_t i = 0; i < 8; ++i) words[i] = reinterpret_cast<uint64_t>(&stand) + 4;
  const auto begin = reinterpret_cast<uint64_t>(&words[0]);
  const auto end = reinterpret_cast<uint64_t>(&words[64]);
  frames.walk({reinterpret_cast<uint64_t>(&stand) + 4, begin, 0}, end);
  // How far the last frame goes that it came to is not known: what lies beyond is nobody's.
  CHECK(frames.pc_of(reinterpret_cast<uint64_t>(&words[40])) == 0);
  CHECK(frames.pc_of(end) == 0);
}

}  // namespace
}  // namespace silt::owners
