// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/read/damaged_snapshot.h"

#include <memory>

namespace silt::read {

SnapshotValues some_values() {
  SnapshotValues values;
  values.meta.pid = 7;
  values.nodes = {{0, 0x555555554000}, {1, 0x7ffff7a00000}, {1, 1}, {2, 0x10}};
  values.rows = {{2, 300, 70000, {{0, 3, 400}, {5, 1, 128}}}, {4, 1, 1, {}}};
  Module module;
  module.start = 0x555555550000;
  module.end = 0x555555560000;
  module.end_node = UINT32_MAX;
  module.path = "/usr/bin/victim";
  module.build_id = {1, 2, 3, 4};
  module.main = true;
  values.modules = {module};
  values.mappings = {{0x1000, 0x2000, 0, ""},
                     {0x555555550000, 0x555555560000, 64, "/usr/bin/victim"}};
  values.costs = {{format::Cost::nodes, 4}};
  values.rss = {{format::RssKind::kManagedHeap, 12}};
  values.managed_heaps.resize(2);
  values.managed_heaps[1].thread_id = 3;
  values.managed_heaps[1].heap_used_bytes = 1000;
  values.script_frames = {{"main", "file:///app.js", 1, 1}, {"", "node:internal/timers", 7, 0}};
  values.script_nodes = {{0, 0}, {1, 1}, {1, 0}};
  values.script_rows = {{0, 2, {{0, 1, 3, 60}, {4, 2, 9, 400}}}, {1, 1, {{9, 1, 1, 8}}}};
  return values;
}

std::string refusal(const std::string& bytes) {
  auto file = SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  if (!file) return file.error().message;
  auto node_bytes = file->node_bytes();
  if (!node_bytes) return node_bytes.error().message;
  if (auto nodes = file->nodes(*node_bytes); !nodes) return nodes.error().message;
  if (auto rows = file->stack_rows(); !rows) return rows.error().message;
  if (auto texts = file->texts(); !texts) return texts.error().message;
  if (auto modules = file->modules(); !modules) return modules.error().message;
  if (auto mappings = file->mappings(); !mappings) return mappings.error().message;
  if (auto costs = file->costs(); !costs) return costs.error().message;
  if (auto rss = file->rss(); !rss) return rss.error().message;
  if (auto children = file->children(); !children) return children.error().message;
  if (auto labels = file->labels(); !labels) return labels.error().message;
  if (auto runtimes = file->runtimes(); !runtimes) return runtimes.error().message;
  if (auto heaps = file->script_heaps(); !heaps) return heaps.error().message;
  return "";
}

std::string refusal(const std::function<void(SnapshotValues&)>& change) {
  SnapshotValues values = some_values();
  change(values);
  return refusal(test::write_snapshot(values));
}

std::string refusal_of_sections(const std::function<void(std::vector<RawSection>&)>& change) {
  auto sections = test::sections_of(some_values());
  change(sections);
  return refusal(test::assemble(sections));
}

}  // namespace silt::read
