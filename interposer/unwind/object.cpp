// SPDX-License-Identifier: Apache-2.0
//
// See object.h. Any context.

#include "interposer/unwind/object.h"

#include <dlfcn.h>

#include "interposer/base/old_symbols.h"
#include "interposer/base/symbol_search.h"
#include "interposer/base/text.h"
#include "interposer/unwind/mapped_objects.h"

namespace silt::unwind {
namespace {

constinit decltype(&_dl_find_object) g_loader_search = nullptr;

}  // namespace

void choose_object_search(const char* wish) {
  constexpr const char* kName = "_dl_find_object";
  g_loader_search = nullptr;
  if ((wish != nullptr && base::equal(wish, "maps")) || !base::is_defined(kName)) return;
  g_loader_search = reinterpret_cast<decltype(g_loader_search)>(dlsym(RTLD_DEFAULT, kName));
}

bool find_object(uint64_t address, Object* object) {
  if (g_loader_search == nullptr) [[unlikely]]
    return find_mapped_object(address, object);
  dl_find_object found;
  if (g_loader_search(reinterpret_cast<void*>(address), &found) != 0) return false;
  object->start = reinterpret_cast<uint64_t>(found.dlfo_map_start);
  object->end = reinterpret_cast<uint64_t>(found.dlfo_map_end);
  object->eh_frame_header = found.dlfo_eh_frame;
  object->link_map = found.dlfo_link_map;
  return true;
}

void note_unloaded_objects() {
  if (g_loader_search == nullptr) recheck_mapped_objects();
}

bool read_object_memory(const void* from, void* into, size_t size_bytes) {
  if (g_loader_search == nullptr) [[unlikely]]
    return read_mapped_memory(from, into, size_bytes);
  __builtin_memcpy(into, from, size_bytes);
  return true;
}

}  // namespace silt::unwind
