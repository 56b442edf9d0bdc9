// SPDX-License-Identifier: Apache-2.0
//
// See plan.h. Normal context.

#include "interposer/detour/plan.h"

#include "interposer/detour/callers.h"
#include "interposer/detour/careful_way.h"
#include "interposer/detour/code_pages.h"
#include "interposer/detour/hooks.h"

namespace silt::detour {

using format::InnerRefusal;

namespace {

constexpr size_t kCopyAt = 32;
constexpr size_t kPlaceSize = 160;
static_assert(kCopyAt + kLongestCopy <= kPlaceSize);
constexpr size_t kShortJumpReach = 128 + 2;
constexpr size_t kMostPadding = 16;

}  // namespace

Plan::~Plan() {
  if (pages_ != nullptr) unmap_pages(pages_, pages_size());
}

size_t Plan::pages_size() const { return entries_.count * kPlaceSize; }

Code Plan::code_of(uint64_t address, uint64_t size) const {
  const uint64_t rest = text_.end - address;
  if (size > rest) size = rest;
  const uint64_t room = size + kMostPadding < rest ? size + kMostPadding : rest;
  return Code{reinterpret_cast<const uint8_t*>(address), address, size, room};
}

InnerRefusal Plan::make_places(base::TextWriter& why) {
  Text other;
  for (size_t i = 0; i < entries_.count; ++i) {
    const uint64_t address = entries_.all[i].address;
    if (!program_.find_text(address, &other) || (i > 0 && other.start != text_.start)) {
      why.add("its functions are not all in one part of the program that is code only");
      return InnerRefusal::kCode;
    }
    text_ = other;
  }
  const long answer = try_to_change(text_, program_.descriptor());
  if (answer != 0) {
    why.add("the system refuses to change code: ").add(base::error_text(static_cast<int>(-answer)));
    return InnerRefusal::kSystem;
  }
  pages_ = map_near(program_.start(), pages_size());
  if (pages_ != nullptr) return InnerRefusal::kNone;
  why.add("there is no room near the program's code");
  return InnerRefusal::kRoom;
}

void Plan::write_way(const Decoder& decoder, const EntryPoint& entry, uint8_t* bytes) const {
  const auto put = [bytes](size_t at, uint64_t word) {
    __builtin_memcpy(bytes + at, &word, sizeof(word));
  };
  if (calls_the_unknown(decoder, code_of(text_.start, text_.end - text_.start), entry.address)) {
    constexpr uint8_t kMoveToR9[] = {0x49, 0xb9};
    constexpr uint8_t kJumpThroughNext[] = {0xff, 0x25, 0, 0, 0, 0};
    __builtin_memcpy(bytes, kMoveToR9, sizeof(kMoveToR9));
    put(2, reinterpret_cast<uint64_t>(bytes) + kCopyAt);
    __builtin_memcpy(bytes + 10, kJumpThroughNext, sizeof(kJumpThroughNext));
    put(16, reinterpret_cast<uint64_t>(hook_of(entry.shape)));
    return;
  }
  prepare_careful_way();
  constexpr uint8_t kCallThroughNext[] = {0xff, 0x15, 2, 0, 0, 0};
  __builtin_memcpy(bytes, kCallThroughNext, sizeof(kCallThroughNext));
  put(8, reinterpret_cast<uint64_t>(silt_careful_way));
  put(16, reinterpret_cast<uint64_t>(careful_hook_of(entry.shape)));
  put(24, is_release(entry.shape) ? 1 : 0);
}

InnerRefusal Plan::copy_all(const Decoder& decoder, const char** blame, base::TextWriter& why) {
  for (size_t i = 0; i < entries_.count; ++i) {
    const EntryPoint& entry = entries_.all[i];
    uint8_t* const bytes = pages_ + i * kPlaceSize;
    const auto place = reinterpret_cast<uint64_t>(bytes);
    const uint64_t copy = place + kCopyAt;
    write_way(decoder, entry, bytes);
    const Prologue prologue =
        move_prologue(decoder, code_of(entry.address, entry.size), copy, bytes + kCopyAt);
    detours_[i] = Detour{&entry, prologue, place};
    *blame = entry.name;
    switch (prologue.trouble) {
      case Trouble::kNone:
        continue;
      case Trouble::kUnknownCode:
        why.add("its first instructions cannot be moved");
        break;
      case Trouble::kTooShort:
        why.add("it is shorter than a jump");
        break;
      case Trouble::kJumpedInto:
        why.add("its first instructions are jumped to");
        break;
      case Trouble::kTooFar:
        why.add("what its first instructions refer to is too far away");
        break;
    }
    return InnerRefusal::kCode;
  }
  *blame = find_jump_into(decoder);
  if (*blame == nullptr) return InnerRefusal::kNone;
  why.add("its first instructions are jumped to");
  return InnerRefusal::kCode;
}

// To where a jump stands by then; or, by other than a call or another function's last jump, to
// where one begins: a loop through the hook would use the stack up.
bool Plan::is_bad(uint64_t from, const Instruction& instruction) const {
  for (size_t i = 0; i < entries_.count; ++i) {
    const Detour& detour = detours_[i];
    const uint64_t to = instruction.target;
    if (to > detour.jump() && to < detour.jump_end()) return true;
    const bool own = from - detour.entry->address < detour.entry->size;
    if (own && instruction.way != Way::kCall &&
        (to == detour.entry->address || to == detour.jump())) {
      return true;
    }
  }
  return false;
}

// Bytes that would be a near jump into a function's first ones, if an instruction began there. Read
// in the file, so that the pages are the program's to touch. More than `most`: as many as that.
size_t Plan::find_far_jumps(uint64_t* found, size_t most) const {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(text_.start);
  const uint64_t size = text_.end - text_.start;
  uint64_t lowest = UINT64_MAX;
  uint64_t highest = 0;
  for (size_t i = 0; i < entries_.count; ++i) {
    if (detours_[i].jump() < lowest) lowest = detours_[i].jump();
    if (detours_[i].jump_end() > highest) highest = detours_[i].jump_end();
  }
  size_t count = 0;
  for (uint64_t at = 1; at + 4 < size && count < most; ++at) {
    const bool near = bytes[at] == 0xe8 || bytes[at] == 0xe9 ||
                      ((bytes[at] & 0xf0) == 0x80 && bytes[at - 1] == 0x0f);
    if (!near) continue;
    int32_t distance;
    __builtin_memcpy(&distance, bytes + at + 1, sizeof(distance));
    const uint64_t to = text_.start + at + 5 + static_cast<uint64_t>(int64_t{distance});
    if (to <= lowest || to >= highest) continue;
    for (size_t i = 0; i < entries_.count && count < most; ++i) {
      if (to > detours_[i].jump() && to < detours_[i].jump_end()) found[count++] = text_.start + at;
    }
  }
  return count;
}

// The function that jumps or reaches into where a jump will stand; nullptr: none.
const char* Plan::find_jump_into(const Decoder& decoder) const {
  constexpr size_t kMostHits = 64;
  uint64_t hits[kMostHits];
  const size_t hit_count = find_far_jumps(hits, kMostHits);
  bool explained[kMostHits] = {};
  const char* found = hit_count == kMostHits ? entries_.all[0].name : nullptr;
  program_.visit_functions([&](const Function& function) {
    if (found != nullptr || function.address - text_.start >= text_.end - text_.start) return;
    const Code code = code_of(function.address, function.size);
    bool near = false;
    for (size_t i = 0; i < entries_.count; ++i) {
      const Detour& detour = detours_[i];
      if (function.address > detour.jump() && function.address < detour.jump_end()) {
        found = detour.entry->name;
        return;
      }
      near = near || (code.address < detour.jump_end() + kShortJumpReach &&
                      code.address + code.size + kShortJumpReach > detour.jump());
    }
    for (size_t i = 0; i < hit_count; ++i) {
      if (hits[i] - code.address >= code.size) continue;
      explained[i] = near = true;
    }
    if (near && any_jump(decoder, code, [this](uint64_t from, const Instruction& instruction) {
          return is_bad(from, instruction);
        })) {
      found = function.name;
    }
  });
  for (size_t i = 0; i < hit_count && found == nullptr; ++i) {
    if (!explained[i]) found = entries_.all[0].name;
  }
  return found;
}

void Plan::write_jumps(void* plan) {
  const Plan& self = *static_cast<const Plan*>(plan);
  for (size_t i = 0; i < self.entries_.count; ++i) {
    const Detour& detour = self.detours_[i];
    write_jump(reinterpret_cast<uint8_t*>(detour.jump()), detour.jump(), detour.place);
  }
}

InnerRefusal Plan::change(base::TextWriter& why) {
  uint64_t first = UINT64_MAX;
  uint64_t last = 0;
  for (size_t i = 0; i < entries_.count; ++i) {
    if (detours_[i].jump() < first) first = detours_[i].jump();
    if (detours_[i].jump_end() > last) last = detours_[i].jump_end();
  }
  long answer = make_code(pages_, pages_size());
  if (answer == 0) {
    answer = change_code(text_, program_.descriptor(), first, last, write_jumps, this);
  }
  if (answer == 0) return InnerRefusal::kNone;
  why.add("the system refuses to change code: ").add(base::error_text(static_cast<int>(-answer)));
  return InnerRefusal::kSystem;
}

InnerRefusal Plan::carry_out(const Decoder& decoder, const char** blame, base::TextWriter& why) {
  InnerRefusal refusal = make_places(why);
  if (refusal == InnerRefusal::kNone) refusal = copy_all(decoder, blame, why);
  if (refusal == InnerRefusal::kNone) refusal = change(why);
  if (refusal == InnerRefusal::kNone) pages_ = nullptr;  // for as long as the process lives
  return refusal;
}

}  // namespace silt::detour
