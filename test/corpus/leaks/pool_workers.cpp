// SPDX-License-Identifier: Apache-2.0
//
// Three long-lived workers take tasks; each forgets a result now and then. One leak, in any thread.
//
// truth: leak result

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "test/corpus/rounds.h"

SILT_NOINLINE static int run_task(int id) {
  char* result = new char[140];  // LEAK: result
  snprintf(result, 140, "result %d", id);
  keep(result);
  if (id % 8 == 5) return 1;
  delete[] result;
  return 0;
}

int main() {
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  int running = 0;
  int next = 0;
  bool stop = false;
  std::vector<std::thread> workers;
  for (int t = 0; t < 3; t++) {
    workers.emplace_back([&] {
      std::unique_lock lock(mutex);
      for (;;) {
        changed.wait(lock, [&] { return stop || waiting > 0; });
        if (waiting == 0) return;
        waiting--;
        running++;
        const int id = next++;
        lock.unlock();
        run_task(id);
        lock.lock();
        running--;
        changed.notify_all();
      }
    });
  }
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 240; i++) {
      {
        const std::lock_guard lock(mutex);
        waiting++;
        changed.notify_all();
      }
      pace(i, 240);
    }
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return waiting == 0 && running == 0; });
    lock.unlock();
    take_snapshot();
  }
  {
    const std::lock_guard lock(mutex);
    stop = true;
    changed.notify_all();
  }
  for (std::thread& worker : workers) worker.join();
  return 0;
}
