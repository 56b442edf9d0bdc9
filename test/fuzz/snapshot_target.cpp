// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a snapshot: all that the reader lets through must hold what recording.h promises.
// Checksums are made right first, or nothing would get past them.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "symbolizer/read/script_join.h"
#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/read/stack_join.h"
#include "test/symbolizer/snapshot_writer.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_scripts(const read::Recording& recording) {
  for (const read::Stack& stack : recording.stacks) {
    require(stack.heap == read::Heap::kManaged && stack.leaf != read::kRootNode);
    for (read::NodeId node = stack.leaf; node != read::kRootNode;
         node = recording.nodes[node].parent) {
      require(recording.nodes.contains(node) && recording.nodes[node].parent < node);
      require(recording.nodes[node].pc >= read::kScriptPc);
      require(recording.nodes[node].pc - read::kScriptPc < recording.script_frames.size());
    }
  }
}

void check_stacks(const read::ByNode<read::Node>& nodes, const std::vector<read::Stack>& stacks) {
  for (const read::Stack& stack : stacks) {
    require(number_of(stack.id) < nodes.size() && nodes.contains(stack.leaf));
    for (read::NodeId node = stack.leaf; node != read::kRootNode; node = nodes[node].parent) {
      require(nodes[node].parent < node);
    }
    for (const read::Sample& sample : stack.samples) {
      uint64_t blocks = 0, bytes = 0;
      int last_code = -1;
      for (const read::GenerationCount& generation : sample.generations) {
        require(generation.code > last_code);
        last_code = generation.code;
        blocks += generation.blocks;
        bytes += generation.bytes;
      }
      require(blocks == sample.live_blocks && bytes == sample.live_bytes);
      require(sample.live_bytes <= read::kLargestFigure);
    }
  }
}

void check_owners(const read::Owners& owners, uint32_t nodes) {
  for (size_t i = 1; i < owners.paths.size(); ++i) {
    const read::OwnersPath& path = owners.paths[i];
    require(path.parent < i && path.stack <= nodes);
    require(path.parent != 0 || path.root < owners.roots.size());
    require((path.type == 0 && path.name == 0) ||
            (path.type < owners.labels.size() && path.name < owners.labels.size()));
  }
  for (const read::OwnersRoot& root : owners.roots) {
    if (root.kind == format::RootKind::kData) require(root.place < owners.modules.size());
  }
  for (const read::OwnersType& type : owners.types) {
    require(type.stack != 0 && type.stack <= nodes && type.type < owners.labels.size());
  }
  for (const read::OwnersRow& row : owners.rows) {
    require(row.stack != 0 && row.stack <= nodes);
    uint64_t blocks = 0, bytes = 0;
    for (const read::OwnersShare& share : row.shares) {
      require(share.path != 0 && share.path < owners.paths.size());
      blocks += share.blocks;
      bytes += share.bytes;
    }
    require(blocks <= row.kept_blocks && bytes <= row.kept_bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  test::mend_checksums(bytes);
  auto file = read::SnapshotFile::open(std::make_unique<MemorySource>(bytes));
  if (!file) return 0;
  auto texts = file->texts();
  auto modules = file->modules();
  auto mappings = file->mappings();
  auto costs = file->costs();
  auto rss = file->rss();
  if (auto heaps = file->script_heaps()) {
    read::ScriptJoin scripts;
    scripts.add(0, *heaps);
    scripts.add(1, *heaps);
    read::Recording recording;
    recording.nodes.resize(1);
    scripts.take(recording);
    check_scripts(recording);
    check_stacks(recording.nodes, recording.stacks);
  }
  if (auto owners = file->owners(); owners && *owners) check_owners(**owners, file->node_count());
  auto runtimes = file->runtimes();
  auto functions = file->runtime_functions();
  if (auto heaps = file->script_heaps(); heaps && runtimes) {
    for (const auto& heap : heaps->managed_heaps) require(heap.runtime < runtimes->size());
  }
  auto node_bytes = file->node_bytes();
  if (!node_bytes) return 0;
  auto nodes = file->nodes(*node_bytes);
  auto rows = file->stack_rows();
  if (!nodes || !rows || !modules) return 0;
  read::StackJoin join(*nodes, *modules);
  join.add(0, *rows, {});
  if (const auto joined = join.join(*nodes)) join.add(1, *rows, *joined);
  const std::vector<read::Stack> stacks = join.take_stacks();
  const read::ByNode<read::Node> joined_nodes = join.take_nodes();
  check_stacks(joined_nodes, stacks);
  for (const read::Node& node : joined_nodes) require(node.pc < read::kScriptPc);
  return 0;
}
