// SPDX-License-Identifier: Apache-2.0
//
// What a runtime knows of the blocks of its own allocator: which type of object each is, what it
// keeps and under which name, and the variables of its language. Where one is joined that knows,
// its objects are marked like blocks; else each of them counts as a root. All of it runs in the
// copy of the process: nothing changes meanwhile, and nothing of the program runs, so that what is
// read has to be checked, however sure the runtime could be of it in the process itself.

#ifndef SILT_INTERPOSER_OWNERS_OBJECT_KINDS_H_
#define SILT_INTERPOSER_OWNERS_OBJECT_KINDS_H_

#include "interposer/owners/block_index.h"
#include "interposer/owners/labels.h"
#include "interposer/owners/memory_map.h"

namespace silt::owners {

// Takes addresses that are kept, and the names under which they are (0: none).
struct Kept {
  void (*tell)(void* whom, uint64_t address, LabelId name);
  // What is told from now on is kept by way of the data in this block, of which nothing else
  // counts: it may have room for more, with old words in it. 0: by the object itself again.
  void (*tell_by)(void* whom, uint64_t data, LabelId name);
  void* whom;
  bool once = false;  // each reference is told once
  void operator()(uint64_t address, LabelId name = 0) const { tell(whom, address, name); }
  void by(uint64_t data, LabelId name = 0) const { tell_by(whom, data, name); }
  // What is told besides as a word, or by an object between: here it gets its name.
  void named(uint64_t address, LabelId name) const {
    if (!once) tell(whom, address, name);
  }
};

// An object in its block.
struct CountedObject {
  uint64_t address;     // 0: there is none
  uint64_t references;  // that it counts
  bool is_collected;    // the collector follows what it refers to
};

struct ObjectKinds {
  // Before the others; all that is given stays. False when objects cannot be told apart.
  bool (*start)(const MemoryMap& memory, const BlockIndex& objects, Labels& labels) = nullptr;
  // Of the object in the block; 0 when there is none, only what an object needs besides.
  LabelId (*type_of)(const LiveBlock& block) = nullptr;
  // Its type with what is particular about it, where it is more than an instance of it; else 0.
  LabelId (*more_of)(const LiveBlock& block) = nullptr;
  // How often it is referred to, for runtimes that count that and collect what is left in cycles.
  CountedObject (*counted)(const LiveBlock& block) = nullptr;
  bool (*collector_is_off)() = nullptr;
  // What the block keeps by name or in a way of its own is told. What is returned is the part of it
  // whose words are pointers or no matter what, as offsets: empty when all is told.
  struct Words {
    uint64_t begin, end;
  };
  Words (*visit)(const LiveBlock& block, Kept kept) = nullptr;
  // All variables that are there by themselves: of modules, of functions that run. Or what may be
  // one, or was one lately.
  void (*visit_variables)(Kept kept, bool doubtful) = nullptr;
};

// All nullptr until a runtime is joined.
extern constinit ObjectKinds object_kinds;

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_OBJECT_KINDS_H_
