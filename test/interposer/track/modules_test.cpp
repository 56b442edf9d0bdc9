// SPDX-License-Identifier: Apache-2.0
//
// Modules are noted once, with the build-id that their own notes have, and closed when they go.

#include "interposer/track/modules.h"

#include <dlfcn.h>
#include <link.h>
#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "interposer/unwind/object.h"

namespace silt::track {
namespace {

using Bytes = std::vector<uint8_t>;

// The build-id of the object that holds an address, as the loader lets us see it.
Bytes build_id_of(uint64_t address) {
  struct Search {
    uint64_t address;
    Bytes id;
  } search{address, {}};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* const s = static_cast<Search*>(data);
        bool inside = false;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          const uint64_t start = info->dlpi_addr + segment.p_vaddr;
          if (segment.p_type == PT_LOAD && s->address - start < segment.p_memsz) inside = true;
        }
        if (!inside) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_NOTE) continue;
          const auto* at = reinterpret_cast<const uint8_t*>(info->dlpi_addr + segment.p_vaddr);
          const uint8_t* const end = at + segment.p_memsz;
          while (at + sizeof(ElfW(Nhdr)) <= end) {
            ElfW(Nhdr) note;
            std::memcpy(&note, at, sizeof(note));
            const uint8_t* const description = at + sizeof(note) + (note.n_namesz + 3) / 4 * 4;
            if (note.n_type == NT_GNU_BUILD_ID) {
              s->id.assign(description, description + note.n_descsz);
              return 1;
            }
            at = description + (note.n_descsz + 3) / 4 * 4;
          }
        }
        return 1;
      },
      &search);
  return search.id;
}

Bytes id_of(const ModuleRecord& module) {
  return Bytes(module.build_id, module.build_id + module.build_id_size);
}

void here() {}

}  // namespace

TEST_CASE("the executable is noted once, as the main module with its path and build-id") {
  auto modules = std::make_unique<Modules>();
  modules->set_executable("/the/program");
  const auto pc = reinterpret_cast<uint64_t>(&here) + 1;
  modules->note(pc, 17);
  modules->note(pc + 1, 18);
  modules->note(reinterpret_cast<uint64_t>(&build_id_of) + 4, 19);
  REQUIRE(modules->count() == 1);
  const ModuleRecord& module = *modules->at(0);
  CHECK(module.main);
  CHECK(std::string(module.path) == "/the/program");
  CHECK(module.start <= pc);
  CHECK(module.end > pc);
  CHECK(module.first_node == 17);
  CHECK(module.end_node == UINT32_MAX);
  CHECK_FALSE(module.unloaded);
  CHECK(id_of(module) == build_id_of(pc));
  CHECK(module.build_id_size >= 8);
}

TEST_CASE("a shared library is noted with its absolute path") {
  auto modules = std::make_unique<Modules>();
  const auto pc = reinterpret_cast<uint64_t>(dlsym(RTLD_DEFAULT, "gnu_get_libc_version")) + 1;
  modules->note(pc, 2);
  REQUIRE(modules->count() == 1);
  const ModuleRecord& module = *modules->at(0);
  CHECK_FALSE(module.main);
  CHECK(module.path[0] == '/');
  CHECK(std::string(module.path).find("libc") != std::string::npos);
  CHECK(id_of(module) == build_id_of(pc));
  Dl_info info;
  REQUIRE(dladdr(reinterpret_cast<void*>(pc), &info) != 0);
  CHECK(module.start == reinterpret_cast<uint64_t>(info.dli_fbase));
}

TEST_CASE("an address that no module holds is not noted") {
  auto modules = std::make_unique<Modules>();
  modules->note(0x1000, 1);
  modules->note(reinterpret_cast<uint64_t>(&modules), 1);
  modules->note(UINT64_MAX, 1);
  CHECK(modules->count() == 0);
}

