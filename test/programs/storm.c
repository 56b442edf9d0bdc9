// SPDX-License-Identifier: Apache-2.0
//
// Snapshot signals in a storm, aimed at a thread that does one thing over and over; handlers of
// the program's own map memory and raise the snapshot signal again, so that they nest. Another
// thread sends as fast as the first can take them, ten thousand times a second and more.
// usage: storm memory|fork|loader|threads|everything PLUGIN

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "test/programs/truth.h"

enum { kSignals = 5000, kRounds = 5 };

static atomic_int over;
static atomic_long handled;
static atomic_long rounds;
static pthread_t target;
static const char* plugin_path;

VICTIM_FRAME static void leak_after_storm(void) {
  void* block = malloc(5201);
  VICTIM_KEEP(block);
}

// malloc itself must not be called from here: the signal may have interrupted it.
static void on_alarm(int number) {
  (void)number;
  raise(SIGUSR2);
  atomic_fetch_add(&handled, 1);
}

static void on_mapping_signal(int number) {
  (void)number;
  void* const mapping = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  raise(SIGALRM);
  munmap(mapping, 4096);
  atomic_fetch_add(&handled, 1);
}

static void* send(void* unused) {
  const int numbers[4] = {SIGUSR2, SIGALRM, SIGUSR2, SIGUSR1};
  for (int i = 0; i < kSignals || atomic_load(&rounds) < kRounds; ++i) {
    pthread_kill(target, numbers[i % 4]);
    // Where the storm has let nothing through, it calms down until something was.
    const struct timespec pause = {0, i < kSignals ? 40000 : 10000000};
    if (i % 4 == 0) nanosleep(&pause, NULL);
  }
  atomic_store(&over, 1);
  return unused;
}

static void use_memory(void) {
  void* blocks[8];
  for (int i = 0; i < 8; ++i) VICTIM_KEEP(blocks[i] = malloc((size_t)1 << (4 + 2 * i)));
  for (int i = 0; i < 8; ++i) VICTIM_KEEP(blocks[i] = realloc(blocks[i], 3000));
  for (int i = 0; i < 8; ++i) free(blocks[i]);
  void* const mapping = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VICTIM_CHECK(munmap(mapping, 8192) == 0);
}

static void use_fork(void) {
  const pid_t child = fork();
  VICTIM_CHECK(child >= 0);
  if (child == 0) _exit(0);
  int status = -1;
  while (waitpid(child, &status, 0) < 0) VICTIM_CHECK(errno == EINTR);
  VICTIM_CHECK(status == 0);
}

static void use_loader(void) {
  void* const plugin = dlopen(plugin_path, RTLD_NOW | RTLD_LOCAL);
  VICTIM_CHECK(plugin != NULL);
  void (*run)(void) = NULL;
  *(void**)&run = dlsym(plugin, "plugin_run");
  VICTIM_CHECK(run != NULL);
  run();
  VICTIM_CHECK(dlclose(plugin) == 0);
}

static void* short_life(void* unused) {
  free(malloc(333));
  return unused;
}

static void use_threads(void) {
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, short_life, NULL) == 0);
  VICTIM_CHECK(pthread_join(thread, NULL) == 0);
}

static void handle(int number, void (*handler)(int), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | flags;
  VICTIM_CHECK(sigaction(number, &action, NULL) == 0);
}

int main(int count, char** arguments) {
  VICTIM_CHECK(count == 3);
  const char* const way = arguments[1];
  plugin_path = arguments[2];
  target = pthread_self();
  handle(SIGALRM, on_alarm, 0);
  handle(SIGUSR1, on_mapping_signal, SA_NODEFER);
  pthread_t sender;
  VICTIM_CHECK(pthread_create(&sender, NULL, send, NULL) == 0);
  const int all = strcmp(way, "everything") == 0;
  while (!atomic_load(&over)) {
    if (all || strcmp(way, "memory") == 0) use_memory();
    if (all || strcmp(way, "fork") == 0) use_fork();
    if (all || strcmp(way, "loader") == 0) use_loader();
    if (all || strcmp(way, "threads") == 0) use_threads();
    atomic_fetch_add(&rounds, 1);
  }
  pthread_join(sender, NULL);
  VICTIM_CHECK(atomic_load(&handled) > 0);
  for (int i = 0; i < 20; ++i) leak_after_storm();
  expect_blocks("leak_after_storm", 20, 5201, 0);
  ready("done");
  return 0;
}
