// SPDX-License-Identifier: Apache-2.0
//
// Writes valid snapshots from values, and nothing else: the reader's counterpart in tests, written
// from the format's description, not from the interposer. Tests damage its bytes on purpose.

#ifndef SILT_TEST_SYMBOLIZER_SNAPSHOT_WRITER_H_
#define SILT_TEST_SYMBOLIZER_SNAPSHOT_WRITER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "interposer/format/snapshot.h"
#include "symbolizer/read/recording.h"

namespace silt::test {

struct RowValues {
  uint32_t node = 0;
  uint64_t allocated_blocks = 0;
  uint64_t allocated_bytes = 0;
  std::vector<read::GenerationCount> generations;
};

struct ScriptGeneration {
  uint32_t code = 0;
  uint64_t samples = 0;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};
struct ScriptRowValues {
  uint32_t managed_heap = 0;
  uint32_t node = 0;
  std::vector<ScriptGeneration> generations;
};
struct ScriptTypeValues {
  uint32_t managed_heap = 0;
  uint32_t node = 0;
  read::TypeCount count;
};
struct ScriptNodeValues {
  uint32_t parent = 0;
  uint32_t frame = 0;
};

// Nodes with plain numbers, which are shorter to write down.
struct NodeValues {
  uint32_t parent = 0;
  uint64_t pc = 0;
  uint32_t birth = 0;
};
struct NodeTable : std::vector<NodeValues> {
  using std::vector<NodeValues>::vector;
  operator read::ByNode<read::Node>() const {
    read::ByNode<read::Node> nodes;
    for (const NodeValues& node : *this) {
      nodes.push_back({read::NodeId{node.parent}, node.pc, node.birth});
    }
    return nodes;
  }
};

struct SnapshotValues {
  format::Meta meta{};  // its StringRefs are filled in by write_snapshot
  std::string program = "victim";
  std::string executable = "/usr/bin/victim";
  std::string command = "victim --serve";
  std::string working_directory = "/srv";
  std::string allocator = "/lib/x86_64-linux-gnu/libc.so.6";
  // Node ids count from 1: nodes[0] has id 1. With births: numbered for this snapshot alone.
  NodeTable nodes;
  std::vector<RowValues> rows;  // ascending by node
  std::vector<read::Module> modules;
  std::vector<read::Mapping> mappings;
  std::vector<std::pair<format::Cost, uint64_t>> costs;
  std::vector<read::Snapshot::Rss> rss;
  std::vector<read::Label> labels;
  // Managed heaps; their sections, and the runtime that they are of, are written when there is one.
  std::string heaps_of = "nodejs";
  std::vector<format::ManagedHeapEntry> managed_heaps;
  std::vector<read::ScriptFrame> script_frames;
  std::vector<ScriptNodeValues> script_nodes;  // ids count from 1
  std::vector<ScriptRowValues> script_rows;    // ascending by heap and node
  std::vector<ScriptTypeValues> script_types;  // likewise; none: no section
};

std::string write_snapshot(const SnapshotValues& values);

// A section as bytes, for files that no writer would make.
struct RawSection {
  uint32_t type = 0;
  uint32_t count = 0;
  std::string bytes;
};
std::vector<RawSection> sections_of(const SnapshotValues& values);
std::string assemble(const std::vector<RawSection>& sections);

// Makes all checksums of a damaged file right again, as far as its tables can be followed, so that
// damage reaches the checks behind the checksums.
void mend_checksums(std::string& file);

void append_varint(std::string& out, uint64_t value);

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_SNAPSHOT_WRITER_H_
