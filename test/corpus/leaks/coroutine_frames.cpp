// SPDX-License-Identifier: Apache-2.0
//
// Coroutines that are suspended at their end and never destroyed: each leaves its frame, which the
// compiler allocates where the coroutine is called.
//
// truth: leak frame

#include <coroutine>
#include <exception>

#include "test/corpus/rounds.h"

struct Task {
  struct promise_type {
    int value = 0;
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(int result) { value = result; }
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

// clang-format off
SILT_NOINLINE static Task fetch(int id) {  // LEAK: frame
  char page[160];
  snprintf(page, sizeof page, "page %d", id);
  keep(page);
  co_return page[5];
}  // LEAK: frame
// clang-format on

int main() {
  int sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 160; i++) {
      sum += fetch(i).handle.promise().value;  // LEAK: frame
      pace(i, 160);
    }
    take_snapshot();
  }
  return sum == 0;
}
