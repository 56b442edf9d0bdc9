// SPDX-License-Identifier: Apache-2.0
//
// Suffixes go first, since the demanglers would spell them out.

#include "symbolizer/symbolize/demangle.h"

#include <libiberty/demangle.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

namespace silt::symbolize {
namespace {

// Longer names are shown as they are: demanglers need stack and time in proportion, and more.
constexpr size_t kLongestMangled = 16'384;

constexpr std::array<std::string_view, 9> kCopySuffixes = {".cold",       ".part.",     ".isra.",
                                                           ".constprop.", ".lto_priv.", ".llvm.",
                                                           ".localalias", ".resolver",  ".warm"};

// Where the first suffix begins of which everything after it is such a suffix's number or another.
size_t copy_suffix_position(std::string_view name) {
  size_t first = name.size();
  for (const std::string_view suffix : kCopySuffixes) {
    const size_t at = name.find(suffix, 1);
    if (at == std::string_view::npos) continue;
    const size_t end = at + suffix.size();
    const bool whole = suffix.ends_with('.')
                           ? end < name.size() && name[end] >= '0' && name[end] <= '9'
                           : end == name.size() || name[end] == '.';
    if (whole) first = std::min(first, at);
  }
  return first;
}

struct Free {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

std::string demangle(std::string_view linkage_name) {
  std::string_view bare = linkage_name.substr(0, linkage_name.find('@', 1));
  bare = bare.substr(0, copy_suffix_position(bare));
  std::string name(bare);
  const bool mangled = bare.starts_with("_Z") || bare.starts_with("_R") || bare.starts_with("_D") ||
                       bare.starts_with("___Z") || bare.starts_with("__Z");
  if (!mangled || bare.size() > kLongestMangled) return name;
  const int style = bare.starts_with("_D") ? DMGL_DLANG : DMGL_AUTO;
  const std::unique_ptr<char, Free> readable(
      cplus_demangle(name.c_str(), style | DMGL_PARAMS | DMGL_ANSI));
  return readable ? std::string(readable.get()) : name;
}

}  // namespace silt::symbolize
