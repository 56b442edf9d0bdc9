// SPDX-License-Identifier: Apache-2.0
//
// What V8 tells about the code that it compiles: where it lies and of which function it is. Kept in
// memory, so that no map grows in /tmp, for as long as the code is there or a stack refers to it,
// and appended to the recording's perf map at each snapshot.
//
// Machine code is told by its addresses, which are reused: each entry remembers how many nodes the
// stack tree had when the code appeared, so that a node's pc can be given the code that lay there
// when the node was made. Where V8 tells which place of the script each piece of the code came
// from, the map has a line after the entry's with that. Byte code has no pc: a stack has a number
// for the function and the place in it in place of the interpreter's, and only names that a stack
// has are ever written.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_JIT_LOG_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_JIT_LOG_H_

#include <cstddef>
#include <cstdint>

#include "interposer/runtime/nodejs/code_positions.h"

namespace silt::nodejs {

enum class CodeKind : uint8_t { kMachine, kByte };

struct Code {
  CodeKind kind;
  uint64_t start;
  uint64_t size;
  const char* name;
  size_t name_size;
  uint32_t owner;             // the isolate's number
  PositionBytes positions{};  // where V8 has told
};
// Any context. Name and positions are copied.
void add_code(const Code& code);

// The same for the thousands of functions that V8 tells of at once, in some tens of locked sections
// instead of one for each. For one thread.
class CodeBatch {
 public:
  CodeBatch();
  ~CodeBatch();
  CodeBatch(const CodeBatch&) = delete;
  CodeBatch& operator=(const CodeBatch&) = delete;

  void add(const Code& code);
  void flush();

 private:
  static constexpr size_t kTextBytes = size_t{16} * 1024;
  static constexpr uint32_t kMostCodes = 256;
  struct Buffer {
    Code codes[kMostCodes];
    char text[kTextBytes];
  };

  Buffer* buffer_;  // nullptr: no memory, then each is added at once
  uint32_t count_ = 0;
  size_t text_size_ = 0;
};
// The code at `from` lies at `to` from now on.
void move_code(CodeKind kind, uint64_t from, uint64_t to, uint64_t size, uint32_t owner);
// The isolate is gone, and its code.
void drop_code_of(uint32_t owner);

// The first place from `first` to `last` at which byte code starts whose name has `file` in it; 0:
// there is none.
uint64_t find_byte_code_of(const char* file, uint64_t first, uint64_t last);
// The size of the byte code that starts here, 0: none is known to.
uint64_t size_of_byte_code(uint64_t start);
// Copies its positions; returns how many bytes they are, 0 where there are none, or no room.
size_t copy_byte_code_positions(uint64_t start, uint8_t* into, size_t room);
// The pc that stands for a place in the function whose byte code starts here, 0: not known. A place
// that is none of its is as unknown as one that nobody tells. Hook context.
uint64_t function_pc_of(uint64_t start, uint64_t place);

// Appends what is new to `perf-PID.map` in the folder. Signal context, one at a time. False when
// there has never been an entry.
bool write_code_names(int folder);
// What the log has mapped (Runtime::kept_bytes).
uint64_t code_log_bytes();
// The recording has no map yet: in the child of a fork, or where it was made anew. Code that is
// gone by then has no name in it.
void write_code_names_anew();

// For tests: code that is known to be there, and what is kept of it.
struct CodeCounts {
  uint64_t places;
  uint64_t pending;
  uint64_t text_bytes;
};
CodeCounts code_counts();

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_JIT_LOG_H_
