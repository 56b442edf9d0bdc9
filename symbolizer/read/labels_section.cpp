// SPDX-License-Identifier: Apache-2.0
//
// What a recording is known by, as its snapshots say: hostile texts, of bounded number and length.

#include <algorithm>
#include <cstring>

#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

Result<std::vector<Label>> SnapshotFile::labels() {
  auto section = bytes(format::SectionType::kLabels, sizeof(format::LabelEntry));
  if (!section) return section.error();
  const size_t count = section->size() / sizeof(format::LabelEntry);
  if (count > kMostLabels) return Error{"is corrupt: it has more labels than can be given"};
  std::vector<Label> labels;
  for (size_t i = 0; i < count; ++i) {
    format::LabelEntry entry;
    std::memcpy(&entry, section->data() + i * sizeof(entry), sizeof(entry));
    auto key = text(entry.key);
    if (!key) return key.error();
    auto value = text(entry.value);
    if (!value) return value.error();
    if (key->empty() || find_label(labels, *key) != nullptr) continue;
    labels.push_back({std::move(*key), std::move(*value)});
  }
  return labels;
}

const std::string* find_label(const std::vector<Label>& labels, std::string_view key) {
  const auto at = std::find_if(labels.begin(), labels.end(),
                               [key](const Label& label) { return label.key == key; });
  return at == labels.end() ? nullptr : &at->value;
}

}  // namespace silt::read
