// SPDX-License-Identifier: Apache-2.0
//
// A library with operators new and delete of its own: small objects come from a pool, sixteen bytes
// apart, closer than malloc's; larger ones from malloc. Linked by `pooled`, opened as a plug-in by
// `loader`, which is no C++ program.

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::size_t kCell = 16;
constexpr std::size_t kCells = 1 << 16;
alignas(kCell) char cells[kCells * kCell];
std::size_t used = 0;
void* freed[kCells];
std::size_t freed_count = 0;
long served = 0;

bool is_cell(void* block) {
  return static_cast<char*>(block) >= cells && static_cast<char*>(block) < cells + sizeof cells;
}

}  // namespace

void* operator new(std::size_t size) {
  ++served;
  if (size <= kCell && freed_count > 0) return freed[--freed_count];
  if (size <= kCell && used < kCells) return cells + kCell * used++;
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void operator delete(void* block) noexcept {
  if (block != nullptr && is_cell(block)) {
    freed[freed_count++] = block;
  } else {
    std::free(block);
  }
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

extern "C" long pool_served() { return served; }

// What a plug-in does with them.
extern "C" void plugin_run() {
  for (int i = 0; i < 10; ++i) {
    int* volatile kept = new int(i);
    int* volatile gone = new int(*kept);
    delete gone;
    delete[] new char[3000];
  }
}
