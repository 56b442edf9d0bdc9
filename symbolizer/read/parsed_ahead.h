// SPDX-License-Identifier: Apache-2.0
//
// The older snapshots of a recording, each file with all that it says by itself and by its bases.

#ifndef SILT_SYMBOLIZER_READ_PARSED_AHEAD_H_
#define SILT_SYMBOLIZER_READ_PARSED_AHEAD_H_

#include <cstddef>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "symbolizer/base/result.h"
#include "symbolizer/read/newest_snapshot.h"
#include "symbolizer/read/snapshot_file.h"
#include "symbolizer/read/snapshot_tables.h"

namespace silt::read {

struct ParsedSnapshot {
  SnapshotFile file;
  SnapshotTables tables;
  ScriptHeaps scripts;
  Snapshot snapshot;
  std::optional<Owners> owners;
  ThreadRows threads;
};

// Parses one file after the other, each while the one before it is being joined: a recording of
// hundreds of snapshots is read in half the time where there are two processors.
class ParsedAhead {
 public:
  ParsedAhead(const std::vector<SnapshotHeader>& headers, TablesReader& reader)
      : headers_(headers), reader_(reader) {
    begin(0);
  }

  // Of the header at `index`; each once, ascending.
  Result<ParsedSnapshot> take(size_t index) {
    Result<ParsedSnapshot> parsed = next_.get();
    begin(index + 1);
    return parsed;
  }

 private:
  void begin(size_t index);

  const std::vector<SnapshotHeader>& headers_;
  TablesReader& reader_;  // one parses at a time
  std::future<Result<ParsedSnapshot>> next_;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_PARSED_AHEAD_H_
