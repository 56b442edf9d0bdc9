// SPDX-License-Identifier: Apache-2.0
//
// What a copy of the process reads of Python's objects, where they are not what they should be:
// memory full of words that lead to one another, to nowhere and round in circles. Nothing may be
// touched that is not there, and each look must end.

#include "interposer/runtime/python/keeping.h"

#include <sys/mman.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <vector>

#include "interposer/owners/object_kinds.h"
#include "interposer/runtime/python/interpreter.h"
#include "interposer/runtime/python/layout.h"

namespace silt::python {
namespace {

using owners::Kept;
using owners::LabelId;
using owners::object_kinds;

constexpr size_t kWords = size_t{1} << 15;
constexpr size_t kInterpreterBytes = 4096;

uint64_t g_runtime_words[64];
uint64_t g_interpreter_words[kInterpreterBytes / 8 + 512];
uint64_t g_modules = 0;

uint64_t address_of(const void* at) { return reinterpret_cast<uint64_t>(at); }

// One interpreter, whose modules and threads begin somewhere in the memory.
void stand_in_for_python(uint64_t modules, uint64_t thread) {
  g_modules = modules;
  g_interpreter_words[kFirstThread / 8] = thread;
  g_interpreter_words[100] = modules;
  g_runtime_words[5] = g_runtime_words[6] = address_of(g_interpreter_words);
  interpreter.state = address_of(g_runtime_words);
  interpreter.main_interpreter = [] { return address_of(g_interpreter_words); };
  interpreter.first_interpreter = interpreter.main_interpreter;
  interpreter.first_thread = [](uint64_t state) {
    return *reinterpret_cast<const uint64_t*>(state + kFirstThread);
  };
  interpreter.collector_enabled = [] { return 1; };
  interpreter.modules = [] { return g_modules; };
}

class Chaos {
 public:
  explicit Chaos(unsigned seed) : random_(seed) {
    // Nothing can be read behind it.
    constexpr size_t kBytes = kWords * 8;
    words_ = static_cast<uint64_t*>(
        mmap(nullptr, kBytes + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(words_ != MAP_FAILED);
    REQUIRE(mprotect(words_ + kWords, 4096, PROT_NONE) == 0);
    for (size_t i = 0; i < kWords; ++i) words_[i] = any();
  }
  ~Chaos() { munmap(words_, kWords * 8 + 4096); }

  uint64_t place() { return address_of(words_ + random_() % kWords); }

  // The first of the types are their own types, the others' types are among them, with flags by
  // chance; objects have one of them more often than not.
  void make_types() {
    interpreter.code_type = types_.emplace_back(address_of(words_ + kWords / 2));
    for (size_t i = 1; i < 40; ++i) types_.push_back(address_of(words_ + kWords / 2 + i * 256));
    for (size_t i = 0; i < types_.size(); ++i) {
      put(types_[i] + kObjectType, types_[i < 3 ? 0 : random_() % 6]);
      put(types_[i] + kTypeFlags, random_() & 0xff004210);
      put(types_[i] + kTypeText, address_of("thing"));
      put(types_[i] + kTypeBasicSize, 16 + random_() % 64);
      put(types_[i] + kTypeDictOffset, random_() % 3 == 0 ? random_() % 128 : 0);
    }
    size_t next = 1;
    for (uint64_t* type :
         {&interpreter.cell_type, &interpreter.byte_array_type, &interpreter.dict_type,
          &interpreter.function_type, &interpreter.module_type, &interpreter.reference_type,
          &interpreter.proxy_type, &interpreter.callable_proxy_type, &interpreter.generator_type,
          &interpreter.coroutine_type, &interpreter.async_generator_type, &interpreter.float_type,
          &interpreter.complex_type}) {
      *type = types_[next++ % types_.size()];
    }
    for (size_t i = 0; i + 4 < kWords; i += 2 + random_() % 12) {
      if (i > kWords / 2 - 8 && i < kWords / 2 + types_.size() * 256) continue;
      words_[i] = 1 + random_() % 5;
      words_[i + 1] = types_[random_() % types_.size()];
    }
  }

 private:
  static void put(uint64_t address, uint64_t value) {
    *reinterpret_cast<uint64_t*>(address) = value;
  }
  uint64_t any() {
    switch (random_() % 8) {
      case 0:
        return random_() % 64;
      case 1:
        return uint64_t{random_()} << 32 | random_();
      case 2:
        return address_of(words_ + kWords) - random_() % 64;  // its end, odd addresses too
      case 3:
        return 0;
      default:
        return place();
    }
  }

  std::mt19937 random_;
  uint64_t* words_;
  std::vector<uint64_t> types_;
};

TEST_CASE("whatever lies in memory, looking at it as Python's objects ends well") {
  const unsigned seed = GENERATE(1u, 2u, 3u, 4u, 5u, 6u);
  Chaos chaos(seed);
  chaos.make_types();
  stand_in_for_python(chaos.place(), chaos.place());
  know_kinds();
  REQUIRE(object_kinds.start != nullptr);
  owners::MemoryMap memory;
  REQUIRE(memory.read("/proc/self/maps"));
  const auto table = std::make_unique<track::LiveTable>();
  table->set_granule_shift(4);
  owners::BlockIndex none;
  REQUIRE(none.build(*table, memory));
  owners::Labels labels;
  REQUIRE(labels.start());
  REQUIRE(object_kinds.start(memory, none, labels));
  uint64_t told = 0;
  const Kept kept{[](void* count, uint64_t, LabelId) { ++*static_cast<uint64_t*>(count); },
                  [](void* count, uint64_t, LabelId) { ++*static_cast<uint64_t*>(count); }, &told};
  uint64_t typed = 0;
  for (int i = 0; i < 3000; ++i) {
    const uint64_t begin = chaos.place();
    const owners::LiveBlock block{begin, 8 * (uint64_t{1} + static_cast<uint64_t>(i) % 40),
                                  track::StackId{1}, 0};
    typed += object_kinds.type_of(block) != 0 ? 1 : 0;
    told += object_kinds.more_of(block) != 0 ? 1 : 0;
    const owners::CountedObject counted = object_kinds.counted(block);
    CHECK((counted.address == 0 || counted.address - begin < block.size));
    const owners::ObjectKinds::Words words = object_kinds.visit(block, kept);
    CHECK(words.begin <= block.size + kDictEnd + kWeakEnd);
  }
  object_kinds.visit_variables(kept, false);
  object_kinds.visit_variables(kept, true);
  CHECK(told > 0);
  CHECK(typed > 0);
  object_kinds = {};
  interpreter = {};
}

}  // namespace
}  // namespace silt::python
