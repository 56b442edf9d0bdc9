// SPDX-License-Identifier: Apache-2.0
//
// Which functions of the program are an allocator's entry points. Normal context.

#ifndef SILT_INTERPOSER_DETOUR_ENTRIES_H_
#define SILT_INTERPOSER_DETOUR_ENTRIES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/detour/decoder.h"
#include "interposer/detour/names.h"
#include "interposer/detour/program.h"

namespace silt::detour {

struct EntryPoint {
  const char* name;  // in the program's file
  Shape shape;
  uint64_t address;
  uint64_t size;     // bytes, as the symbol tells
  bool is_operator;  // of C++
};

// Each address once.
struct EntryPoints {
  EntryPoint all[kEntryCount];
  size_t count = 0;
  // One that has a name that says what it cannot be: nullptr, or the name. Two functions share it,
  // or one has two names whose arguments differ.
  const char* doubtful = nullptr;

  const EntryPoint* begin() const { return all; }
  const EntryPoint* end() const { return all + count; }
};

// A family counts where it both hands blocks out and takes them back. Operators new and delete of
// the C++ runtime itself, linked statically, do not: they call malloc, which is seen anyway.
void find_entry_points(const Program& program, EntryPoints* found);

// An operator that does nothing but jump to a function of the program is often compiled into its
// callers, who then call that function: it takes the operator's place.
void follow_operators(const Program& program, const Decoder& decoder, EntryPoints* found);

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_ENTRIES_H_
