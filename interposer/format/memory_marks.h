// SPDX-License-Identifier: Apache-2.0
//
// SILT_AT: at which sizes of the process a snapshot is taken. A list with commas between:
//
//   512M        when resident memory reaches that
//   +25%, +64M  when it has grown by that since the last snapshot
//   90%         when the cgroup's memory has come to that share of its limit
//
// Interposer and tool understand the same. Pure; needs nothing of the C library.

#ifndef SILT_INTERPOSER_FORMAT_MEMORY_MARKS_H_
#define SILT_INTERPOSER_FORMAT_MEMORY_MARKS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/format/size_text.h"

namespace silt::format {

inline constexpr size_t kMostMarks = 16;
// A process may well become a hundred times what it was; a share of a limit is a part of it.
inline constexpr uint64_t kMostGrowthPercent = 10'000;
inline constexpr uint64_t kMostLimitPercent = 100;

struct MemoryMark {
  enum class Kind : uint32_t { kSize, kGrowth, kGrowthShare, kLimitShare };
  Kind kind;
  uint64_t value;  // bytes, or percent of a share
};

struct MemoryMarks {
  size_t count;
  MemoryMark marks[kMostMarks];
};

constexpr bool parse_memory_mark(const char* text, size_t length, MemoryMark* mark) {
  using Kind = MemoryMark::Kind;
  const bool growth = length != 0 && text[0] == '+';
  if (growth) {
    ++text;
    --length;
  }
  if (length == 0) return false;
  if (text[length - 1] != '%') {
    mark->kind = growth ? Kind::kGrowth : Kind::kSize;
    return parse_size(text, length, &mark->value) && mark->value != 0;
  }
  mark->kind = growth ? Kind::kGrowthShare : Kind::kLimitShare;
  const uint64_t most = growth ? kMostGrowthPercent : kMostLimitPercent;
  uint64_t percent = 0;
  for (size_t i = 0; i + 1 < length; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    percent = percent * 10 + static_cast<uint64_t>(text[i] - '0');
    if (percent > most) return false;
  }
  mark->value = percent;
  return percent != 0;
}

// "0" is none. False, with `marks` as they were, when the text is not of the form.
constexpr bool parse_memory_marks(const char* text, size_t length, MemoryMarks* marks) {
  MemoryMarks parsed{};
  if (length == 1 && text[0] == '0') {
    *marks = parsed;
    return true;
  }
  for (size_t begin = 0;; ++begin) {
    size_t end = begin;
    while (end < length && text[end] != ',') ++end;
    if (parsed.count == kMostMarks ||
        !parse_memory_mark(text + begin, end - begin, &parsed.marks[parsed.count])) {
      return false;
    }
    ++parsed.count;
    if (end == length) break;
    begin = end;
  }
  *marks = parsed;
  return true;
}

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_MEMORY_MARKS_H_
