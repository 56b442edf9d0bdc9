// SPDX-License-Identifier: Apache-2.0
//
// What a snapshot tells about the process besides its tables. Read once at start-up (names) or at
// each snapshot (memory). Signal context.

#ifndef SILT_INTERPOSER_SNAPSHOT_PROCESS_INFO_H_
#define SILT_INTERPOSER_SNAPSHOT_PROCESS_INFO_H_

#include <cstdint>

namespace silt::snapshot {

struct ProcessInfo {
  char executable[4096];
  char program[256];  // as it was called
  char command[4096];
  char working_directory[4096];
  uint64_t start_realtime_ns;
  uint64_t start_monotonic_ns;
  uint64_t start_ticks;
  uint32_t armed_seconds;       // from the start until it was armed; 0 where it never slept
  uint64_t memory_limit_bytes;  // of its cgroups (cgroup_memory.h), 0: none
  bool memory_limit_known;
};

extern ProcessInfo process_info;

void read_process_info();

uint64_t monotonic_ns();
uint64_t realtime_ns();

struct ResidentMemory {
  uint64_t rss;
  uint64_t anonymous;
  uint64_t file;
  uint64_t shared;
};
ResidentMemory read_resident_memory();
// Resident memory, bytes, at the cost of three system calls and a hundred bytes of stack.
uint64_t resident_now();

// The limit that a cgroup sets to the process, 0 when there is none; read once.
uint64_t memory_limit();

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_PROCESS_INFO_H_
