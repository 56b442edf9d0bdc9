// SPDX-License-Identifier: Apache-2.0
//
// See children.h. Signal context.

#include "interposer/snapshot/children.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <cerrno>

#include "interposer/base/clock.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/control.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/process_info.h"

namespace silt::snapshot {
namespace {

constexpr uint64_t kSecond = 1000000000;
// Looking at a child's mappings takes some 50 microseconds; a snapshot that asks a thousand
// children would hold up its thread more than what it is for.
constexpr uint64_t kLongestLook = 5000000;
constexpr uint32_t kMostChildren = 256;
constexpr uint32_t kMostThreads = 256;
// A child that is younger is about to become another program, or to end, as often as not.
constexpr uint64_t kYoungest = kSecond;

constinit char g_text[4096]{};

bool has_children() {
  siginfo_t info{};
  constexpr long kAnyChild = 0;  // P_ALL
  return base::system_call(SYS_waitid, kAnyChild, 0, reinterpret_cast<long>(&info),
                           WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

// Since the machine's start, as the kernel counts the start of processes.
uint64_t uptime_ns() { return base::clock_ns(CLOCK_BOOTTIME); }

// "pid (name) S ppid ...": the name may hold anything; the start is the 22nd field.
bool read_stat(uint64_t pid, format::ChildEntry* child) {
  base::TextBuffer<40> path;
  path.add("/proc/").add_decimal(pid).add("/stat");
  if (read_small_file(path.c_str(), g_text, sizeof(g_text)) <= 0) return false;
  const char* name = g_text;
  while (*name != '\0' && *name != '(') ++name;
  const char* end = nullptr;
  for (const char* c = name; *c != '\0'; ++c) {
    if (*c == ')') end = c;
  }
  if (end == nullptr) return false;
  ++name;
  const auto size = static_cast<size_t>(end - name);
  base::copy_bytes(child->name, name, size < sizeof(child->name) ? size : sizeof(child->name) - 1);
  const char* at = end + 1;
  constexpr unsigned kStart = 22;
  for (unsigned field = 2; *at != '\0' && field < kStart; ++at) {
    if (*at == ' ') ++field;
    if (field == 3 && at[0] == ' ' && (at[1] == 'Z' || at[1] == 'X')) return false;
  }
  const uint64_t ticks = base::parse_decimal(at, &at);
  const uint64_t ticks_a_second = getauxval(AT_CLKTCK);
  if (ticks == 0 || ticks_a_second == 0) return false;
  const uint64_t start = ticks * (kSecond / ticks_a_second);
  const uint64_t now = uptime_ns();
  child->age_ns = now > start ? now - start : 0;
  child->pid = static_cast<uint32_t>(pid);
  return true;
}

bool contains(const char* line, const char* part) {
  for (; *line != '\0'; ++line) {
    if (base::starts_with(line, part)) return true;
  }
  return false;
}

// Another user's is not shown to us: then it is not known.
bool is_recorded(uint64_t pid) {
  base::TextBuffer<40> path;
  path.add("/proc/").add_decimal(pid).add("/maps");
  bool loaded = false;
  bool left_out = false;
  read_lines(path.c_str(), g_text, sizeof(g_text), [&](const char* line) {
    loaded = loaded || contains(line, "/libsilt.so");
    left_out = left_out || contains(line, format::kLeftOutMapping);
  });
  return loaded && !left_out;
}

// Calls child(pid) for each child of one thread.
template <typename Child>
void for_children_of(uint64_t thread, Child&& child) {
  base::TextBuffer<64> path;
  path.add("/proc/self/task/").add_decimal(thread).add("/children");
  // Read whole before the first is looked at: the buffer is used for that too.
  static constinit char list[8 * kMostChildren]{};
  if (read_small_file(path.c_str(), list, sizeof(list)) <= 0) return;
  for (const char* at = list; *at >= '0' && *at <= '9';) {
    const uint64_t pid = base::parse_decimal(at, &at);
    if (*at != ' ') return;  // cut off
    child(pid);
    ++at;
  }
}

template <typename Thread>
void for_threads(Thread&& thread) {
  static constinit char entries[4096]{};
  const long folder = open_file(AT_FDCWD, "/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  uint32_t count = 0;
  for (;;) {
    const long got =
        base::system_call(SYS_getdents64, folder, reinterpret_cast<long>(entries), sizeof(entries));
    if (got <= 0) break;
    for (long at = 0; at < got;) {
      const auto* const entry = reinterpret_cast<const struct dirent64*>(entries + at);
      at += entry->d_reclen;
      const char* end;
      const uint64_t id = base::parse_decimal(entry->d_name, &end);
      if (id != 0 && ++count <= kMostThreads) thread(id);
    }
  }
  close_file(static_cast<int>(folder));
}

}  // namespace

void write_children(SectionWriter& out) {
  if (!has_children()) return;
  const uint64_t last_look = monotonic_ns() + kLongestLook;
  uint32_t count = 0;
  out.begin(format::SectionType::kChildren);
  for_threads([&](uint64_t thread) {
    for_children_of(thread, [&](uint64_t pid) {
      if (count >= kMostChildren || monotonic_ns() > last_look) return;
      format::ChildEntry child{};
      if (!read_stat(pid, &child) || child.age_ns < kYoungest || !is_recorded(pid)) return;
      out.add(&child, sizeof(child));
      ++count;
    });
  });
  out.end(count);
}

}  // namespace silt::snapshot
