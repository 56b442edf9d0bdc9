// SPDX-License-Identifier: Apache-2.0
//
// See room.h.

#include "interposer/owners/room.h"

#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::owners {
namespace {

constinit char g_text[8 * 1024]{};

const char* after(const char* text, const char* name, char mark) {
  const size_t size = base::length(name);
  for (const char* line = text; *line != '\0';) {
    if (base::starts_with(line, name) && line[size] == mark) return line + size + 1;
    while (*line != '\0' && *line != '\n') ++line;
    if (*line == '\n') ++line;
  }
  return nullptr;
}

uint64_t number_at(const char* text) {
  if (text == nullptr) return UINT64_MAX;
  while (*text == ' ' || *text == '\t') ++text;
  if (*text < '0' || *text > '9') return UINT64_MAX;  // "max"
  const char* end;
  return base::parse_decimal(text, &end);
}

const char* read(const char* folder, const char* name) {
  base::TextBuffer<1200> path;
  path.add(folder).add('/').add(name);
  return snapshot::read_small_file(path.c_str(), g_text, sizeof(g_text)) > 0 ? g_text : nullptr;
}

uint64_t smaller(uint64_t a, uint64_t b) { return a < b ? a : b; }

// What one group leaves: pages of files that nobody uses go before anything is killed.
uint64_t left_in(const char* folder, const char* limit_name, const char* usage_name,
                 const char* inactive_name) {
  constexpr uint64_t kNoLimit = uint64_t{1} << 60;  // version 1 writes a huge number for none
  const uint64_t limit = number_at(read(folder, limit_name));
  if (limit >= kNoLimit) return UINT64_MAX;
  uint64_t used = number_at(read(folder, usage_name));
  if (used == UINT64_MAX) return UINT64_MAX;
  const char* const statistics = read(folder, "memory.stat");
  const uint64_t inactive = statistics == nullptr ? 0 : bytes_of(statistics, inactive_name);
  if (inactive != UINT64_MAX) used -= smaller(inactive, used);
  return limit > used ? limit - used : 0;
}

// The group and those around it. `path` is changed.
uint64_t left_in_groups(char* path, size_t root, const char* limit_name, const char* usage_name,
                        const char* inactive_name) {
  uint64_t left = UINT64_MAX;
  for (size_t end = base::length(path);; --end) {
    path[end] = '\0';
    left = smaller(left, left_in(path, limit_name, usage_name, inactive_name));
    while (end > root && path[end - 1] != '/') --end;
    if (end <= root) return left;
  }
}

}  // namespace

uint64_t kilobytes_of(const char* text, const char* name) {
  const uint64_t value = number_at(after(text, name, ':'));
  return value == UINT64_MAX ? value : value * 1024;
}

uint64_t bytes_of(const char* text, const char* name) { return number_at(after(text, name, ' ')); }

bool is_memory_promised() {
  static constinit char text[16]{};
  return snapshot::read_small_file("/proc/sys/vm/overcommit_memory", text, sizeof(text)) > 0 &&
         text[0] == '2';
}

uint64_t available_memory() {
  uint64_t available = UINT64_MAX;
  if (snapshot::read_small_file("/proc/meminfo", g_text, sizeof(g_text)) > 0) {
    available = kilobytes_of(g_text, "MemAvailable");
  }
  static constinit char lines[4096]{};
  static constinit char path[1100]{};
  snapshot::read_lines("/proc/self/cgroup", lines, sizeof(lines), [&](const char* line) {
    base::TextWriter folder(path, sizeof(path));
    if (base::starts_with(line, "0::")) {
      folder.add("/sys/fs/cgroup");
      const size_t root = folder.size();
      folder.add(line + 3);
      available = smaller(
          available, left_in_groups(path, root, "memory.max", "memory.current", "inactive_file"));
      return;
    }
    const char* at = line;
    while (*at != '\0' && *at != ':') ++at;
    if (!base::starts_with(at, ":memory:")) return;
    folder.add("/sys/fs/cgroup/memory");
    const size_t root = folder.size();
    folder.add(at + 8);
    available = smaller(available, left_in_groups(path, root, "memory.limit_in_bytes",
                                                  "memory.usage_in_bytes", "total_inactive_file"));
  });
  return available;
}

}  // namespace silt::owners
