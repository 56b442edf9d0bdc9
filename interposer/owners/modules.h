// SPDX-License-Identifier: Apache-2.0
//
// The loaded modules as their own headers in memory tell, without the loader: its lists may be in
// the middle of a change, and its lock held by a thread that was not copied. In the copy of the
// process.

#ifndef SILT_INTERPOSER_OWNERS_MODULES_H_
#define SILT_INTERPOSER_OWNERS_MODULES_H_

#include <cstddef>
#include <cstdint>

#include "interposer/base/own_ranges.h"
#include "interposer/format/owners.h"
#include "interposer/owners/memory_map.h"
#include "interposer/snapshot/section_writer.h"

namespace silt::owners {

struct LoadedModule {
  static constexpr size_t kMostRanges = 4;

  format::OwnersModule entry;
  const char* path;
  base::Range data[kMostRanges];  // its writable segments, zeroed data included
  size_t ranges;
  bool is_libc;
};

class LoadedModules {
 public:
  // Without those in `own`, ascending. False when there was no memory.
  bool read(const MemoryMap& memory, const base::Range* own, size_t own_count);

  size_t count() const { return count_; }
  const LoadedModule& at(size_t index) const { return modules_[index]; }
  // Of the thread-local variables of all.
  uint64_t tls_bytes() const { return tls_bytes_; }
  // As sections of a snapshot.
  void write(snapshot::SectionWriter& out) const;

 private:
  static constexpr size_t kMost = 4096;

  LoadedModule* modules_ = nullptr;
  size_t count_ = 0;
  uint64_t tls_bytes_ = 0;
};

}  // namespace silt::owners

#endif  // SILT_INTERPOSER_OWNERS_MODULES_H_
