// SPDX-License-Identifier: Apache-2.0
//
// See entries.h. A program may have half a million functions: most are dismissed by the first four
// letters of their names. Normal context.

#include "interposer/detour/entries.h"

#include <initializer_list>
#include <string_view>

#include "interposer/base/text.h"

namespace silt::detour {
namespace {

constexpr std::string_view kNewHandler = "_ZSt15get_new_handlerv";

// A set of first four letters, which may have more in it than was put there.
class Beginnings {
 public:
  void put(std::string_view name) { bits_[at(name.data())] = true; }
  bool perhaps(const char* name) const {
    for (int i = 0; i < 4; ++i) {
      if (name[i] == '\0') return false;
    }
    return bits_[at(name)];
  }

 private:
  static size_t at(const char* name) {
    uint32_t letters;
    __builtin_memcpy(&letters, name, sizeof(letters));
    return letters * 0x9e3779b1u >> 20;
  }
  bool bits_[4096] = {};
};

struct Candidate {
  Function function{};
  bool doubtful = false;
};

class Search {
 public:
  explicit Search(const Program& program) : program_(program) {
    size_t first = 0;
    for (size_t f = 0; f < kFamilyCount; ++f) {
      first_[f] = first;
      for (size_t i = 0; i < kFamilies[f].count; ++i) {
        base::TextBuffer<8> start;
        for (std::string_view part : {kFamilies[f].prefix, kFamilies[f].entries[i].name}) {
          start.add(part.data(), part.size());
        }
        beginnings_.put(start.c_str());
      }
      first += kFamilies[f].count;
    }
    beginnings_.put(kNewHandler);
  }

  void look_at(const Function& function) {
    if (!beginnings_.perhaps(function.name)) return;
    const std::string_view name(function.name);
    if (name == kNewHandler) new_handler_ = function.address;
    for (size_t f = 0; f < kFamilyCount; ++f) {
      const Family& family = kFamilies[f];
      if (!name.starts_with(family.prefix)) continue;
      const std::string_view rest = name.substr(family.prefix.size());
      for (size_t i = 0; i < family.count; ++i) {
        if (rest == family.entries[i].name) {
          note(candidates_[first_[f] + i], within_text(function));
        }
      }
    }
  }

  void finish(EntryPoints* found) const {
    for (size_t f = 0; f < kFamilyCount; ++f) {
      if (counts(f)) add_family(f, found);
    }
  }

 private:
  // A symbol is a claim: nothing is read that is not the program's code. Address 0 otherwise.
  Function within_text(const Function& told) const {
    Function function = told;
    Text text;
    if (!program_.find_text(told.address, &text)) {
      function.address = 0;
    } else if (text.end - told.address < told.size) {
      function.size = text.end - told.address;
    }
    return function;
  }

  static void note(Candidate& candidate, const Function& function) {
    const Function& known = candidate.function;
    if (function.address == 0) {
      candidate.doubtful = true;
      if (known.address == 0) candidate.function.name = function.name;
      return;
    }
    if (known.address != 0 && known.address != function.address) candidate.doubtful = true;
    if (function.type != STT_FUNC) candidate.doubtful = true;
    if (known.address == 0 || known.size == 0) candidate.function = function;
  }

  bool counts(size_t f) const {
    bool hands = false;
    bool releases = false;
    for (size_t i = 0; i < kFamilies[f].count; ++i) {
      if (candidates_[first_[f] + i].function.address == 0) continue;
      hands = hands || hands_out(kFamilies[f].entries[i].shape);
      releases = releases || is_release(kFamilies[f].entries[i].shape);
    }
    return hands && releases && (f != kOperatorFamily || !new_is_the_runtimes());
  }

  // libstdc++'s and libc++'s operator new asks for the handler itself when malloc fails.
  bool new_is_the_runtimes() const {
    const Function& plain = candidates_[first_[kOperatorFamily]].function;
    if (plain.address == 0 || new_handler_ == 0) return false;
    const auto* const bytes = reinterpret_cast<const uint8_t*>(plain.address);
    constexpr uint8_t kCall = 0xe8;
    for (uint64_t i = 0; i + 5 <= plain.size; ++i) {
      int32_t distance;
      __builtin_memcpy(&distance, bytes + i + 1, sizeof(distance));
      if (bytes[i] == kCall &&
          plain.address + i + 5 + static_cast<int64_t>(distance) == new_handler_) {
        return true;
      }
    }
    return false;
  }

  void add_family(size_t f, EntryPoints* found) const {
    for (size_t i = 0; i < kFamilies[f].count; ++i) {
      const Candidate& candidate = candidates_[first_[f] + i];
      const Function& function = candidate.function;
      if (candidate.doubtful) found->doubtful = function.name;
      if (function.address == 0) continue;
      const EntryPoint point{function.name, kFamilies[f].entries[i].shape, function.address,
                             function.size, f == kOperatorFamily};
      add_point(point, found);
    }
  }

  static void add_point(const EntryPoint& point, EntryPoints* found) {
    for (const EntryPoint& known : *found) {
      if (known.address != point.address) continue;
      if (known.shape != point.shape) found->doubtful = point.name;
      return;
    }
    found->all[found->count++] = point;
  }

  const Program& program_;
  Beginnings beginnings_;
  Candidate candidates_[kEntryCount];
  size_t first_[kFamilyCount] = {};
  uint64_t new_handler_ = 0;
};

}  // namespace

void find_entry_points(const Program& program, EntryPoints* found) {
  Search search(program);
  program.visit_functions([&search](const Function& function) { search.look_at(function); });
  search.finish(found);
}

namespace {

// Where the function's first instruction goes, if it always goes elsewhere; else 0.
uint64_t jumps_to(const Decoder& decoder, const EntryPoint& entry) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(entry.address);
  Instruction first;
  uint64_t at = 0;
  if (!decoder.decode(bytes, entry.size, entry.address, &first)) return 0;
  if (first.landing) {
    at = first.length;
    if (!decoder.decode(bytes + at, entry.size - at, entry.address + at, &first)) return 0;
  }
  return first.way == Way::kJump ? first.target : 0;
}

const EntryPoint* find(const EntryPoints& entries, uint64_t address) {
  for (const EntryPoint& entry : entries) {
    if (entry.address == address) return &entry;
  }
  return nullptr;
}

}  // namespace

void follow_operators(const Program& program, const Decoder& decoder, EntryPoints* found) {
  uint64_t targets[kEntryCount];
  for (size_t i = 0; i < found->count; ++i) {
    const EntryPoint& entry = found->all[i];
    targets[i] = entry.is_operator ? jumps_to(decoder, entry) : 0;
    // One function for what hands out and what takes back: it tells them apart itself.
    for (size_t k = 0; k < i; ++k) {
      if (targets[k] != targets[i] || found->all[k].shape == entry.shape) continue;
      targets[k] = targets[i] = 0;
    }
  }
  program.visit_functions([&](const Function& function) {
    for (size_t i = 0; i < found->count; ++i) {
      if (targets[i] == 0 || targets[i] != function.address || function.size == 0) continue;
      Text text;
      if (!program.find_text(function.address, &text)) continue;
      EntryPoint& entry = found->all[i];
      targets[i] = 0;
      const EntryPoint* const known = find(*found, function.address);
      if (known != nullptr && known->shape != entry.shape) continue;
      entry.address = function.address;
      entry.size = function.size;
    }
  });
  EntryPoints all = *found;
  found->count = 0;
  for (const EntryPoint& entry : all) {
    if (find(*found, entry.address) == nullptr) found->all[found->count++] = entry;
  }
}

}  // namespace silt::detour