TEST_CASE("a module that was unloaded is closed, and noted anew when it comes back") {
  const char* const path = std::getenv("SILT_TEST_MODULE");
  REQUIRE(path != nullptr);
  auto modules = std::make_unique<Modules>();
  modules->set_executable("/the/program");
  modules->note(reinterpret_cast<uint64_t>(&here) + 1, 1);
  for (uint32_t round = 1; round <= 3; ++round) {
    void* const handle = dlopen(path, RTLD_NOW);
    REQUIRE(handle != nullptr);
    const auto pc = reinterpret_cast<uint64_t>(dlsym(handle, "loaded_function")) + 1;
    modules->note(pc, round * 100);
    REQUIRE(modules->count() == round + 1);
    const ModuleRecord& module = *modules->at(round);
    CHECK(std::string(module.path) == path);
    CHECK(id_of(module) == Bytes{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
                                 0xbb, 0xcc, 0xdd, 0xee, 0xff});
    CHECK_FALSE(modules->close_unloaded(round * 100 + 50, [](uint64_t, uint64_t) {}));
    REQUIRE(dlclose(handle) == 0);
    unwind::note_unloaded_objects();
    int gone = 0;
    CHECK(modules->close_unloaded(round * 100 + 50, [&](uint64_t start, uint64_t end) {
      ++gone;
      CHECK(start == module.start);
      CHECK(end == module.end);
    }));
    CHECK(gone == 1);
    CHECK(module.unloaded);
    CHECK(module.first_node == round * 100);
    CHECK(module.end_node == round * 100 + 50);
  }
  CHECK_FALSE(modules->at(0)->unloaded);
}

TEST_CASE("a module never ends before it began") {
  const char* const path = std::getenv("SILT_TEST_MODULE");
  REQUIRE(path != nullptr);
  auto modules = std::make_unique<Modules>();
  void* const handle = dlopen(path, RTLD_NOW);
  REQUIRE(handle != nullptr);
  modules->note(reinterpret_cast<uint64_t>(dlsym(handle, "loaded_function")) + 1, 100);
  REQUIRE(modules->count() == 1);
  CHECK_FALSE(modules->any_unloaded());
  REQUIRE(dlclose(handle) == 0);
  unwind::note_unloaded_objects();
  CHECK(modules->any_unloaded());
  // A number that was read before the module was noted.
  CHECK(modules->close_unloaded(50, [](uint64_t, uint64_t) {}));
  CHECK(modules->at(0)->first_node == 100);
  CHECK(modules->at(0)->end_node == 100);
  CHECK_FALSE(modules->any_unloaded());
  CHECK_FALSE(modules->close_unloaded(200, [](uint64_t, uint64_t) {}));
  CHECK(modules->at(0)->end_node == 100);
}

TEST_CASE("another module that comes where one was before that one is closed has its own entry") {
  unwind::choose_object_search(GENERATE("maps", "loader"));
  const char* const path = std::getenv("SILT_TEST_MODULE");
  REQUIRE(path != nullptr);
  std::string folder = "/tmp/silt_modules_test.XXXXXX";
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string twin = folder + "/twin.so";
  std::filesystem::copy_file(path, twin);
  auto modules = std::make_unique<Modules>();
  void* handle = dlopen(path, RTLD_NOW);
  REQUIRE(handle != nullptr);
  const auto pc = reinterpret_cast<uint64_t>(dlsym(handle, "loaded_function")) + 1;
  modules->note(pc, 10);
  REQUIRE(dlclose(handle) == 0);
  // As if the thread that closed it were held up, and another one opened the twin meanwhile.
  handle = dlopen(twin.c_str(), RTLD_NOW);
  std::filesystem::remove_all(folder);
  REQUIRE(handle != nullptr);
  const auto new_pc = reinterpret_cast<uint64_t>(dlsym(handle, "loaded_function")) + 1;
  unwind::note_unloaded_objects();
  const Modules::Closed closed = modules->note(new_pc, 20);
  REQUIRE(modules->count() == 2);
  const ModuleRecord& first = *modules->at(0);
  const ModuleRecord& second = *modules->at(1);
  CHECK(std::string(second.path) == twin);
  CHECK(second.first_node == 20);
  CHECK(second.end_node == UINT32_MAX);
  if (new_pc == pc) {  // (The loader puts it there, and takes the same link_map, if it can.)
    CHECK(closed.start == first.start);
    CHECK(closed.end == first.end);
    CHECK(first.unloaded);
    CHECK(first.end_node == 20);
  }
  modules->close_unloaded(30, [](uint64_t, uint64_t) {});
  CHECK(first.end_node == (new_pc == pc ? 20u : 30u));
  CHECK_FALSE(second.unloaded);
  CHECK(modules->note(new_pc + 1, 40).end == 0);
  CHECK(modules->count() == 2);
  dlclose(handle);
  unwind::choose_object_search("maps");
  unwind::note_unloaded_objects();
}

