// SPDX-License-Identifier: Apache-2.0
//
// Allocates at stacks of which each comes once, as a server's mostly do, and keeps few blocks. It
// paces itself by its own processor time, so that a tree which is not folded grows and grows.
// usage: ever_new_stacks SECONDS    of processor time, before and after `ready first`

#include <time.h>

#include <cstdint>

#include "test/programs/truth.h"

namespace {

constexpr int kDepth = 40;
constexpr long kNewStacksInTurn = 150;
constexpr long kMillisecondsOfTurn = 20;
constexpr long kKeptEvery = 100;

long made = 0;
long kept = 0;
long same = 0;

VICTIM_FRAME void passing() {
  void* const block = malloc(3041);
  VICTIM_KEEP(block);
  free(block);
}

VICTIM_FRAME void staying() {
  void* const block = malloc(3042);
  VICTIM_KEEP(block);
}

VICTIM_FRAME void same_stack() {
  void* const block = malloc(3043);
  VICTIM_KEEP(block);
  free(block);
}

// Each bit of the path chooses one of two places to go on from.
VICTIM_FRAME void descend(uint64_t path, int depth, bool stays) {
  if (depth == 0) {
    if (stays) {
      staying();
    } else {
      passing();
    }
  } else if ((path & 1) != 0) {
    descend(path >> 1, depth - 1, stays);
    __asm__ volatile("# one" : : : "memory");
  } else {
    descend(path >> 1, depth - 1, stays);
    __asm__ volatile("# zero" : : : "memory");
  }
  VICTIM_STAY();
}

VICTIM_FRAME void new_stack() {
  const bool stays = made % kKeptEvery == 0;
  // An odd number times another is another path each time, and most part early.
  descend((static_cast<uint64_t>(made) * 0x9e3779b97f4a7c15) >> (64 - kDepth), kDepth, stays);
  ++made;
  kept += stays ? 1 : 0;
}

long milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

void work(long seconds) {
  const long end = milliseconds() + seconds * 1000;
  for (long turn = milliseconds(); turn < end; turn += kMillisecondsOfTurn) {
    for (long i = 0; i < kNewStacksInTurn; ++i) new_stack();
    for (; milliseconds() < turn + kMillisecondsOfTurn; ++same) same_stack();
  }
}

// `allocated BLOCKS BYTES live BLOCKS BYTES`: all that it has allocated itself.
void tell() {
  char text[128];
  const int size = snprintf(text, sizeof text, "allocated %ld %ld live %ld %ld\n", made + same,
                            (made - kept) * 3041 + kept * 3042 + same * 3043, kept, kept * 3042);
  victim_say(text, static_cast<size_t>(size));
}

}  // namespace

int main(int argc, char** argv) {
  VICTIM_CHECK(argc == 2);
  const long seconds = strtol(argv[1], nullptr, 10);
  work(seconds);
  tell();
  ready("first");
  work(seconds);
  tell();
  ready("done");
  return 0;
}
