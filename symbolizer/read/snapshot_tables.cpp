// SPDX-License-Identifier: Apache-2.0
//
// See the header. A base is older than what it is the base of, so a chain of them has an end.

#include "symbolizer/read/snapshot_tables.h"

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "symbolizer/base/quote.h"
#include "symbolizer/read/newest_snapshot.h"

namespace silt::read {
namespace {

std::filesystem::path path_of(uint32_t sequence, const std::filesystem::path& folder) {
  char name[32];
  std::snprintf(name, sizeof(name), "%03u.silt", sequence);
  return folder / name;
}

Result<SnapshotTables> whole_tables(const SnapshotFile& file) {
  auto bytes = file.node_bytes();
  if (!bytes) return bytes.error();
  auto nodes = std::make_shared<NodeTable>();
  auto read = file.add_nodes(*bytes, *nodes);
  if (!read) return read.error();
  auto rows = file.stack_rows();
  if (!rows) return rows.error();
  return SnapshotTables{std::move(nodes), std::move(*rows)};
}

Result<SnapshotTables> changed_tables(const SnapshotFile& file, const SnapshotTables& base) {
  auto bytes = file.node_bytes();
  if (!bytes) return bytes.error();
  std::shared_ptr<const NodeTable> nodes = base.nodes;
  if (!bytes->empty() || file.node_count() != file.base()->nodes) {
    auto more = std::make_shared<NodeTable>(*base.nodes);
    auto read = file.add_nodes(*bytes, *more);
    if (!read) return read.error();
    nodes = std::move(more);
  }
  auto rows = file.changed_rows(base.rows);
  if (!rows) return rows.error();
  return SnapshotTables{std::move(nodes), std::move(*rows)};
}

Error without_base(const std::filesystem::path& base, const std::string& why) {
  return Error{"tells only how it differs from " + in_quotes(base.filename()) +
               " in the same folder, which " + why};
}

}  // namespace

bool TablesReader::has_base_of(const SnapshotFile& file,
                               const std::filesystem::path& folder) const {
  return last_ != nullptr && last_->entry == *file.base() && last_->folder == folder &&
         last_->pid == file.meta().pid && last_->start_realtime_ns == file.meta().start_realtime_ns;
}

Result<SnapshotTables> TablesReader::read(const SnapshotFile& file,
                                          const std::filesystem::path& path) {
  if (!file.base()) return whole_tables(file);
  const std::filesystem::path folder = path.parent_path();
  // Back to one that is whole, or known; then forward again.
  std::vector<SnapshotFile> bases;
  const SnapshotFile* at = &file;
  while (at->base() && !has_base_of(*at, folder)) {
    const std::filesystem::path base_path = path_of(at->base()->sequence, folder);
    if (bases.size() == format::kLongestChain) {
      return Error{"is corrupt: too many others would have to be read first"};
    }
    std::error_code error;
    if (!std::filesystem::exists(base_path, error)) return without_base(base_path, "is missing");
    auto base = open_snapshot(base_path);
    if (!base) return without_base(base_path, base.error().message);
    const format::Meta& meta = base->meta();
    if (meta.sequence != at->base()->sequence || meta.sequence >= at->meta().sequence ||
        meta.pid != at->meta().pid || meta.start_realtime_ns != at->meta().start_realtime_ns ||
        base->identity() != *at->base()) {
      return without_base(base_path, "is another one than when it was written");
    }
    bases.push_back(std::move(*base));
    at = &bases.back();
  }
  for (; !bases.empty(); bases.pop_back()) {
    const SnapshotFile& base = bases.back();
    auto tables = base.base() ? changed_tables(base, last_->tables) : whole_tables(base);
    if (!tables) {
      return without_base(path_of(base.meta().sequence, folder), tables.error().message);
    }
    last_ = std::make_shared<const Base>(Base{base.identity(), base.meta().start_realtime_ns,
                                              base.meta().pid, folder, std::move(*tables)});
  }
  return changed_tables(file, last_->tables);
}

}  // namespace silt::read
