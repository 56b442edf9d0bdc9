// SPDX-License-Identifier: Apache-2.0
//
// Blocks that are kept in many ways, and blocks that are lost in many ways. Those of one way all
// have one size, of which there are no others; each way is told as `truth SIZE NAME OWNER`, a part of
// the owner's name or "lost". Then the program ends by exit(), with all its threads, from within main.
//
// Built a second time with LeakSanitizer.

#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

constexpr int kBlocks = 64;
constexpr size_t kFirstSize = 1000;
constexpr size_t kStep = 16;

size_t g_size = kFirstSize;

// Without an owner they are lost.
size_t announce(const char* name, const char* owner = nullptr) {
  g_size += kStep;
  std::printf("truth %zu %s %s\n", g_size, name, owner != nullptr ? owner : "lost");
  return g_size;
}

// What calls leave on the stack is written over.
__attribute__((noinline)) void clear_stack() {
  volatile char room[64 * 1024];
  std::memset(const_cast<char*>(room), 0, sizeof room);
}

// In a thread of its own, which has ended: no word of it is left on a stack that is still in use.
template <typename Work>
void elsewhere(Work&& work) {
  std::thread([&] {
    work();
    clear_stack();
  }).join();
  clear_stack();
}

char* g_plain[kBlocks];
char* g_inside[kBlocks];
char* g_tagged[kBlocks];
char* g_aligned[kBlocks];
char* g_resized[kBlocks];
char* g_past_end[kBlocks];
uint64_t g_masked[kBlocks];
uint64_t g_high[kBlocks];
struct __attribute__((packed)) Crooked {
  char before[4];
  char* block;
  char after[4];
};
Crooked g_crooked[kBlocks];

struct Node {
  Node* next;
};
Node* g_list;
// exit() destroys none of these.
auto& g_map = *new std::map<int, std::unique_ptr<char[]>>;
auto& g_shared = *new std::unordered_map<std::string, std::shared_ptr<std::vector<char>>>;
auto& g_vector = *new std::vector<char*>;
auto& g_functions = *new std::vector<std::function<char()>>(kBlocks);
struct Item {
  ~Item() { value = 0; }
  uint64_t value;
};
Item* g_items[kBlocks];
char** g_mapped;
char** g_shared_memory;
char** g_freed;

void keep_in_program() {
  size_t size = announce("static_array", "g_plain");
  for (char*& block : g_plain) block = static_cast<char*>(std::malloc(size));
  size = announce("interior_pointer", "g_inside");
  for (char*& block : g_inside) block = static_cast<char*>(std::malloc(size)) + 100;
  size = announce("low_bit_tagged", "g_tagged");
  for (char*& block : g_tagged) block = static_cast<char*>(std::malloc(size)) + 1;
  size = announce("aligned_alloc", "g_aligned");
  for (char*& block : g_aligned) {
    void* made = nullptr;
    if (posix_memalign(&made, 64, size) != 0) std::abort();
    block = static_cast<char*>(made);
  }
  size = announce("resized", "g_resized");
  for (char*& block : g_resized) {
    block = static_cast<char*>(std::realloc(std::malloc(24), size));
  }
  size = announce("list", "g_list");
  for (int i = 0; i < kBlocks; ++i) {
    Node* const node = static_cast<Node*>(std::malloc(size));
    node->next = g_list;
    g_list = node;
  }
  size = announce("values_of_a_map", "g_map");
  for (int i = 0; i < kBlocks; ++i) g_map[i] = std::make_unique<char[]>(size);
  size = announce("shared_pointers", "g_shared");
  for (int i = 0; i < kBlocks; ++i) {
    g_shared[std::to_string(i)] = std::make_shared<std::vector<char>>(size);
  }
  size = announce("vector_that_grew", "g_vector");
  for (int i = 0; i < kBlocks; ++i) g_vector.push_back(static_cast<char*>(std::malloc(size)));
  size = announce("captured", "g_functions");
  for (std::function<char()>& function : g_functions) {
    std::shared_ptr<char[]> held(new char[size]);
    function = [held] { return held[0]; };
  }
  // An array of things with a destructor: the pointer is behind the number of them.
  announce("array_with_a_cookie", "g_items");
  for (Item*& items : g_items) items = new Item[(g_size - sizeof(size_t)) / sizeof(Item)];
  size = announce("environment", "environ");
  for (int i = 0; i < kBlocks; ++i) {
    char* const text = static_cast<char*>(std::calloc(1, size));
    std::snprintf(text, size, "SILT_TEST_%d=1", i);
    putenv(text);
  }
  size = announce("behind_a_kept_block", "g_plain");
  char** const index = static_cast<char**>(std::calloc(kBlocks, sizeof(char*)));
  std::memcpy(g_plain[0], &index, sizeof index);
  for (int i = 0; i < kBlocks; ++i) index[i] = static_cast<char*>(std::malloc(size));
}

