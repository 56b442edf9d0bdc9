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
  uint32_t type = 0;    // index into Owners::labels, of objects; 0: none, or data of those before
  uint32_t name = 0;    // the same, of the variable that keeps them; 0: none
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
  std::vector<OwnersShare> lost_shares;  // of what is lost, what other lost blocks point to
};

// Of a stack's blocks: how many objects of a type there are, or blocks with data of such objects.
struct OwnersType {
  uint32_t stack = 0;  // a Stack's id
  uint32_t type = 0;   // index into Owners::labels; 0: unknown
  bool is_data = false;
  uint64_t blocks = 0;
  uint64_t bytes = 0;
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
  // What a runtime knows of its objects, where one did.
  std::vector<std::string> labels;  // 0 is ""
  std::vector<OwnersType> types;    // of one stack together, largest first
};

}  // namespace silt::read

#endif  // SILT_SYMBOLIZER_READ_OWNERS_H_