TEST_CASE("a copy of a part of a module is its code at another address") {
  auto modules = std::make_unique<Modules>();
  modules->set_executable("/the/program");
  const auto pc = reinterpret_cast<uint64_t>(&here) + 1;
  modules->note(pc, 17);
  const uint64_t bias = modules->at(0)->load_bias;
  constexpr uint64_t kPage = 4096;
  void* const mapped = mmap(nullptr, 2 * kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapped != MAP_FAILED);
  const auto start = reinterpret_cast<uint64_t>(mapped);
  const uint64_t original = pc & ~(kPage - 1);

  modules->note_copy(start, start + 2 * kPage, original, 20);
  REQUIRE(modules->count() == 2);
  const ModuleRecord& copy = *modules->at(1);
  CHECK_FALSE(copy.main);
  CHECK(std::string(copy.path) == "/the/program");
  CHECK(copy.start == start);
  CHECK(copy.end == start + 2 * kPage);
  CHECK(start - copy.load_bias == original - bias);
  CHECK(copy.first_node == 0);
  CHECK(copy.end_node == UINT32_MAX);
  CHECK(id_of(copy) == build_id_of(pc));

  SECTION("it is noted once, and is not unloaded with what the loader knows") {
    modules->note_copy(start, start + 2 * kPage, original, 21);
    modules->note(start + 1, 21);
    CHECK(modules->count() == 2);
    CHECK_FALSE(modules->close_unloaded(22, [](uint64_t, uint64_t) {}));
  }
  SECTION("another copy at its address is closed by the next") {
    modules->note_copy(start, start + kPage, original + kPage, 30);
    REQUIRE(modules->count() == 3);
    CHECK(copy.unloaded);
    CHECK(copy.end_node == 30);
    CHECK(modules->at(2)->first_node == 30);
    CHECK(modules->at(2)->end_node == UINT32_MAX);
  }
  SECTION("what the loader knows is no copy, and of what it does not know there is none") {
    const uint64_t libc = reinterpret_cast<uint64_t>(dlsym(RTLD_DEFAULT, "gnu_get_libc_version"));
    modules->note_copy(libc, libc + 16, original, 30);
    modules->note_copy(start + kPage, start + 2 * kPage, start, 30);
    CHECK(modules->count() == 2);
    CHECK_FALSE(copy.unloaded);
  }
  munmap(mapped, 2 * kPage);
}

TEST_CASE("a module that is loaded where a copy was has its own code") {
  const char* const path = std::getenv("SILT_TEST_MODULE");
  REQUIRE(path != nullptr);
  void* const handle = dlopen(path, RTLD_NOW);
  REQUIRE(handle != nullptr);
  const auto pc = reinterpret_cast<uint64_t>(dlsym(handle, "loaded_function")) + 1;
  const uint64_t start = pc & ~uint64_t{4095};
  REQUIRE(dlclose(handle) == 0);
  unwind::note_unloaded_objects();
  auto modules = std::make_unique<Modules>();
  modules->set_executable("/the/program");
  modules->note_copy(start, start + 4096, reinterpret_cast<uint64_t>(&here), 5);
  REQUIRE(modules->count() == 2);
  void* const again = dlopen(path, RTLD_NOW);
  REQUIRE(again != nullptr);
  // (The loader puts it where it was, if nothing else has come there.)
  const auto new_pc = reinterpret_cast<uint64_t>(dlsym(again, "loaded_function")) + 1;
  modules->note(new_pc, 9);
  REQUIRE(modules->count() == 3);
  CHECK(std::string(modules->at(2)->path) == path);
  if (new_pc == pc) CHECK(modules->at(1)->end_node == 9);
  dlclose(again);
}

}  // namespace silt::track