void keep_in_mappings() {
  const auto map = [](int flags, int file) {
    return static_cast<char**>(
        mmap(nullptr, kBlocks * sizeof(char*), PROT_READ | PROT_WRITE, flags, file, 0));
  };
  size_t size = announce("anonymous_mapping", "mapping");
  g_mapped = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  for (int i = 0; i < kBlocks; ++i) g_mapped[i] = static_cast<char*>(std::malloc(size));
  size = announce("shared_memory");
  const int file = memfd_create("shared", 0);
  if (ftruncate(file, kBlocks * sizeof(char*)) != 0) std::abort();
  g_shared_memory = map(MAP_SHARED, file);
  for (int i = 0; i < kBlocks; ++i) g_shared_memory[i] = static_cast<char*>(std::malloc(size));
}

void lose() {
  size_t size = announce("dropped");
  for (int i = 0; i < kBlocks; ++i) static_cast<char*>(std::malloc(size))[0] = 1;
  size = announce("lost_list");
  Node* list = nullptr;
  for (int i = 0; i < kBlocks; ++i) {
    Node* const node = static_cast<Node*>(std::malloc(size));
    node->next = list;
    list = node;
  }
  list = nullptr;
  size = announce("lost_ring");
  Node* const first = static_cast<Node*>(std::malloc(size));
  Node* last = first;
  for (int i = 1; i < kBlocks; ++i) {
    last->next = static_cast<Node*>(std::malloc(size));
    last = last->next;
  }
  last->next = first;
  size = announce("masked");
  for (uint64_t& block : g_masked) {
    block = reinterpret_cast<uint64_t>(std::malloc(size)) ^ 0x5555555555555555;
  }
  size = announce("tagged_in_high_bits");
  for (uint64_t& block : g_high) {
    block = reinterpret_cast<uint64_t>(std::malloc(size)) | uint64_t{0xabcd} << 48;
  }
  size = announce("unaligned_pointer");
  for (Crooked& crooked : g_crooked) crooked.block = static_cast<char*>(std::malloc(size));
  size = announce("past_the_end");
  for (char*& block : g_past_end) block = static_cast<char*>(std::malloc(size)) + size;
  size = announce("in_a_freed_block");
  g_freed = static_cast<char**>(std::malloc((kBlocks + 8) * sizeof(char*)));
  for (int i = 0; i < kBlocks; ++i) g_freed[i + 8] = static_cast<char*>(std::malloc(size));
  std::free(g_freed);
  g_freed = nullptr;
  size = announce("known_to_epoll");
  const int epoll = epoll_create1(0);
  for (int i = 0; i < kBlocks; ++i) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    epoll_event event{};
    event.data.ptr = std::malloc(size);
    epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
  }
  size = announce("written_to_a_pipe");
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  for (int i = 0; i < kBlocks; ++i) {
    void* const block = std::malloc(size);
    if (write(ends[1], &block, sizeof block) != sizeof block) std::abort();
  }
}

thread_local std::vector<char*> t_vector;

// Holds blocks on its stack, by its variables and by a key, and waits for ever.
void keep_in_thread(pthread_key_t key, std::latch& ready) {
  char* volatile on_stack[kBlocks];
  const size_t size = kFirstSize - kStep;
  for (char* volatile& block : on_stack) block = static_cast<char*>(std::malloc(size));
  for (int i = 0; i < kBlocks; ++i) {
    t_vector.push_back(static_cast<char*>(std::malloc(size - kStep)));
  }
  char** const by_key = static_cast<char**>(std::calloc(kBlocks, sizeof(char*)));
  for (int i = 0; i < kBlocks; ++i) by_key[i] = static_cast<char*>(std::malloc(size - 2 * kStep));
  pthread_setspecific(key, by_key);
  ready.count_down();
  for (;;) pause();
}

}  // namespace

int main() {
  elsewhere(keep_in_program);
  elsewhere(keep_in_mappings);
  elsewhere(lose);
  std::printf("truth %zu stack_of_a_thread stack\n", kFirstSize - kStep);
  std::printf("truth %zu thread_local t_vector\n", kFirstSize - 2 * kStep);
  std::printf("truth %zu thread_specific thread\n", kFirstSize - 3 * kStep);
  pthread_key_t key;
  if (pthread_key_create(&key, nullptr) != 0) return 1;
  std::latch ready(1);
  std::thread(keep_in_thread, key, std::ref(ready)).detach();
  ready.wait();
  clear_stack();
  std::fflush(stdout);
  std::exit(0);
}
