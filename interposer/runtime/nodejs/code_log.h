// SPDX-License-Identifier: Apache-2.0
//
// The one log of compiled code of the process, for the files that fill it (jit_log.cpp) and write
// it into recordings (code_map.cpp). Whoever changes or reads anything holds the lock, a snapshot
// too, which takes it for each piece of what it writes. Hook context.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_CODE_LOG_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_CODE_LOG_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/spin_lock.h"
#include "interposer/runtime/nodejs/code_names.h"
#include "interposer/runtime/nodejs/code_places.h"
#include "interposer/runtime/nodejs/code_positions.h"
#include "interposer/track/own_walk.h"

namespace silt::nodejs {

// Entries after which it is looked what is still wanted; then twice as many as were.
inline constexpr uint32_t kFirstSweep = 8192;
// What stands for a place in a function's byte code: as many places as no function has.
inline constexpr unsigned kPlaceBits = 20;
inline constexpr uint64_t kPlaces = uint64_t{1} << kPlaceBits;
inline constexpr uint64_t kUnknownPlace = kPlaces - 2;

// Machine code that the recording does not have yet.
struct CodeEntry {
  uint64_t start;
  uint32_t size;
  uint32_t name;
  uint32_t nodes;      // of the stack tree when the code appeared
  uint32_t positions;  // place in the log's positions; 0: none
};

struct CodeLog {
  base::SpinLock lock;
  CodeNames names;
  CodePlaces machine_code;
  CodePlaces byte_code;
  CodePositions positions;
  CodeEntry* pending = nullptr;
  uint32_t pending_count = 0;
  uint32_t pending_room = 0;
  uint32_t next_sweep = kFirstSweep;
  uint32_t next_used_sweep = kFirstSweep;
  bool writing = false;
  std::atomic<bool> any{false};
  // The snapshot's own.
  uint32_t nodes_written = 0;
  uint64_t file_bytes = 0;

  // With a reference of its own to the name. Without room such code stays nameless.
  void append(uint64_t start, uint32_t size, uint32_t name, uint32_t nodes,
              PositionBytes code_positions);
  // After some of what is pending went.
  void keep_positions_of_pending();
};
extern constinit CodeLog code_log;

// A lock whose holder a fork did not copy guards what may be half changed: then names end.
class CodeGuard {
 public:
  CodeGuard() : guard_(code_log.lock) {}
  explicit operator bool() const { return !code_log.lock.was_abandoned(); }

 private:
  base::SpinGuard guard_;
};

// The map's addresses for a function that is interpreted.
inline uint64_t begin_of_serial(uint64_t serial) {
  return track::kFirstFunctionPc + serial * kPlaces;
}
// What stands for a place in it in place of a pc, which is behind the place as return addresses
// are.
inline uint64_t pc_of_place(uint64_t serial, uint64_t place) {
  return begin_of_serial(serial) + (place < kUnknownPlace ? place : kUnknownPlace) + 1;
}

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_CODE_LOG_H_
