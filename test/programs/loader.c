// SPDX-License-Identifier: Apache-2.0
//
// The loader, used as hard as it can be, and its lock: a hook must never wait for it.
//
//   loader loops PLUGIN PLUGIN   threads load and unload, also with RTLD_DEEPBIND, while others
//                                allocate and take snapshots
//   loader lock PLUGIN           one thread is stuck inside of dlopen until another has used every
//                                hook from places that silt has not seen before, has taken
//                                snapshots, made threads and forked
//   loader namespace PLUGIN      dlmopen: the plug-in has a libc, and a malloc, of its own
//   loader tls PLUGIN...         how many plug-ins find room for thread-local variables that must
//                                lie beside the program's

#include <dlfcn.h>
#include <glob.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "test/programs/truth.h"

typedef void (*Run)(void);

static Run find_run(void* plugin) {
  Run run = NULL;
  VICTIM_CHECK(plugin != NULL);
  *(void**)&run = dlsym(plugin, "plugin_run");
  VICTIM_CHECK(run != NULL);
  return run;
}

// ---- loops

enum { kLoops = 150 };
static char** plugins;
static atomic_int loaders_left;

static void* load_and_unload(void* number) {
  const long own = (long)(intptr_t)number;
  for (int i = 0; i < kLoops; ++i) {
    const int flags = RTLD_NOW | RTLD_LOCAL | ((i + own) % 2 ? RTLD_DEEPBIND : 0);
    void* const plugin = dlopen(plugins[(i + own) % 2], flags);
    find_run(plugin)();
    VICTIM_CHECK(dlclose(plugin) == 0);
  }
  atomic_fetch_sub(&loaders_left, 1);
  return NULL;
}

VICTIM_FRAME static void allocate_beside_loaders(int i) {
  void* block = malloc(5303);
  VICTIM_KEEP(block);
  if (i % 4 != 0) free(block);
}

static void* allocate_meanwhile(void* unused) {
  for (int i = 0; atomic_load(&loaders_left) > 0; ++i) {
    allocate_beside_loaders(i % 64 == 0 ? 0 : 1);
    if (i % 20000 == 0) raise(SIGUSR2);
  }
  return unused;
}

static void run_loops(char** paths) {
  plugins = paths;
  atomic_store(&loaders_left, 3);
  pthread_t threads[5];
  for (intptr_t i = 0; i < 5; ++i) {
    VICTIM_CHECK(pthread_create(&threads[i], NULL, i < 3 ? load_and_unload : allocate_meanwhile,
                                (void*)i) == 0);
  }
  for (int i = 0; i < 5; ++i) pthread_join(threads[i], NULL);
}

// ---- lock

static int inside[2];
static int go_on[2];

static void* load_for_long(void* path) {
  char text[32];
  snprintf(text, sizeof text, "%d,%d", inside[1], go_on[0]);
  setenv("HOLDS_LOADER", text, 1);
  void* const plugin = dlopen(path, RTLD_NOW);
  VICTIM_CHECK(plugin != NULL);
  VICTIM_CHECK(dlclose(plugin) == 0);
  return NULL;
}

static int by_value(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }

VICTIM_FRAME static void leak_while_loading(void) {
  void* block = malloc(5309);
  VICTIM_KEEP(block);
}

static void* short_life(void* unused) {
  leak_while_loading();
  return unused;
}

// Call sites of the program and of libc that nobody has walked before.
static void use_every_hook(void) {
  leak_while_loading();
  void* block = calloc(3, 100);
  VICTIM_KEEP(block = realloc(block, 4000));
  VICTIM_KEEP(block = reallocarray(block, 50, 100));
  free(block);
  VICTIM_CHECK(posix_memalign(&block, 256, 1000) == 0);
  free(block);
  free(aligned_alloc(64, 640));
  free(strdup("a text"));
  static int numbers[40000];
  for (int i = 0; i < 40000; ++i) numbers[i] = (i * 7919) % 40009;
  qsort(numbers, 40000, sizeof *numbers, by_value);
  regex_t pattern;
  VICTIM_CHECK(regcomp(&pattern, "(a|b)*c{2,5}", REG_EXTENDED) == 0);
  VICTIM_CHECK(regexec(&pattern, "abaccc", 0, NULL, 0) == 0);
  regfree(&pattern);
  glob_t found;
  VICTIM_CHECK(glob("/*", 0, NULL, &found) == 0);
  globfree(&found);
  void* mapping = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mapping = mremap(mapping, 65536, 131072, MREMAP_MAYMOVE);
  VICTIM_CHECK(munmap(mapping, 131072) == 0);
  for (int i = 0; i < 600; ++i) free(malloc((size_t)i));  // past a look around
  raise(SIGUSR2);
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, short_life, NULL) == 0);
  pthread_join(thread, NULL);
  const pid_t child = fork();
  if (child == 0) {
    leak_while_loading();
    _exit(0);
  }
  int status = -1;
  VICTIM_CHECK(waitpid(child, &status, 0) == child && status == 0);
  raise(SIGUSR2);
}

static void run_lock(char* path) {
  VICTIM_CHECK(pipe(inside) == 0 && pipe(go_on) == 0);
  pthread_t thread;
  VICTIM_CHECK(pthread_create(&thread, NULL, load_for_long, path) == 0);
  char c = 0;
  VICTIM_CHECK(read(inside[0], &c, 1) == 1);
  use_every_hook();
  VICTIM_CHECK(write(go_on[1], "", 1) == 1);
  pthread_join(thread, NULL);
  expect_blocks("leak_while_loading", 2, 5309, 0);
}

// ---- namespace

static void run_namespace(char* path) {
  for (int i = 0; i < 5; ++i) {
    void* const plugin = dlmopen(LM_ID_NEWLM, path, RTLD_NOW);
    VICTIM_CHECK(plugin != NULL);
    find_run(plugin)();
    leak_while_loading();
    VICTIM_CHECK(dlclose(plugin) == 0);
  }
  expect_blocks("leak_while_loading", 5, 5309, 0);
}

// ---- tls

static void run_tls(int count, char** paths) {
  int opened = 0;
  for (int i = 0; i < count; ++i) opened += dlopen(paths[i], RTLD_NOW) != NULL;
  char text[64];
  victim_say(text, (size_t)snprintf(text, sizeof text, "opened %d of %d\n", opened, count));
}

int main(int count, char** arguments) {
  VICTIM_CHECK(count >= 3);
  const char* const way = arguments[1];
  signal(SIGALRM, SIG_DFL);
  alarm(50);  // what waits for the loader's lock here waits for ever
  if (strcmp(way, "loops") == 0 && count == 4) run_loops(arguments + 2);
  if (strcmp(way, "lock") == 0) run_lock(arguments[2]);
  if (strcmp(way, "namespace") == 0) run_namespace(arguments[2]);
  if (strcmp(way, "tls") == 0) run_tls(count - 2, arguments + 2);
  alarm(0);
  ready("done");
  return 0;
}
