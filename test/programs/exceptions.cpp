// SPDX-License-Identifier: Apache-2.0
//
// Exceptions thrown and caught over and over, through frames with destructors, nested, rethrown and
// carried between threads: each allocates and frees one block, and unwinding works as ever.

#include <exception>
#include <stdexcept>
#include <string>
#include <thread>

#include "test/programs/truth.h"

namespace {

int destroyed = 0;

struct Guard {
  ~Guard() { ++destroyed; }
};

VICTIM_FRAME void throw_at(int depth) {
  const Guard guard;
  if (depth == 0) throw std::runtime_error("a message too long to be kept in the object itself");
  throw_at(depth - 1);
  VICTIM_STAY();
}

VICTIM_FRAME void throw_and_catch() {
  for (int i = 0; i < 10000; ++i) {
    bool caught = false;
    try {
      throw_at(i % 20);
    } catch (const std::exception& error) {
      caught = std::string(error.what()).size() == 50;
    }
    VICTIM_CHECK(caught);
  }
}

VICTIM_FRAME void leak_in_catch() {
  try {
    throw_at(3);
  } catch (const std::exception&) {
    void* block = malloc(4003);
    VICTIM_KEEP(block);
  }
}

VICTIM_FRAME void carry_between_threads() {
  std::exception_ptr carried;
  std::thread([&carried] {
    try {
      throw_at(2);
    } catch (...) {
      carried = std::current_exception();
    }
  }).join();
  bool caught = false;
  try {
    std::rethrow_exception(carried);
  } catch (const std::runtime_error&) {
    caught = true;
  }
  VICTIM_CHECK(caught);
}

}  // namespace

int main() {
  throw_and_catch();
  for (int i = 0; i < 10; ++i) leak_in_catch();
  carry_between_threads();
  VICTIM_CHECK(destroyed == 10000 / 20 * 210 + 10 * 4 + 3);
  expect_in("throw_at", "native", 0, 0, -1, -1);
  expect_in("throw_and_catch", "native", 0, 0, -1, -1);
  expect_in("leak_in_catch", "native", 10, 10 * 4003, -1, -1);
  ready("done");
  return 0;
}
