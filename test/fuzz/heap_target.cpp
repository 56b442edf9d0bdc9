// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a heap snapshot, and what the reader lets through analysed. The byte 0x1e divides
// two snapshots, which are compared.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/heap/growth.h"
#include "symbolizer/heap/heap_report.h"
#include "symbolizer/heap/holders.h"
#include "symbolizer/heap/paths.h"
#include "symbolizer/heap/retained.h"
#include "symbolizer/heap/snapshot_reader.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

bool load(std::string_view text, heap::Heap& made) {
  auto graph = heap::read_heap_snapshot(MemorySource(text));
  if (!graph) {
    require(!graph.error().message.empty());
    require(graph.error().message.find('\n') == std::string::npos);
    return false;
  }
  made.graph = std::move(*graph);
  require(made.graph.edge_begins.size() == made.graph.node_count() + 1);
  for (const heap::NodeIndex target : made.graph.edge_targets) {
    require(target < made.graph.node_count());
  }
  made.dominators = heap::find_dominators(made.graph);
  made.reach = heap::find_reach(made.graph);
  require(made.reach.order.size() == made.dominators.order.size());
  uint64_t bytes = 0;
  for (const heap::NodeIndex node : made.reach.order) {
    require(made.dominators.is_kept(node));
    bytes += made.graph.size_of(node);
  }
  require(made.dominators.retained[heap::kRoot] == bytes);
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t end = text.find('\x1e');
  heap::Heap first;
  if (!load(text.substr(0, end), first)) return 0;
  heap::Words words;
  const heap::PathText paths(first.graph, first.reach, words);
  for (const heap::Holder& holder : heap::find_holders(first, words, 5, 0.01)) {
    heap::Finding finding;
    paths.describe(holder.node, finding);
    require(!finding.path.empty());
  }
  heap::Heap second;
  if (end == std::string_view::npos || !load(text.substr(end + 1), second)) return 0;
  heap::GrowthFinder finder(first, second, words);
  int64_t bytes = finder.growth().own_bytes;
  for (const heap::Group& group : finder.growth().groups) bytes += group.bytes;
  require(bytes >= finder.growth().bytes);
  const heap::NodesById nodes(first.graph);
  const heap::PathText names(second.graph, second.reach, words);
  for (const heap::GroupDetail& detail : finder.detail(5)) {
    heap::Finding finding;
    if (detail.largest != heap::kNone) names.describe(detail.largest, finding);
    require(heap::retained_by(first, detail.anchors, nodes, words) <=
            first.dominators.retained[heap::kRoot]);
  }
  return 0;
}
