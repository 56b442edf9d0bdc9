// SPDX-License-Identifier: Apache-2.0
//
// The memory limit that a cgroup sets to the process, of version 1 or 2, and how much of it is
// used. Of the process's cgroup and those above it, the one with the smallest limit counts: a
// pod's may be smaller than its container's. In a container the path that the kernel tells may be
// one that only the host has; then what is mounted is the container's own.
//
// `find` in normal context or under the snapshot slot, once; the rest in any context, without
// needing more than some hundred bytes of stack.

#ifndef SILT_INTERPOSER_SNAPSHOT_CGROUP_MEMORY_H_
#define SILT_INTERPOSER_SNAPSHOT_CGROUP_MEMORY_H_

#include <cstdint>

namespace silt::snapshot {

class CgroupMemory {
 public:
  // `membership`: /proc/self/cgroup. `mounted`: where the file system of cgroups is.
  void find(const char* membership, const char* mounted);

  // In bytes, as it is now; 0: there is none.
  uint64_t limit() const;
  // In bytes: what counts for the limit, but for cached files, which the kernel drops before it
  // kills anybody. At least `threshold`, or anything below it.
  uint64_t used(uint64_t threshold) const;

 private:
  static constexpr unsigned kPath = 1200;

  void consider(const char* mounted, const char* path, bool version_1);
  void look_upwards(const char* mounted, const char* path, bool version_1);

  char limit_path_[kPath];  // "": there is no limit
  char used_path_[kPath];
  char parts_path_[kPath];
  uint64_t least_;
  bool version_1_;
};

extern constinit CgroupMemory cgroup_memory;

}  // namespace silt::snapshot

#endif  // SILT_INTERPOSER_SNAPSHOT_CGROUP_MEMORY_H_
