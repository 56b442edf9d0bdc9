// SPDX-License-Identifier: Apache-2.0
//
// Four long-lived threads, each with a cache of its own that is bounded and full after two rounds.
//
// truth: healthy

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/corpus/rounds.h"

static thread_local std::deque<std::string> cache;

SILT_NOINLINE static void remember(int id) {
  cache.emplace_back(100 + static_cast<size_t>(id) % 60, 't');
  if (cache.size() > 100) cache.pop_front();
}

int main() {
  std::mutex mutex;
  std::condition_variable changed;
  int round = 0;
  int finished = 0;
  const int rounds = 10;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&] {
      for (int mine = 1;; mine++) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return round >= mine; });
        if (round > rounds) return;
        lock.unlock();
        for (int i = 0; i < 64; i++) remember(i * mine);
        lock.lock();
        finished++;
        changed.notify_all();
      }
    });
  }
  for (int r = 1; r <= rounds; r++) {
    for (int i = 0; i < 16; i++) pace(i, 16);
    std::unique_lock lock(mutex);
    round = r;
    changed.notify_all();
    changed.wait(lock, [&] { return finished == 4 * r; });
    lock.unlock();
    take_snapshot();
  }
  {
    const std::lock_guard lock(mutex);
    round = rounds + 1;
    changed.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}
