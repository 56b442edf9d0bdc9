// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a snapshot file (interposer/format/snapshot.h), for what the tool has to say in that
// form.

#ifndef SILT_SYMBOLIZER_READ_SNAPSHOT_BYTES_H_
#define SILT_SYMBOLIZER_READ_SNAPSHOT_BYTES_H_

#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "interposer/format/snapshot.h"

namespace silt::read {

// Sections in the order in which they are added, as a whole file.
class Sections {
 public:
  void add(format::SectionType type, uint32_t count, std::string bytes) {
    sections_.push_back({type, count, std::move(bytes)});
  }

  std::string file() const;

 private:
  struct Section {
    format::SectionType type;
    uint32_t count;
    std::string bytes;
  };
  std::vector<Section> sections_;
};

inline void add_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}

inline void add_signed_varint(std::string& out, int64_t value) {
  add_varint(out, static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
}

template <typename T>
void add_item(std::string& out, const T& item) {
  out.append(reinterpret_cast<const char*>(&item), sizeof(item));
}

// The section of texts, each once.
class Strings {
 public:
  format::StringRef add(const std::string& text) {
    if (text.empty()) return 0;
    const auto [known, is_new] =
        known_.emplace(text, static_cast<format::StringRef>(bytes_.size()));
    if (is_new) bytes_.append(text.c_str(), text.size() + 1);
    return known->second;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_ = std::string(1, '\0');
  std::unordered_map<std::string, format::StringRef> known_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_SNAPSHOT_BYTES_H_
