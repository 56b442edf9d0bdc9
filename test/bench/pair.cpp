// SPDX-License-Identifier: Apache-2.0
//
// What one malloc+free pair costs, by stack depth and by threads. Beds:
//   loop     the stack is entered once, then a loop allocates at four sites: what a parser does
//   stacks   each pair stands on a different one of 100 stacks, all frames entered anew: the worst
//            case for anything that remembers the previous stack
//   many     the same with 10,000 stacks: a binary tree of calls, then a straight piece
//   live     loop, but of a million blocks that are live a random one is replaced by each pair
// Depth counts the frames of this program between the worker and malloc; the runtime adds its own
// below. Compiled without frame pointers. Each pair touches its block, and nothing lets the
// compiler drop the pair, inline a frame or turn a call into a jump.
//
// usage: pair loop|stacks|many|live DEPTH THREADS PAIRS    (PAIRS for each thread and round)
// Prints the median of nine rounds: wall and CPU nanoseconds for each pair.

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#ifdef __clang__
#define BENCH_FRAME [[gnu::noinline]]
#else
#define BENCH_FRAME [[gnu::noinline, gnu::noclone]]
#endif

namespace {

constexpr int kRounds = 9;
constexpr int kStacks = 100;
constexpr int kLevels = 8;  // functions of one stack; deeper stacks go around them again

uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

// The pointer escapes and memory may have changed: the pair before it must really happen.
inline void keep(void* block) { asm volatile("" : : "r"(block) : "memory"); }

// After a call: what follows is not nothing, so the call is no tail call.
inline void stay() { asm volatile("" : : : "memory"); }

inline void touch(void* block) {
  if (block == nullptr) abort();
  *static_cast<volatile char*>(block) = 1;
  keep(block);
}

// Four call sites in one frame.
BENCH_FRAME void allocate_in_loop(uint64_t pairs) {
  for (uint64_t i = 0; i < pairs; i += 4) {
    void* first = malloc(40);
    touch(first);
    free(first);
    void* second = malloc(72);
    touch(second);
    free(second);
    void* third = malloc(136);
    touch(third);
    free(third);
    void* fourth = malloc(24);
    touch(fourth);
    free(fourth);
  }
}

BENCH_FRAME void enter_then_loop(int depth, uint64_t pairs) {
  if (depth <= 1) {
    allocate_in_loop(pairs);
  } else {
    enter_then_loop(depth - 1, pairs);
  }
  stay();
}

template <int Stack, int Level>
BENCH_FRAME void descend(int depth) {
  asm volatile("" : : "i"(Stack * kLevels + Level));  // equal functions would be merged
  if (depth <= 1) {
    void* block = malloc(24 + 4 * Stack);
    touch(block);
    free(block);
  } else {
    descend<Stack, (Level + 1) % kLevels>(depth - 1);
  }
  stay();
}

using Entry = void (*)(int depth);

template <int... Stack>
constexpr std::array<Entry, sizeof...(Stack)> entries(std::integer_sequence<int, Stack...>) {
  return {&descend<Stack, 0>...};
}
constexpr auto kEntries = entries(std::make_integer_sequence<int, kStacks>());

BENCH_FRAME void enter_each_anew(int depth, uint64_t pairs) {
  int stack = 0;
  for (uint64_t i = 0; i < pairs; ++i) {
    kEntries[static_cast<size_t>(stack)](depth);
    stack += 37;  // no neighbour twice in a row; 37 and 100 share no factor
    if (stack >= kStacks) stack -= kStacks;
  }
}

// The bits of `path` choose between two calls at each level while there are any.
constexpr int kPathLevels = 14;
constexpr uint64_t kManyStacks = 10000;

BENCH_FRAME void descend_path(uint64_t path, int levels, int depth) {
  if (depth <= 1) {
    void* block = malloc(24 + 8 * (path % 64));
    touch(block);
    free(block);
  } else if (levels > 0 && (path >> (levels - 1) & 1) != 0) {
    descend_path(path, levels - 1, depth - 1);
    stay();
  } else {
    descend_path(path, levels - 1, depth - 1);
    asm volatile("nop" : : : "memory");  // another place than the one above
  }
  stay();
}

BENCH_FRAME void enter_many_anew(int depth, uint64_t pairs) {
  uint64_t stack = 0;
  for (uint64_t i = 0; i < pairs; ++i) {
    descend_path(stack, depth - 1 < kPathLevels ? depth - 1 : kPathLevels, depth);
    stack = (stack + 3701) % kManyStacks;
  }
}

constexpr size_t kLiveBlocks = 1000000;
thread_local std::vector<void*> live_blocks;

BENCH_FRAME void replace_live(uint64_t pairs) {
  thread_local uint64_t random = 88172645463325252;
  for (uint64_t i = 0; i < pairs; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    void*& block = live_blocks[random % kLiveBlocks];
    free(block);
    block = malloc(64);
    touch(block);
  }
}

BENCH_FRAME void enter_then_replace(int depth, uint64_t pairs) {
  if (depth <= 1) {
    if (live_blocks.empty()) {
      live_blocks.resize(kLiveBlocks);
      for (void*& block : live_blocks) block = malloc(64);
    }
    replace_live(pairs);
  } else {
    enter_then_replace(depth - 1, pairs);
  }
  stay();
}

enum class Kind { kLoop, kStacks, kMany, kLive };

struct Bed {
  Kind kind = Kind::kLoop;
  int depth = 1;
  int threads = 1;
  uint64_t pairs = 0;
};

void run_bed(const Bed& bed, uint64_t pairs) {
  if (bed.kind == Kind::kStacks) {
    enter_each_anew(bed.depth, pairs);
  } else if (bed.kind == Kind::kMany) {
    enter_many_anew(bed.depth, pairs);
  } else if (bed.kind == Kind::kLive) {
    enter_then_replace(bed.depth - 1, pairs);
  } else if (bed.depth <= 1) {
    allocate_in_loop(pairs);
  } else {
    enter_then_loop(bed.depth - 1, pairs);
  }
}

struct Round {
  uint64_t wall_ns = 0;
  uint64_t cpu_ns = 0;
};

// All threads start a round together; a thread's own time is what counts.
void measure(const Bed& bed, pthread_barrier_t& barrier, std::vector<Round>& rounds) {
  run_bed(bed, bed.pairs / 10 + 400);
  for (Round& round : rounds) {
    pthread_barrier_wait(&barrier);
    const uint64_t wall = clock_ns(CLOCK_MONOTONIC);
    const uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    run_bed(bed, bed.pairs);
    round.cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    round.wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
  }
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int usage() {
  std::fprintf(stderr, "usage: pair loop|stacks|many|live DEPTH THREADS PAIRS\n");
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return usage();
  Bed bed;
  constexpr std::array<const char*, 4> kNames = {"loop", "stacks", "many", "live"};
  size_t kind = 0;
  while (kind < kNames.size() && std::strcmp(argv[1], kNames[kind]) != 0) ++kind;
  if (kind == kNames.size()) return usage();
  bed.kind = static_cast<Kind>(kind);
  bed.depth = std::atoi(argv[2]);
  bed.threads = std::atoi(argv[3]);
  bed.pairs = std::strtoull(argv[4], nullptr, 10);
  if (bed.depth < 1 || bed.threads < 1 || bed.threads > 256 || bed.pairs < 4) return usage();

  const auto threads = static_cast<size_t>(bed.threads);
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, static_cast<unsigned>(bed.threads));
  std::vector<std::vector<Round>> rounds(threads, std::vector<Round>(kRounds));
  if (bed.threads == 1) {
    measure(bed, barrier, rounds[0]);
  } else {
    std::vector<std::thread> workers;
    for (size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&bed, &barrier, &rounds, i] { measure(bed, barrier, rounds[i]); });
    }
    for (std::thread& worker : workers) worker.join();
  }

  std::vector<double> wall;
  std::vector<double> cpu;
  for (int round = 0; round < kRounds; ++round) {
    uint64_t wall_sum = 0;
    uint64_t cpu_sum = 0;
    for (const auto& thread_rounds : rounds) {
      wall_sum += thread_rounds[static_cast<size_t>(round)].wall_ns;
      cpu_sum += thread_rounds[static_cast<size_t>(round)].cpu_ns;
    }
    const double pairs = static_cast<double>(bed.pairs) * bed.threads;
    wall.push_back(static_cast<double>(wall_sum) / pairs);
    cpu.push_back(static_cast<double>(cpu_sum) / pairs);
  }
  std::printf("%s depth %d threads %d: wall %.2f ns/pair, cpu %.2f ns/pair\n", argv[1], bed.depth,
              bed.threads, median(wall), median(cpu));
  return 0;
}
