// SPDX-License-Identifier: Apache-2.0
//
// What V8 tells about the code that it compiles: where it lies and of which function it is. Kept in
// memory, so that no map grows in /tmp, and appended to the recording's perf map at each snapshot.
// Addresses are reused: each entry remembers how many nodes the stack tree had when the code
// appeared, so that a node's pc can be given the code that lay there when the node was made.

#ifndef SILT_INTERPOSER_NODE_JIT_LOG_H_
#define SILT_INTERPOSER_NODE_JIT_LOG_H_

#include <cstddef>
#include <cstdint>

namespace silt::node {

// Asks V8 for the code of the calling thread's isolate, what exists and what will come. Normal
// context, in the isolate's thread. False when V8 cannot be asked.
bool watch_code();

// Any context. `name` is copied.
void add_code(uint64_t start, uint64_t size, const char* name, size_t name_size);
// The code at `from` lies at `to` from now on.
void move_code(uint64_t from, uint64_t to);

// Appends what is new to `perf-PID.map` in the folder. Signal context, one at a time. False when
// there has never been an entry.
bool write_code_names(int folder);
// In the child of a fork: its recording has no map yet.
void write_code_names_anew();

}  // namespace silt::node

#endif  // SILT_INTERPOSER_NODE_JIT_LOG_H_
