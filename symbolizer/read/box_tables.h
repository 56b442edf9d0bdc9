// SPDX-License-Identifier: Apache-2.0
//
// The tables in a black box (interposer/format/blackbox.h) of a process that is gone: nodes, what
// each stack allocated and what of it was alive. The file is the memory of a program that was
// killed at any instruction, or anything else that somebody has put there: every number is checked
// before it is used, and memory and time stay in proportion to the file's size.

#ifndef SILT_SYMBOLIZER_READ_BOX_TABLES_H_
#define SILT_SYMBOLIZER_READ_BOX_TABLES_H_

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "interposer/format/blackbox.h"
#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/result.h"

namespace silt::read {

struct BoxCount {
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};

// What one part has counted at a stack.
struct BoxPart {
  uint32_t part = 0;
  BoxCount count;
};

struct BoxTables {
  uint64_t bytes = 0;                                      // of all pieces
  format::BoxHeader header{};                              // texts are NUL-terminated
  std::map<uint32_t, std::vector<format::BoxNode>> nodes;  // by piece
  std::map<uint32_t, std::vector<uint32_t>> births;
  std::map<uint32_t, BoxCount> allocated;  // by stack
  // Of what of that; empty where the box does not tell whose parts they are.
  std::map<uint32_t, std::vector<BoxPart>> parts;
  std::map<uint64_t, BoxCount> live;       // by stack << 8 | generation
  std::vector<format::BoxModule> modules;  // paths are NUL-terminated

  // Nothing for an id that is free, or of nothing.
  std::optional<format::BoxNode> node(uint32_t id) const;
  uint32_t birth(uint32_t id) const;
};

Result<BoxTables> read_box_tables(const ByteSource& source);

// Whether this is the box of a process that was killed: nobody has it mapped any more (a file
// system that cannot tell says so of every process), and the process did not take leave of it.
bool box_has_last_picture(const std::filesystem::path& path);

// What a report has to say of a box beside its figures.
std::vector<std::string> box_notes(const std::filesystem::path& path);

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_BOX_TABLES_H_
