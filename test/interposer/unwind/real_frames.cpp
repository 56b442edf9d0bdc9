// SPDX-License-Identifier: Apache-2.0
//
// See real_frames.h. Compiled twice, with REAL_FRAMES naming the namespace.

#include "test/interposer/unwind/real_frames.h"

#include <alloca.h>

#include <cstdlib>
#include <cstring>

#ifdef __clang__
#define SILT_TEST_FRAME __attribute__((noinline))
#else
#define SILT_TEST_FRAME __attribute__((noinline, noclone, noipa))
#endif
#define SILT_TEST_STAY() asm volatile("" ::: "memory")
#define SILT_TEST_ESCAPE(pointer) asm volatile("" ::"r"(pointer) : "memory")

namespace silt::unwind::test::REAL_FRAMES {
namespace {

uint64_t next(Descent* descent) {
  descent->random = descent->random * 6364136223846793005 + 1442695040888963407;
  return descent->random >> 33;
}

SILT_TEST_FRAME void plain(Descent* descent) {
  descend(descent);
  SILT_TEST_STAY();
}

SILT_TEST_FRAME void large(Descent* descent) {
  char bytes[3000];
  SILT_TEST_ESCAPE(bytes);
  descend(descent);
  SILT_TEST_ESCAPE(bytes);
}

SILT_TEST_FRAME void uses_registers(Descent* descent) {
  // More values live over the call than there are callee-saved registers.
  const uint64_t a = next(descent), b = next(descent), c = next(descent), d = next(descent);
  const uint64_t e = next(descent), f = next(descent), g = next(descent), h = next(descent);
  descend(descent);
  const uint64_t sum[] = {a, b, c, d, e, f, g, h};
  SILT_TEST_ESCAPE(sum);
}

SILT_TEST_FRAME void with_alloca(Descent* descent) {
  const size_t size = 16 + next(descent) % 500;
  void* const bytes = alloca(size);
  std::memset(bytes, 1, size);
  SILT_TEST_ESCAPE(bytes);
  descend(descent);
  SILT_TEST_ESCAPE(bytes);
}

SILT_TEST_FRAME void aligned(Descent* descent) {
  alignas(64) char bytes[100];
  SILT_TEST_ESCAPE(bytes);
  descend(descent);
  SILT_TEST_ESCAPE(bytes);
}

SILT_TEST_FRAME void aligned_with_alloca(Descent* descent) {
  alignas(128) char bytes[100];
  void* const more = alloca(32 + next(descent) % 100);
  SILT_TEST_ESCAPE(bytes);
  SILT_TEST_ESCAPE(more);
  descend(descent);
  SILT_TEST_ESCAPE(bytes);
  SILT_TEST_ESCAPE(more);
}

#if defined(__x86_64__)
#define SILT_TEST_REALIGNED __attribute__((force_align_arg_pointer))
#else
#define SILT_TEST_REALIGNED
#endif

SILT_TEST_FRAME SILT_TEST_REALIGNED void forced(Descent* descent) {
  char bytes[40];
  SILT_TEST_ESCAPE(bytes);
  descend(descent);
  SILT_TEST_ESCAPE(bytes);
}

SILT_TEST_FRAME void many_arguments(Descent* descent, long, long, long, long, long, long a, long b,
                                    long c, long d) {
  SILT_TEST_ESCAPE(&a);
  SILT_TEST_ESCAPE(&b);
  SILT_TEST_ESCAPE(&c);
  SILT_TEST_ESCAPE(&d);
  descend(descent);
  SILT_TEST_STAY();
}

SILT_TEST_FRAME void pushes_arguments(Descent* descent) {
  many_arguments(descent, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  SILT_TEST_STAY();
}

thread_local Descent* compared = nullptr;

// Through the C library's own frames.
SILT_TEST_FRAME void through_qsort(Descent* descent) {
  int numbers[2] = {2, 1};
  compared = descent;
  std::qsort(numbers, 2, sizeof(int), [](const void*, const void*) {
    Descent* const mine = compared;
    compared = nullptr;
    if (mine != nullptr) descend(mine);
    return 0;
  });
  SILT_TEST_ESCAPE(numbers);
}

struct Thrown {};

SILT_TEST_FRAME void with_cleanup(Descent* descent) {
  struct Cleanup {
    ~Cleanup() { SILT_TEST_STAY(); }
  } cleanup;
  try {
    descend(descent);
    if (descent->depth == INT32_MIN) throw Thrown{};
  } catch (const Thrown&) {
    SILT_TEST_STAY();
  }
}

}  // namespace

SILT_TEST_FRAME void descend(Descent* descent) {
  if (descent->depth-- <= 0) {
    descent->visit(descent->argument);
    SILT_TEST_STAY();
    return;
  }
  switch (next(descent) % 12) {
    case 0:
    case 1:
      plain(descent);
      break;
    case 2:
      large(descent);
      break;
    case 3:
      uses_registers(descent);
      break;
    case 4:
      with_alloca(descent);
      break;
    case 5:
      aligned(descent);
      break;
    case 6:
      aligned_with_alloca(descent);
      break;
    case 7:
      forced(descent);
      break;
    case 8:
      pushes_arguments(descent);
      break;
    case 9:
      through_qsort(descent);
      break;
    case 10:
      with_cleanup(descent);
      break;
    default: {
      void (*const other)(Descent*) = descent->other;
      descent->other = descend;
      other(descent);
      descent->other = other;
      break;
    }
  }
  SILT_TEST_STAY();
}

}  // namespace silt::unwind::test::REAL_FRAMES
