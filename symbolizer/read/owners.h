// SPDX-License-Identifier: Apache-2.0
//
// Who keeps the blocks of a process, as a copy of it found out at one snapshot
// (interposer/format/owners.h). Past the reader ids are in range and parents come before children.

#ifndef SILT_SYMBOLIZER_READ_OWNERS_H_
#define SILT_SYMBOLIZER_READ_OWNERS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "interposer/format/owners.h"

namespace silt::read {

struct OwnersModule {
  std::string path;
  uint64_t load_bias = 0;
  uint64_t tls_size = 0;  // of its thread-local variables, as aligned; 0: none
  std::vector<uint8_t> build_id;
  bool main = false;
};

struct OwnersRoot {
  format::RootKind kind{};
  uint32_t place = 0;  // a module's index, a thread id, or a stack's id (0: unknown), by kind
  uint64_t address = 0;
  int64_t offset = 0;
  uint64_t pc = 0;  // of a stack: return address into the function whose frame it is; 0: unknown
};

struct OwnersPath {
  uint32_t parent = 0;  // index into Owners::paths; 0: it is a root
  uint32_t root = 0;    // index into Owners::roots, of a root
  uint32_t stack = 0;   // a Stack's id, of all others; 0: not in the snapshot
  bool run = false;     // more blocks of the stack, one behind the other
};

struct OwnersShare {
  uint32_t path = 0;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
};

struct OwnersRow {
  uint32_t stack = 0;  // a Stack's id
  uint64_t kept_blocks = 0;
  uint64_t kept_bytes = 0;
  uint64_t lost_blocks = 0;
  uint64_t lost_bytes = 0;
  std::vector<OwnersShare> shares;  // of what is kept, largest first; small ones may be missing
};

struct Owners {
  uint32_t snapshot = 0;  // index into Recording::snapshots
  format::OwnersAsked asked{};
  bool found = false;  // the copy came to its end: what follows is filled in
  format::OwnersFacts facts{};
  std::vector<OwnersModule> modules;
  std::vector<OwnersRoot> roots;
  std::vector<OwnersPath> paths;  // index 0 is none
  std::vector<OwnersRow> rows;
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_OWNERS_H_
