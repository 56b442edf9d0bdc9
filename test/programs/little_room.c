// SPDX-License-Identifier: Apache-2.0
//
// How much of its caller's stack a hook uses, to the byte, and what happens where there is none.
//
//   little_room measure   each call runs on a stack of its own that is painted first; `used NAME N`
//                         says how far down it was overwritten, the first time and then again
//   little_room overflow  recursion that maps memory until it meets the guard page; a handler on an
//                         alternate stack jumps out, again and again, and everything goes on

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "test/programs/truth.h"

enum { kStackSize = 256 << 10, kPaint = 0x5a };

static unsigned char* stack;
static ucontext_t outside;
static ucontext_t inside;
static void (*called)(void);

static void enter(void) { called(); }

static size_t painted_over(void (*function)(void)) {
  memset(stack, kPaint, kStackSize);
  called = function;
  VICTIM_CHECK(getcontext(&inside) == 0);
  inside.uc_stack.ss_sp = stack;
  inside.uc_stack.ss_size = kStackSize;
  inside.uc_link = &outside;
  makecontext(&inside, enter, 0);
  VICTIM_CHECK(swapcontext(&outside, &inside) == 0);
  size_t untouched = 0;
  while (untouched < kStackSize && stack[untouched] == kPaint) ++untouched;
  return kStackSize - untouched;
}

static void* block;
static void* other;
static void* mapping;

static void call_nothing(void) { VICTIM_STAY(); }
static void call_malloc(void) { VICTIM_KEEP(block = malloc(6007)); }
static void call_calloc(void) { VICTIM_KEEP(other = calloc(1, 6011)); }
static void call_realloc(void) { VICTIM_KEEP(block = realloc(block, 7001)); }
static void call_free(void) {
  free(block);
  VICTIM_STAY();
}
static void call_free_other(void) {
  free(other);
  VICTIM_STAY();
}
static void call_mmap(void) {
  mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_STAY();
}
static void call_munmap(void) {
  munmap(mapping, 8192);
  VICTIM_STAY();
}
static void call_many(void) {
  for (int i = 0; i < 600; ++i) free(malloc((size_t)i));
}
static void call_raise(void) {
  raise(SIGUSR2);
  VICTIM_STAY();
}

static void measure(void) {
  static const struct {
    const char* name;
    void (*function)(void);
  } calls[] = {{"nothing", call_nothing}, {"malloc", call_malloc}, {"calloc", call_calloc},
               {"realloc", call_realloc}, {"free", call_free},     {"free", call_free_other},
               {"mmap", call_mmap},       {"munmap", call_munmap}, {"many", call_many},
               {"snapshot", call_raise}};
  stack = mmap(NULL, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(stack != MAP_FAILED);
  for (int round = 0; round < 2; ++round) {
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; ++i) {
      const size_t used = painted_over(calls[i].function);
      char text[96];
      victim_say(text, (size_t)snprintf(text, sizeof text, "used %s %zu\n", calls[i].name, used));
    }
  }
}

// ---- overflow

static sigjmp_buf out;
static char alternate_stack[65536];

static volatile int only_unmaps;  // what is called reaches less far down

static void on_fault(int number) { siglongjmp(out, number); }

// A little less room in each round, so that the page is met at every point of a hook.
VICTIM_FRAME static int recurse(int depth) {
  volatile char frame[48];
  if (depth < 0) return 0;
  frame[0] = (char)depth;
  if (only_unmaps) {
    munmap(alternate_stack, 0);
  } else {
    void* const mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped != MAP_FAILED) munmap(mapped, 4096);
  }
  const int below = recurse(depth + 1) + frame[0];
  VICTIM_STAY();
  return below;
}

VICTIM_FRAME static void overflow(int round) {
  char room[round * 16 + 1];
  VICTIM_KEEP(room);
  recurse(0);
  VICTIM_STAY();
}

VICTIM_FRAME static void leak_after_overflow(void) {
  void* leaked = malloc(6029);
  VICTIM_KEEP(leaked);
}

static void* overflow_often(void* unused) {
  const stack_t alternate = {.ss_sp = alternate_stack, .ss_size = sizeof alternate_stack};
  VICTIM_CHECK(sigaltstack(&alternate, NULL) == 0);
  for (volatile int round = 0; round < 240; ++round) {
    only_unmaps = round % 2;
    if (sigsetjmp(out, 1) == 0) overflow(round / 2);
    leak_after_overflow();
  }
  return unused;
}

static void overflows(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_fault;
  action.sa_flags = SA_ONSTACK;
  VICTIM_CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  VICTIM_CHECK(pthread_attr_setstacksize(&attributes, 64 << 10) == 0);
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, &attributes, overflow_often, NULL) == 0);
  VICTIM_CHECK(pthread_join(thread, NULL) == 0);
  leak_after_overflow();
  expect_blocks("leak_after_overflow", 241, 6029, 0);
}

int main(int count, char** arguments) {
  const char* const way = count > 1 ? arguments[1] : "";
  if (strcmp(way, "measure") == 0) measure();
  if (strcmp(way, "overflow") == 0) overflows();
  ready("done");
  return 0;
}
