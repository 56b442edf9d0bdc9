// SPDX-License-Identifier: Apache-2.0
//
// Every form of operator new and delete, each recorded once although it ends in malloc and free:
// plain, array, nothrow, aligned, aligned nothrow, each freed by the forms that may free it. A
// failing new throws std::bad_alloc after asking the new-handler; its nothrow form returns null.

#include <cstdint>
#include <new>

#include "test/programs/truth.h"

namespace {

constexpr auto kAlign = std::align_val_t{128};
volatile size_t huge = SIZE_MAX / 2;

// Five blocks; the first two are freed by two different forms of delete.
#define VICTIM_OPERATOR(name, size, allocate, free_one, free_other) \
  VICTIM_FRAME void name() {                                        \
    for (int i = 0; i < 5; ++i) {                                   \
      void* block = allocate;                                       \
      VICTIM_KEEP(block);                                           \
      VICTIM_CHECK(block != nullptr);                               \
      if (i == 0) free_one;                                         \
      if (i == 1) free_other;                                       \
    }                                                               \
  }

VICTIM_OPERATOR(new_plain, 2003, ::operator new(2003), ::operator delete(block),
                ::operator delete (block, size_t{2003}))
VICTIM_OPERATOR(new_array, 2011, ::operator new[](2011), ::operator delete[](block),
                ::operator delete[](block, size_t{2011}))
VICTIM_OPERATOR(new_nothrow, 2017, ::operator new(2017, std::nothrow),
                ::operator delete(block, std::nothrow), ::operator delete(block))
VICTIM_OPERATOR(new_array_nothrow, 2027, ::operator new[](2027, std::nothrow),
                ::operator delete[](block, std::nothrow), ::operator delete[](block))
VICTIM_OPERATOR(new_aligned, 2176, ::operator new(2176, kAlign), ::operator delete(block, kAlign),
                ::operator delete (block, size_t{2176}, kAlign))
VICTIM_OPERATOR(new_array_aligned, 2304, ::operator new[](2304, kAlign),
                ::operator delete[](block, kAlign),
                ::operator delete[](block, size_t{2304}, kAlign))
VICTIM_OPERATOR(new_aligned_nothrow, 2432, ::operator new(2432, kAlign, std::nothrow),
                ::operator delete(block, kAlign, std::nothrow), ::operator delete(block, kAlign))
VICTIM_OPERATOR(new_array_aligned_nothrow, 2560, ::operator new[](2560, kAlign, std::nothrow),
                ::operator delete[](block, kAlign, std::nothrow),
                ::operator delete[](block, kAlign))

int handler_calls = 0;
void give_up_second_time() {
  if (++handler_calls == 2) std::set_new_handler(nullptr);
}

VICTIM_FRAME void new_fails() {
  std::set_new_handler(give_up_second_time);
  bool caught = false;
  try {
    void* block = ::operator new(huge);
    VICTIM_KEEP(block);
  } catch (const std::bad_alloc&) {
    caught = true;
  }
  VICTIM_CHECK(caught);
  VICTIM_CHECK(handler_calls == 2);
  void* block = ::operator new(huge, std::nothrow);
  VICTIM_CHECK(block == nullptr);
}

struct Counted {
  char bytes[2039];
};

VICTIM_FRAME void new_expression() {
  for (int i = 0; i < 5; ++i) {
    auto* object = new Counted;
    VICTIM_KEEP(object);
    if (i < 2) delete object;
  }
}

}  // namespace

int main() {
  new_plain();
  new_array();
  new_nothrow();
  new_array_nothrow();
  new_aligned();
  new_array_aligned();
  new_aligned_nothrow();
  new_array_aligned_nothrow();
  new_fails();
  new_expression();
  ::operator delete(nullptr);

  expect_blocks("new_plain", 5, 2003, 2);
  expect_blocks("new_array", 5, 2011, 2);
  expect_blocks("new_nothrow", 5, 2017, 2);
  expect_blocks("new_array_nothrow", 5, 2027, 2);
  expect_blocks("new_aligned", 5, 2176, 2);
  expect_blocks("new_array_aligned", 5, 2304, 2);
  expect_blocks("new_aligned_nothrow", 5, 2432, 2);
  expect_blocks("new_array_aligned_nothrow", 5, 2560, 2);
  expect_blocks("new_expression", 5, 2039, 2);
  ready("done");
  return 0;
}
