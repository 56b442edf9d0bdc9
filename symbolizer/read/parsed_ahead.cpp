// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/read/parsed_ahead.h"

#include <filesystem>

namespace silt::read {
namespace {

Result<ParsedSnapshot> parse_snapshot(const std::filesystem::path& path, TablesReader& reader) {
  auto file = open_snapshot(path);
  if (!file) return file.error();
  auto tables = reader.read(*file, path);
  if (!tables) return tables.error();
  auto scripts = file->script_heaps();
  if (!scripts) return scripts.error();
  auto snapshot = snapshot_of(*file, path);
  if (!snapshot) return snapshot.error();
  auto owners = file->owners();
  if (!owners) return owners.error();
  auto threads = file->threads();
  if (!threads) return threads.error();
  return ParsedSnapshot{std::move(*file),     std::move(*tables), std::move(*scripts),
                        std::move(*snapshot), std::move(*owners), std::move(*threads)};
}

}  // namespace

void ParsedAhead::begin(size_t index) {
  if (index == headers_.size()) return;
  // Where no thread can be had it is parsed when it is asked for.
  next_ = std::async(std::launch::async | std::launch::deferred,
                     [this, index] { return parse_snapshot(headers_[index].path, reader_); });
}

}  // namespace silt::read
