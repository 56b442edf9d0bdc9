// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as labels: as the text of SILT_LABELS, of which what is accepted comes in pieces of
// bounded length; and as the section of a snapshot, whose labels no reader of metrics or tables may
// stumble over, whatever they are.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "interposer/format/settings.h"
#include "symbolizer/read/snapshot_bytes.h"
#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/render/export.h"
#include "symbolizer/render/render.h"
#include "test/symbolizer/snapshot_writer.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_setting(const std::string& text) {
  size_t count = 0;
  const bool good = format::for_labels(
      text.data(), text.size(),
      [&](const char* key, size_t key_size, const char* value, size_t value_size) {
        require(key >= text.data() && key + key_size <= text.data() + text.size());
        require(value >= key + key_size && value + value_size <= text.data() + text.size());
        require(key_size != 0 && key_size <= format::kLongestLabelKey);
        require(value_size <= format::kLongestLabelValue);
        ++count;
        return true;
      });
  require(!good || count <= format::kMostLabels);
}

// A key of letters, digits and underscores, a value between quotes.
void check_metrics(const std::string& text) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    require(end != std::string::npos);
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.rfind("# ", 0) == 0) continue;
    require(!line.empty());
    for (const char c : line) require(static_cast<unsigned char>(c) >= 0x20);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_setting(text);

  // Pieces between NULs, as keys and values in turn.
  read::Sections sections;
  read::Strings strings;
  std::string entries;
  std::vector<format::StringRef> references;
  for (size_t begin = 0; begin <= text.size() && references.size() < 200;) {
    const size_t end = std::min(text.find('\0', begin), text.size());
    references.push_back(strings.add(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  references.resize(references.size() / 2 * 2);
  for (const format::StringRef reference : references) read::add_item(entries, reference);
  std::string meta;
  read::add_item(meta, format::Meta{});
  sections.add(format::SectionType::kMeta, 1, meta);
  sections.add(format::SectionType::kNodes, 0, "");
  sections.add(format::SectionType::kStacks, 0, "");
  sections.add(format::SectionType::kLabels, static_cast<uint32_t>(references.size() / 2), entries);
  sections.add(format::SectionType::kStrings, 1, strings.take());
  const std::string bytes = sections.file();
  auto file = read::SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  require(static_cast<bool>(file));
  auto labels = file->labels();
  if (!labels) return 0;
  require(labels->size() <= read::kMostLabels);
  render::Exported one;
  one.path = "silt.shop.1";
  one.report.program = "shop";
  one.report.labels = *labels;
  one.report.snapshots.resize(1);
  std::set<std::string> names;
  const std::vector<std::vector<read::Label>> exported = render::export_labels({one});
  require(exported.size() == 1);
  for (const read::Label& label : exported[0]) {
    require(names.insert(label.key).second);
  }
  check_metrics(render::render_openmetrics({one}));
  const std::string table = render::render_ndjson({one});
  require(!table.empty() && table.back() == '\n');
  for (const std::string& all :
       {render::render_json(one.report), render::render_markdown(one.report),
        render::render_speedscope(one.report), render::render_junit(one.report),
        render::render_github(one.report), render::render_sarif(one.report)}) {
    require(all.find('\x1b') == std::string::npos);
  }
  return 0;
}
