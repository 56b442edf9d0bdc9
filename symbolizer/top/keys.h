// SPDX-License-Identifier: Apache-2.0
//
// What a terminal sends for the keys of `silt top`: text as it is, the others as the sequences that
// every terminal since the VT220 agrees on (ECMA-48 CSI, and SS3 in application mode).

#ifndef SILT_SYMBOLIZER_TOP_KEYS_H_
#define SILT_SYMBOLIZER_TOP_KEYS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace silt::top {

enum class Key : uint8_t {
  kText,  // one character, in UTF-8
  kEnter,
  kEscape,
  kBackspace,
  kUp,
  kDown,
  kPageUp,
  kPageDown,
  kHome,
  kEnd,
  kOther,  // known to be a key, and to mean nothing here
};

struct Pressed {
  Key key = Key::kOther;
  std::string text = {};  // of kText
  bool operator==(const Pressed&) const = default;
};

// All keys in what one read gave. An Escape with nothing behind it is the key itself; a sequence
// that ends early, and bytes that are no UTF-8, mean nothing.
std::vector<Pressed> keys_in(std::string_view bytes);

}  // namespace silt::top

#endif  // SILT_SYMBOLIZER_TOP_KEYS_H_
