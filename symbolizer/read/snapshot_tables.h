// SPDX-License-Identifier: Apache-2.0
//
// Nodes and rows of a snapshot, wherever they are told: a compact one says only how it differs from
// an earlier snapshot in the same folder, its base, which may have one itself.

#ifndef SILT_SYMBOLIZER_READ_SNAPSHOT_TABLES_H_
#define SILT_SYMBOLIZER_READ_SNAPSHOT_TABLES_H_

#include <cstdint>
#include <filesystem>
#include <memory>

#include "symbolizer/base/result.h"
#include "symbolizer/read/snapshot_file.h"

namespace silt::read {

struct SnapshotTables {
  std::shared_ptr<const NodeTable> nodes;  // compact snapshots without new ones share their base's
  StackRows rows;
};

// Remembers the last base: snapshots that come in order mostly have the same one.
class TablesReader {
 public:
  // Errors go on with what the file does, like those of SnapshotFile.
  Result<SnapshotTables> read(const SnapshotFile& file, const std::filesystem::path& path);

 private:
  struct Base {
    format::BaseEntry entry;
    uint64_t start_realtime_ns;
    uint32_t pid;
    std::filesystem::path folder;
    SnapshotTables tables;
  };

  bool has_base_of(const SnapshotFile& file, const std::filesystem::path& folder) const;

  std::shared_ptr<const Base> last_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_SNAPSHOT_TABLES_H_
