// SPDX-License-Identifier: Apache-2.0
//
// Fixed items in the bytes of a section, which may lie at any address.

#ifndef SILT_SYMBOLIZER_READ_SECTION_ITEMS_H_
#define SILT_SYMBOLIZER_READ_SECTION_ITEMS_H_

#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "symbolizer/base/result.h"

namespace silt::read {

inline Error corrupt(const std::string& what) { return Error{"is corrupt: " + what}; }

// As many as fit.
template <typename T>
std::vector<T> items_of(const std::string& bytes) {
  std::vector<T> items(bytes.size() / sizeof(T));
  if (!items.empty()) std::memcpy(items.data(), bytes.data(), items.size() * sizeof(T));
  return items;
}

// The caller has seen that it is there. `offset`: in bytes.
template <typename T>
T item_at(const std::string& bytes, size_t offset) {
  T item{};
  std::memcpy(&item, bytes.data() + offset, sizeof(T));
  return item;
}

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_SECTION_ITEMS_H_
