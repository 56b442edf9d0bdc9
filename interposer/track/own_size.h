// SPDX-License-Identifier: Apache-2.0
//
// What silt takes of the program's memory, and what it wants to take at the most: 16 MB, or a tenth
// of what the program has alive if that is more. Past that it folds sooner and more often
// (folding.h), past four times that it goes over to sampling.
//
// What threads need counts too, so that stacks have less room where there are many threads: but half
// of it at least, since folding makes nothing smaller that is there for threads. Left out is the
// table of live blocks. It has six bytes for each 32 bytes of glibc's heap (16 of other allocators')
// that are in use, so it follows what lives, and neither folding nor sampling makes it smaller. Hook
// context.

#ifndef SILT_INTERPOSER_TRACK_OWN_SIZE_H_
#define SILT_INTERPOSER_TRACK_OWN_SIZE_H_

#include <cstdint>

namespace silt::track {

enum class Pressure : uint8_t { kNone = 0, kSome, kMuch };

// Of the tree: nodes, counters, the table by which they are found, what folding notes of each. Ids
// that are free count as nothing: they will be used before there are new ones.
uint64_t tree_bytes();
// The same, with frame rules, with what joined runtimes keep and with what threads need.
uint64_t own_bytes();

Pressure pressure_of(uint64_t own_bytes, uint64_t live_bytes);
// Sampling has to go on.
bool is_too_much(uint64_t own_bytes, uint64_t live_bytes);

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_OWN_SIZE_H_
