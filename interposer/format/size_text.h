// SPDX-License-Identifier: Apache-2.0
//
// How a size is written, wherever silt takes one: settings, options and policies understand the
// same. `512`, `64 KiB`, `1.5MB`, `2G`: KB, MB, GB and TB are thousands, KiB, MiB, GiB and TiB are
// 1024s, and so are K, M, G and T alone. Pure; needs nothing of the C library.

#ifndef SILT_INTERPOSER_FORMAT_SIZE_TEXT_H_
#define SILT_INTERPOSER_FORMAT_SIZE_TEXT_H_

#include <cstddef>
#include <cstdint>

namespace silt::format {

// Bytes, rounded down, at most 2^63 - 1; false when the text is no size.
constexpr bool parse_size(const char* text, size_t length, uint64_t* bytes) {
  constexpr uint64_t kMost = UINT64_MAX >> 1;
  constexpr size_t kFractionDigits = 9;  // more do not matter
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  size_t at = 0;
  uint64_t whole = 0;
  for (; at < length && is_digit(text[at]); ++at) {
    const auto digit = static_cast<uint64_t>(text[at] - '0');
    if (whole > (kMost - digit) / 10) return false;
    whole = whole * 10 + digit;
  }
  if (at == 0) return false;
  uint64_t fraction = 0;  // of `parts`
  uint64_t parts = 1;
  if (at < length && text[at] == '.') {
    const size_t begin = ++at;
    for (; at < length && is_digit(text[at]); ++at) {
      if (at - begin >= kFractionDigits) continue;
      fraction = fraction * 10 + static_cast<uint64_t>(text[at] - '0');
      parts *= 10;
    }
    if (at == begin) return false;
  }
  while (at < length && text[at] == ' ') ++at;
  char unit[3] = {0, 0, 0};
  const size_t unit_length = length - at;
  if (unit_length > sizeof(unit)) return false;
  for (size_t i = 0; i < unit_length; ++i) {
    const char c = text[at + i];
    unit[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  uint64_t factor = 1;
  if (unit_length != 0 && !(unit_length == 1 && unit[0] == 'B')) {
    unsigned power = 0;
    while (power < 4 && unit[0] != "KMGT"[power]) ++power;
    if (power == 4) return false;
    const bool thousands = unit_length == 2 && unit[1] == 'B';
    const bool spelled = unit_length == 3 && unit[1] == 'I' && unit[2] == 'B';
    if (unit_length != 1 && !thousands && !spelled) return false;
    for (unsigned i = 0; i <= power; ++i) factor *= thousands ? 1000 : 1024;
  }
  if (whole > kMost / factor) return false;
  // `factor` has at most 40 bits and `fraction` 30: no more than 70, so in two steps.
  const uint64_t rest = factor / parts * fraction + factor % parts * fraction / parts;
  if (whole * factor > kMost - rest) return false;
  *bytes = whole * factor + rest;
  return true;
}

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_SIZE_TEXT_H_
