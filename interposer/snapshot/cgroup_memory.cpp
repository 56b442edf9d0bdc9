// SPDX-License-Identifier: Apache-2.0
//
// See cgroup_memory.h.

#include "interposer/snapshot/cgroup_memory.h"

#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::snapshot {

constinit CgroupMemory cgroup_memory{};

namespace {

// The number a small file begins with; 0 when there is none ("max").
uint64_t read_number(const char* path) {
  char text[64];
  if (read_small_file(path, text, sizeof(text)) <= 0 || text[0] < '0' || text[0] > '9') return 0;
  const char* end;
  return base::parse_decimal(text, &end);
}

uint64_t read_limit(const char* path) {
  constexpr uint64_t kNoLimit = uint64_t{1} << 60;  // version 1 writes a huge number for none
  const uint64_t limit = read_number(path);
  return limit < kNoLimit ? limit : 0;
}

void join(char* out, size_t size, const char* folder, const char* path, const char* file) {
  base::TextWriter(out, size).add(folder).add(path).add('/').add(file);
}

}  // namespace

void CgroupMemory::consider(const char* mounted, const char* path, bool version_1) {
  static constinit char candidate[kPath]{};
  join(candidate, sizeof(candidate), mounted, path,
       version_1 ? "memory.limit_in_bytes" : "memory.max");
  const uint64_t limit = read_limit(candidate);
  if (limit == 0 || (least_ != 0 && limit >= least_)) return;
  least_ = limit;
  version_1_ = version_1;
  base::copy_bytes(limit_path_, candidate, sizeof(candidate));
  join(used_path_, sizeof(used_path_), mounted, path,
       version_1 ? "memory.usage_in_bytes" : "memory.current");
  join(parts_path_, sizeof(parts_path_), mounted, path, "memory.stat");
}

// `path` begins with a slash. The root is looked at too: in a container it is the container's.
void CgroupMemory::look_upwards(const char* mounted, const char* path, bool version_1) {
  static constinit char cut[kPath]{};
  base::TextWriter writer(cut, sizeof(cut));
  writer.add(path);
  size_t size = writer.size();
  for (;;) {
    while (size > 0 && cut[size - 1] == '/') --size;
    cut[size] = '\0';
    consider(mounted, cut, version_1);
    if (size == 0) return;
    while (size > 0 && cut[size - 1] != '/') --size;
  }
}

void CgroupMemory::find(const char* membership, const char* mounted) {
  static constinit char buffer[1024]{};
  static constinit char controller[kPath]{};
  least_ = 0;
  limit_path_[0] = '\0';
  read_lines(membership, buffer, sizeof(buffer), [&](const char* line) {
    if (base::starts_with(line, "0::")) return look_upwards(mounted, line + 3, false);
    // "9:memory:/path", or with several: "4:cpu,memory:/path"
    const char* at = line;
    while (*at != '\0' && *at != ':') ++at;
    bool memory = false;
    while (*at == ':' || *at == ',') {
      memory =
          memory || base::starts_with(at + 1, "memory:") || base::starts_with(at + 1, "memory,");
      for (++at; *at != '\0' && *at != ':' && *at != ',';) ++at;
      if (*at == ':') break;
    }
    if (!memory || *at != ':') return;
    base::TextWriter(controller, sizeof(controller)).add(mounted).add("/memory");
    look_upwards(controller, at + 1, true);
  });
}

uint64_t CgroupMemory::limit() const {
  return limit_path_[0] == '\0' ? 0 : read_limit(limit_path_);
}

uint64_t CgroupMemory::used(uint64_t threshold) const {
  if (limit_path_[0] == '\0') return 0;
  const uint64_t all = read_number(used_path_);
  if (all < threshold) return all;
  // Only now, since the kernel has to add it up. What is shared counts as cached, but stays.
  uint64_t cached = 0;
  uint64_t shared = 0;
  const char* const cached_name = version_1_ ? "total_cache " : "file ";
  const char* const shared_name = version_1_ ? "total_shmem " : "shmem ";
  char buffer[160];  // of short lines
  read_lines(parts_path_, buffer, sizeof(buffer), [&](const char* line) {
    if (base::starts_with(line, cached_name)) cached = base::first_number(line);
    if (base::starts_with(line, shared_name)) shared = base::first_number(line);
  });
  const uint64_t dropped = cached > shared ? cached - shared : 0;
  return all > dropped ? all - dropped : 0;
}

}  // namespace silt::snapshot
