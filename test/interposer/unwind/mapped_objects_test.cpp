// SPDX-License-Identifier: Apache-2.0
//
// What maps tell of loaded objects is what the loader tells, of all that is loaded here.

#include "interposer/unwind/mapped_objects.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "interposer/unwind/derive.h"
#include "interposer/unwind/unwinder.h"

namespace silt::unwind {
namespace {

struct Place {
  uint64_t address;
  bool executable;
};

// First and last byte of each segment of each loaded object.
std::vector<Place> places() {
  std::vector<Place> found;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* list) {
        for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || segment.p_filesz == 0) continue;
          const uint64_t start = info->dlpi_addr + segment.p_vaddr;
          const bool executable = (segment.p_flags & PF_X) != 0;
          static_cast<std::vector<Place>*>(list)->push_back({start, executable});
          static_cast<std::vector<Place>*>(list)->push_back(
              {start + segment.p_filesz - 1, executable});
        }
        return 0;
      },
      &found);
  return found;
}

uint64_t address_of(const void* place) { return reinterpret_cast<uint64_t>(place); }

TEST_CASE("code of every loaded object is found as the loader finds it") {
  size_t compared = 0;
  for (const Place& place : places()) {
    if (!place.executable) continue;
    dl_find_object wanted;
    REQUIRE(_dl_find_object(reinterpret_cast<void*>(place.address), &wanted) == 0);
    Object found;
    REQUIRE(find_mapped_object(place.address, &found));
    CHECK(found.start == address_of(wanted.dlfo_map_start));
    CHECK(((found.end + 4095) & ~4095ull) == ((address_of(wanted.dlfo_map_end) + 4095) & ~4095ull));
    CHECK(found.eh_frame_header == wanted.dlfo_eh_frame);
    const auto* const link = static_cast<const link_map*>(found.link_map);
    CHECK(link->l_addr == wanted.dlfo_link_map->l_addr);
    const std::string name = link->l_name;
    CHECK(name.empty() == std::string(wanted.dlfo_link_map->l_name).empty());
    if (!name.empty() && name[0] == '/') CHECK(access(name.c_str(), F_OK) == 0);
    ++compared;
  }
  CHECK(compared >= 8);  // program, libc, libstdc++, libm, libgcc, loader, kernel's …
}

TEST_CASE("data of an object that is known is in it, also before its code was asked for") {
  for (const Place& place : places()) {
    Object object;
    find_mapped_object(place.address, &object);
  }
  for (const Place& place : places()) {
    if (!place.executable) continue;
    Object object;
    REQUIRE(find_mapped_object(place.address, &object));
  }
}

TEST_CASE("what is no object is none") {
  Object object;
  int local = 0;
  CHECK_FALSE(find_mapped_object(address_of(&local), &object));
  void* const block = std::malloc(100);
  CHECK_FALSE(find_mapped_object(address_of(block), &object));
  std::free(block);
  CHECK_FALSE(find_mapped_object(16, &object));
  CHECK_FALSE(find_mapped_object(UINT64_MAX - 8, &object));
  void* const code =
      mmap(nullptr, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK_FALSE(find_mapped_object(address_of(code) + 5000, &object));
  CHECK_FALSE(find_mapped_object(address_of(code) + 10, &object));
  munmap(code, 8192);
}

TEST_CASE("a library that is mapped to be read is not taken for a loaded one") {
  Dl_info libc{};
  REQUIRE(dladdr(reinterpret_cast<void*>(&std::qsort), &libc) != 0);
  const int file = open(libc.dli_fname, O_RDONLY);
  REQUIRE(file >= 0);
  const size_t size = 1 << 20;
  void* const copy = mmap(nullptr, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, file, 0);
  close(file);
  REQUIRE(copy != MAP_FAILED);
  Object object;
  // Its segments would lie at other distances than the file has them, or its table elsewhere.
  if (find_mapped_object(address_of(copy) + size - 100, &object)) {
    CHECK(object.eh_frame_header == nullptr);
  }
  munmap(copy, size);
}

TEST_CASE("an object that is unloaded is forgotten, and found anew when it comes back") {
  recheck_mapped_objects();  // of other tests, where this one's library may come to lie
  void* handle = dlopen("libutil.so.1", RTLD_NOW | RTLD_LOCAL);
  const char* const name = handle != nullptr ? "libutil.so.1" : "libresolv.so.2";
  if (handle == nullptr) handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(handle != nullptr);
  const auto* const link = static_cast<const link_map*>(handle);
  const auto* const header = reinterpret_cast<const ElfW(Ehdr)*>(link->l_addr);
  const auto* const segments = reinterpret_cast<const ElfW(Phdr)*>(link->l_addr + header->e_phoff);
  uint64_t code = 0;
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X) != 0) {
      code = link->l_addr + segments[i].p_vaddr;
    }
  }
  Object first;
  REQUIRE(find_mapped_object(code, &first));
  const uint64_t start = first.start;
  recheck_mapped_objects();
  Object same;
  REQUIRE(find_mapped_object(code, &same));
  CHECK(same.link_map == first.link_map);
  char first_byte = 0;
  CHECK(read_mapped_memory(first.eh_frame_header, &first_byte, 1));
  CHECK(first_byte == 1);  // the version
  dlclose(handle);
  REQUIRE(dlopen(name, RTLD_NOW | RTLD_NOLOAD) == nullptr);
  // Until that is noticed, what is known of it leads to memory that is gone.
  Object stale;
  REQUIRE(find_mapped_object(code, &stale));
  char byte = 0;
  CHECK_FALSE(read_mapped_memory(stale.eh_frame_header, &byte, 1));
  choose_object_search("maps");
  if (open_unwinder()) derive_rule(code + 1);
  choose_object_search(nullptr);
  recheck_mapped_objects();
  Object gone;
  CHECK_FALSE(find_mapped_object(code, &gone));
  handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  REQUIRE(handle != nullptr);
  if (static_cast<const link_map*>(handle)->l_addr == start) {
    recheck_mapped_objects();
    Object again;
    REQUIRE(find_mapped_object(code, &again));
    CHECK(again.link_map != first.link_map);
  }
  dlclose(handle);
}

}  // namespace
}  // namespace silt::unwind
