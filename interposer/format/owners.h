// SPDX-License-Identifier: Apache-2.0
//
// The sections of a snapshot that say who keeps its blocks. The process writes kOwnersAsked with
// the snapshot; the others are added later, by the copy of the process that looked (the file is
// replaced by one that has them too), all together or not at all. docs/snapshot-format.md.

#ifndef SILT_INTERPOSER_FORMAT_OWNERS_H_
#define SILT_INTERPOSER_FORMAT_OWNERS_H_

#include <cstddef>
#include <cstdint>

#include "interposer/format/snapshot.h"

namespace silt::format {

// What became of the wish. kOwnersAsked: one OwnersAsked.
enum class OwnersState : uint32_t {
  kBegun = 1,     // a copy was made; it adds the other sections if it comes to its end
  kSampled = 2,   // the recording is sampled: too few blocks are known
  kNoMemory = 3,  // the copy would not have fitted
  kRefused = 4,   // the kernel or a sandbox refused: see `error`
};

struct OwnersAsked {
  uint32_t state;  // OwnersState
  uint32_t child;  // pid of the copy as the process sees it, 0: none
  int32_t error;   // errno, 0: none
  uint32_t reserved;
  uint64_t pause_ns;         // for which the asked thread stood still to make the copy
  uint64_t needed_bytes;     // at most, beside what is shared, as estimated before
  uint64_t available_bytes;  // UINT64_MAX: no limit known
  uint64_t limit_ns;         // the copy has ended by then, well or not
};
static_assert(sizeof(OwnersAsked) == 48);

enum OwnersFlag : uint32_t {
  kOwnersMemoryHidden = 1,  // some memory could not be read: what looks lost may be kept from there
  kOwnersPathsFull = 2,     // there were more paths than can be remembered
};

// kOwnersFacts: one.
struct OwnersFacts {
  uint32_t flags;
  uint32_t threads;  // whose stacks were looked at
  uint64_t blocks;
  uint64_t bytes;
  uint64_t lost_blocks;
  uint64_t lost_bytes;
  uint64_t root_bytes;     // read to find the first pointers
  uint64_t cpu_ns;         // of the copy
  uint64_t elapsed_ns;     // from the moment of the copy
  uint64_t private_bytes;  // of the copy, beside what it shared with the process; 0: unknown
};
static_assert(sizeof(OwnersFacts) == 72);

// A place that is no block itself, with a pointer in it.
enum class RootKind : uint32_t {
  kData = 1,         // variables of a module; place: index into kOwnersModules
  kThreadLocal = 2,  // place: thread id; offset: address less the thread pointer
  kStack = 3,        // place: thread id; in use, or not known to be out of use
  kRegister = 4,     // of the thread that was asked; place: thread id
  kMapping = 5,      // an anonymous mapping of the program's own; place: node number, 0: unknown
  kManagedHeap = 6,  // of a runtime that collects it itself
  kObject = 7,      // an object of a runtime's own allocator; place: node number of its stack; with
                    // a name: a variable of its language
  kStaleStack = 8,  // below a stack pointer: left by functions that have returned
  kOther = 9,       // anonymous memory of unknown use
  kUnlisted = 10,   // kept, by paths that found no room
  kGarbage = 11,    // objects that only refer to one another, for a runtime's collector to come to;
                    // place: 1 when that is switched off
  kLost = 12,       // no root: blocks that hang on lost ones
};

struct OwnersRoot {
  uint32_t kind;     // RootKind
  uint32_t place;    // see RootKind
  uint64_t address;  // of the word; of the first, where it stands for its page
  int64_t offset;    // see RootKind, else 0
  uint64_t pc;       // of a stack: return address into the function whose frame it is; 0: not known
};
static_assert(sizeof(OwnersRoot) == 32);

struct OwnersModule {
  uint64_t load_bias;
  uint64_t tls_size;  // of its thread-local variables, rounded up to their alignment; 0: none
  uint32_t path;      // byte offset into kOwnersTexts, NUL-terminated there
  uint32_t flags;     // ModuleFlag
  uint32_t build_id_size;
  uint8_t build_id[20];
};
static_assert(sizeof(OwnersModule) == 48);

// kOwnersPaths. Ways from a root, as a tree whose node is (parent node, stack): blocks made at that
// stack which blocks of the parent point to. Ids count from 1 in file order, 0 is none. For each:
//   varint  id - parent, or 0 for a root
//   varint  a root: index into kOwnersRoots; else 2 * node number of the stack + run, where run is
//           1 if there are more blocks of this stack one behind the other (a list, a tree)
// kOwnersStacks. One row for each stack with live blocks, ascending by node. All varint:
//   node - previous row's node (0 before the first)
//   kept blocks, kept bytes, lost blocks, lost bytes
//   n                         then n times, largest first, of the kept ones:
//     path (whose last stack this row's is), blocks, bytes
//
// kOwnersLost. Of lost blocks, those that other lost blocks point to. One row for each stack that
// made such, ascending by node. All varint:
//   node - previous row's node (0 before the first)
//   n                         then n times, largest first; small ones may be missing:
//     path (from a kLost root), blocks, bytes
//
// kOwnersLabels. Texts that a runtime gave to its objects, numbered from 1; 0 is none. A container
// that has a limit: type, comma, space, how many elements it has, kOwnersLimit, the limit.
// kOwnersPathLabels. Two for each path, in their order, both varint: the type of the objects that
// end it (0: no objects, or data of those before), and the name of the variable, of a module or of
// an object, that keeps them.
// kOwnersTypes. One row for each stack with objects, ascending by node. All varint:
//   node - previous row's node (0 before the first)
//   n                         then n times, largest first; small ones may be missing:
//     2 * label of the type + data, blocks, bytes
//           data is 1 where the blocks are no objects, but data of objects of the type

inline constexpr char kOwnersLimit[] = " of at most ";

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_OWNERS_H_
