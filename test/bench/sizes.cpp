// SPDX-License-Identifier: Apache-2.0
//
// What silt's tables take, and what a snapshot of them costs:
//   live N             N live blocks of 64 bytes from one stack
//   stacks N           N blocks, each from a stack of its own: the paths of a binary tree of calls
//   heap GIB           as many GiB of live blocks of 256 KiB, untouched but for their headers
//   snapshot N STACKS  N live blocks from STACKS stacks; then this thread takes a snapshot while
//                      another one goes on allocating (under silt only). Prints how long this one waited, and the
//                      longest time that a pair of the other took, during the snapshot and before
//
// usage: sizes live|stacks|heap N, sizes snapshot N STACKS. Blocks stay live to the end, so that
// the snapshot at exit tells of all of them.

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

#define BENCH_FRAME [[gnu::noinline]]

inline void keep(void* block) { asm volatile("" : : "r"(block) : "memory"); }
inline void stay() { asm volatile("" : : : "memory"); }

uint64_t now_ns(clockid_t clock = CLOCK_MONOTONIC) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

BENCH_FRAME void allocate(size_t size, uint64_t count) {
  for (uint64_t i = 0; i < count; ++i) {
    void* const block = malloc(size);
    if (block == nullptr) abort();
    keep(block);
  }
}

// The path's bits choose between two calls at each level.
BENCH_FRAME void descend(uint64_t path, unsigned levels, size_t size, uint64_t count) {
  if (levels == 0) {
    allocate(size, count);
  } else if ((path & 1) != 0) {
    descend(path >> 1, levels - 1, size, count);
    stay();
  } else {
    descend(path >> 1, levels - 1, size, count);
    asm volatile("nop" : : : "memory");  // another place than the one above
  }
  stay();
}

void allocate_on_stacks(uint64_t stacks, uint64_t blocks) {
  unsigned levels = 0;
  while (uint64_t{1} << levels < stacks) ++levels;
  for (uint64_t i = 0; i < stacks; ++i) {
    descend(i, levels, 64, blocks * (i + 1) / stacks - blocks * i / stacks);
  }
}

std::atomic<bool> g_stop{false};
std::atomic<bool> g_snapshot{false};
uint64_t g_longest[2];

void go_on_allocating() {
  uint64_t before = now_ns();
  while (!g_stop.load(std::memory_order_relaxed)) {
    const bool during = g_snapshot.load(std::memory_order_relaxed);
    void* const block = malloc(64);
    keep(block);
    free(block);
    const uint64_t now = now_ns();
    g_longest[during ? 1 : 0] = std::max(g_longest[during ? 1 : 0], now - before);
    before = now;
  }
}

void measure_snapshot(uint64_t blocks, uint64_t stacks) {
  allocate_on_stacks(stacks, blocks);
  std::thread other(go_on_allocating);
  const timespec second{1, 0};
  for (int i = 0; i < 3; ++i) {
    nanosleep(&second, nullptr);
    g_snapshot = true;
    const uint64_t begin = now_ns();
    const uint64_t cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
    pthread_kill(pthread_self(), SIGUSR2);
    const uint64_t cpu_end = now_ns(CLOCK_THREAD_CPUTIME_ID);
    const uint64_t end = now_ns();
    g_snapshot = false;
    std::printf("snapshot %.2f ms, CPU %.2f ms\n", static_cast<double>(end - begin) * 1e-6,
                static_cast<double>(cpu_end - cpu) * 1e-6);
  }
  g_stop = true;
  other.join();
  std::printf("longest pair of the other thread: %.2f ms before, %.2f ms during\n",
              static_cast<double>(g_longest[0]) * 1e-6, static_cast<double>(g_longest[1]) * 1e-6);
}

int usage() {
  std::fprintf(stderr, "usage: sizes live|stacks|heap N, sizes snapshot N STACKS\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return usage();
  const uint64_t number = std::strtoull(argv[2], nullptr, 10);
  if (std::strcmp(argv[1], "live") == 0) {
    allocate(64, number);
  } else if (std::strcmp(argv[1], "stacks") == 0) {
    allocate_on_stacks(number, number);
  } else if (std::strcmp(argv[1], "heap") == 0) {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    allocate(256 * 1024, number * 4096);
  } else if (std::strcmp(argv[1], "snapshot") == 0 && argc == 4) {
    measure_snapshot(number, std::strtoull(argv[3], nullptr, 10));
  } else {
    return usage();
  }
  std::fflush(stdout);
  _Exit(0);  // with all of it live
}
