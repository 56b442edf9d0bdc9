// SPDX-License-Identifier: Apache-2.0
//
// Blocks whose owners are known: `owner SIZE KIND NAME` says what keeps the blocks of that size
// (`lost`: nothing does). Each is made in a function of its own, with a size that no other call
// uses. Owners are looked for while it waits for a line.

#include <pthread.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr int kCount = 200;

#define KEEP_APART __attribute__((noinline))

KEEP_APART void* make(size_t size) {
  void* block = std::malloc(size);
  std::memset(block, 0x11, size);
  asm volatile("" : : "r"(block) : "memory");
  return block;
}

// A plain C array of pointers, and one pointer.
char* room;
void* array_of_pointers[kCount];
[[gnu::used]] static void* lonely_pointer;

// A chain as C programs have it.
struct Link {
  Link* next;
  char rest[1001 - sizeof(Link*)];
};
static Link* first_link;

// Containers, below a member of a global object.
struct Table {
  int version = 1;
  std::unordered_map<int, void*> sessions_;
  std::map<int, void*> tree_;
};
struct Server {
  char name[24] = "server";
  Table table_;
  std::vector<void*> pool_;
  std::list<void*> queue_;
};
Server server;

// A singleton behind a smart pointer, never destroyed.
struct Registry {
  std::vector<void*> entries_;
};
std::unique_ptr<Registry>& registry() {
  static std::unique_ptr<Registry> instance = std::make_unique<Registry>();
  return instance;
}

thread_local std::vector<void*> thread_cache;

// A pointer that is hidden: what it leads to looks lost.
static uintptr_t masked[kCount];
constexpr uintptr_t kMask = 0x5a5a5a5a5a5a5a5a;

// Pointed to from its middle only, as by a second base class.
[[gnu::used]] static char* middle_pointer;

KEEP_APART void fill_array() {
  for (void*& slot : array_of_pointers) slot = make(1009);
}
KEEP_APART void fill_lonely() { lonely_pointer = make(1013); }
KEEP_APART void fill_chain() {
  for (int i = 0; i < kCount; ++i) {
    auto* const link = static_cast<Link*>(make(1001));
    link->next = first_link;
    first_link = link;
  }
}
KEEP_APART void fill_sessions() {
  for (int i = 0; i < kCount; ++i) server.table_.sessions_[i] = make(1019);
}
KEEP_APART void fill_tree() {
  for (int i = 0; i < kCount; ++i) server.table_.tree_[i] = make(1021);
}
KEEP_APART void fill_pool() {
  for (int i = 0; i < kCount; ++i) server.pool_.push_back(make(1031));
}
KEEP_APART void fill_queue() {
  for (int i = 0; i < kCount; ++i) server.queue_.push_back(make(1033));
}
KEEP_APART void fill_registry() {
  for (int i = 0; i < kCount; ++i) registry()->entries_.push_back(make(1039));
}
KEEP_APART void fill_cache() {
  for (int i = 0; i < kCount; ++i) thread_cache.push_back(make(1049));
}
KEEP_APART void lose() {
  for (int i = 0; i < kCount; ++i) make(1051);
}
KEEP_APART void hide() {
  for (uintptr_t& slot : masked) slot = reinterpret_cast<uintptr_t>(make(1061)) ^ kMask;
}
KEEP_APART void fill_middle() { middle_pointer = static_cast<char*>(make(1063)) + 512; }
// Two that point to each other, and nobody else to either.
KEEP_APART void lose_chain() {
  for (int i = 0; i < kCount; ++i) {
    auto** const one = static_cast<void**>(make(1069));
    auto** const other = static_cast<void**>(make(1069));
    *one = other;
    *other = one;
  }
}
KEEP_APART void** fill_stack() {
  auto** const slots = static_cast<void**>(make(1087));
  for (int i = 0; i < 100; ++i) slots[i] = make(1091);
  return slots;
}

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
int waiting_threads = 0;
bool over = false;

KEEP_APART void wait_for_end() {
  pthread_mutex_lock(&mutex);
  ++waiting_threads;
  pthread_cond_broadcast(&changed);
  while (!over) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
}

KEEP_APART void* keep_on_stack(void*) {
  void* kept[kCount];
  for (void*& slot : kept) slot = make(1093);
  asm volatile("" : : "r"(kept) : "memory");
  wait_for_end();
  asm volatile("" : : "r"(kept) : "memory");
  return nullptr;
}

// Leaves no pointers behind in dead frames.
KEEP_APART void clear_stack() {
  char buffer[32 * 1024];
  std::memset(buffer, 0, sizeof buffer);
  asm volatile("" : : "r"(buffer) : "memory");
}

void say(int size, const char* kind, const char* name) {
  std::printf("owner %d %s %s\n", size, kind, name);
}

}  // namespace

int main() {
  // For tests of large processes.
  if (const char* megabytes = std::getenv("OWNED_ROOM_MB")) {
    const size_t size = std::strtoul(megabytes, nullptr, 10) << 20;
    room = static_cast<char*>(std::malloc(size));
    if (room == nullptr) return 1;
    std::memset(room, 1, size);
  }
  fill_array();
  fill_lonely();
  fill_chain();
  fill_sessions();
  fill_tree();
  fill_pool();
  fill_queue();
  fill_registry();
  fill_cache();
  lose();
  hide();
  fill_middle();
  lose_chain();
  void** const on_main_stack = fill_stack();
  asm volatile("" : : "r"(on_main_stack) : "memory");
  pthread_t thread;
  if (pthread_create(&thread, nullptr, keep_on_stack, nullptr) != 0) return 1;
  pthread_mutex_lock(&mutex);
  while (waiting_threads == 0) pthread_cond_wait(&changed, &mutex);
  pthread_mutex_unlock(&mutex);
  clear_stack();

  say(1009, "global", "array_of_pointers");
  say(1013, "global", "lonely_pointer");
  say(1001, "global", "first_link");
  say(1019, "global", "server.table_.sessions_");
  say(1021, "global", "server.table_.tree_");
  say(1031, "global", "server.pool_");
  say(1033, "global", "server.queue_");
  say(1039, "global", "registry()::instance");
  say(1049, "thread_local", "thread_cache");
  say(1051, "lost", "-");
  say(1061, "lost", "-");
  say(1063, "global", "middle_pointer");
  say(1069, "lost", "-");
  say(1091, "stack", "-");
  say(1093, "stack", "-");
  std::printf("ready owned\n");
  std::fflush(stdout);
  char line[16];
  if (std::fgets(line, sizeof line, stdin) == nullptr) std::clearerr(stdin);
  asm volatile("" : : "r"(on_main_stack) : "memory");
  pthread_mutex_lock(&mutex);
  over = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&mutex);
  pthread_join(thread, nullptr);
  std::printf("done\n");
  return 0;
}
