// SPDX-License-Identifier: Apache-2.0
//
// What the snapshot layer is told of the runtimes that are there: one function for each question,
// which goes through them. Normal context, but for what a snapshot or a fork calls.

#include "interposer/runtime/runtime.h"

#include "interposer/base/text.h"
#include "interposer/runtime/function_names.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/track/recorder.h"

namespace silt::runtime {
namespace {

constexpr uint32_t kMost = 16;

struct Member {
  const Runtime* runtime;
  Presence presence;
};
constinit Member g_members[kMost]{};
constinit uint32_t g_count = 0;

// Those that are joined, or will be.
template <typename Visit>
void for_each_joined(Visit&& visit) {
  for (uint32_t i = 0; i < g_count; ++i) {
    if (g_members[i].presence == Presence::kHere) visit(*g_members[i].runtime);
  }
}

template <typename Member>
bool any_has(Member Runtime::*member) {
  bool any = false;
  for_each_joined([&](const Runtime& runtime) { any = any || runtime.*member; });
  return any;
}

bool ask() {
  bool asked = false;
  for_each_joined([&](const Runtime& runtime) {
    if (runtime.ask != nullptr) asked = runtime.ask() || asked;
  });
  return asked;
}

bool write_names(int folder) {
  bool known = false;
  for_each_joined([&](const Runtime& runtime) {
    if (runtime.write_names != nullptr) known = runtime.write_names(folder) || known;
  });
  return known;
}

void write_names_anew() {
  for_each_joined([](const Runtime& runtime) {
    if (runtime.write_names_anew != nullptr) runtime.write_names_anew();
  });
}

bool is_own(uint64_t pc) {
  bool own = false;
  for_each_joined([&](const Runtime& runtime) {
    own = own || (runtime.is_own != nullptr && runtime.is_own(pc));
  });
  return own;
}

bool is_sampler(uint64_t pc) {
  bool sampler = false;
  for_each_joined([&](const Runtime& runtime) {
    sampler = sampler || (runtime.is_sampler != nullptr && runtime.is_sampler(pc));
  });
  return sampler;
}

uint64_t kept_bytes() {
  uint64_t bytes = function_bytes();
  for_each_joined([&](const Runtime& runtime) {
    if (runtime.kept_bytes != nullptr) bytes += runtime.kept_bytes();
  });
  return bytes;
}

void tidy(uint32_t epoch) {
  for_each_joined([&](const Runtime& runtime) {
    if (runtime.tidy != nullptr) runtime.tidy(epoch);
  });
}

void sleep(bool asleep) {
  for_each_joined([asleep](const Runtime& runtime) {
    if (runtime.sleep != nullptr) runtime.sleep(asleep);
  });
}

void leave_to_parent() {
  for_each_joined([](const Runtime& runtime) {
    if (runtime.leave_to_parent != nullptr) runtime.leave_to_parent();
  });
}

// A function's runtime as the place of its entry; 0 where it has none.
uint32_t place_of(const char* name, const Runtime* const* described, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (base::equal(described[i]->name, name)) return i;
  }
  return 0;
}

void write_functions(snapshot::SectionWriter& out, snapshot::Strings& strings,
                     const Runtime* const* described, uint32_t count) {
  static constinit format::StringRef files[64 * 1024]{};
  constexpr uint32_t kFiles = sizeof(files) / sizeof(files[0]);
  const uint32_t file_end = file_count();
  const uint32_t function_end = function_count();
  if (function_end == 0) return;
  for (uint32_t i = 0; i < file_end && i < kFiles; ++i) files[i] = strings.add(file_at(i));
  out.begin(format::SectionType::kRuntimeFunctions);
  for (uint32_t i = 0; i < function_end; ++i) {
    const Function& function = function_at(i);
    const format::RuntimeFunctionEntry row{
        strings.add(function.name), function.file < kFiles ? files[function.file] : 0,
        function.first_line, place_of(function.runtime, described, count)};
    out.add(&row, sizeof(row));
  }
  out.end(function_end);
}

void write(snapshot::SectionWriter& out, snapshot::Strings& strings,
           const format::HeapTotals& objects) {
  const Runtime* described[kMost];
  format::RuntimeEntry entries[kMost];
  uint32_t count = 0;
  bool has_objects = false;
  for (uint32_t i = 0; i < g_count; ++i) {
    format::RuntimeEntry entry{};
    if (!g_members[i].runtime->describe(strings, &entry)) continue;
    entry.name = strings.add(g_members[i].runtime->name);
    // Pcs do not say whose blocks they are: they are counted once.
    if ((entry.flags & format::kRuntimeObjects) != 0 && !has_objects) {
      entry.objects = objects;
      has_objects = true;
    }
    entries[count] = entry;
    described[count++] = g_members[i].runtime;
  }
  if (count == 0) return;
  out.begin(format::SectionType::kRuntimes);
  out.add(entries, count * sizeof(entries[0]));
  out.end(count);
  write_functions(out, strings, described, count);
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t place = i;
    for_each_joined([&](const Runtime& runtime) {
      if (&runtime == described[place] && runtime.write_heaps != nullptr) {
        runtime.write_heaps(out, strings, place);
      }
    });
  }
}

}  // namespace

bool is_left_out(const Runtime* const* list, const base::Options& options) {
  for (; *list != nullptr; ++list) {
    if ((*list)->is_left_out != nullptr && (*list)->is_left_out(options)) return true;
  }
  return false;
}

void start_runtimes(const Runtime* const* list, const base::Options& options, const char* library) {
  for (; *list != nullptr && g_count < kMost; ++list) {
    const Presence presence = (*list)->start(options, library);
    if (presence != Presence::kAbsent) g_members[g_count++] = {*list, presence};
  }
  if (g_count == 0) return;
  track::recorder.lock_runtime = [] { function_lock.lock(); };
  track::recorder.unlock_runtime = [] { function_lock.unlock(); };
  track::recorder.runtime_bytes = kept_bytes;
  track::recorder.tidy_runtime = tidy;
  snapshot::Runtimes& told = snapshot::runtimes;
  told.write = write;
  told.leave_to_parent = leave_to_parent;
  if (any_has(&Runtime::sleep)) told.sleep = sleep;
  if (any_has(&Runtime::write_names)) told.write_names = write_names;
  if (any_has(&Runtime::write_names_anew)) told.write_names_anew = write_names_anew;
  bool at_once = false;  // a look at each stack costs snapshots time
  for_each_joined([&](const Runtime& runtime) {
    at_once = at_once || (runtime.is_own != nullptr && !runtime.joins_late);
  });
  if (at_once) watch_own_code();
  if (any_has(&Runtime::is_sampler)) told.is_sampler = is_sampler;
  told.mark_their_heaps = any_has(&Runtime::marks_heaps);
  if (!any_has(&Runtime::ask)) return;
  told.ask = ask;
  at_once = false;
  for_each_joined([&](const Runtime& runtime) {
    at_once = at_once || (runtime.ask != nullptr && !runtime.joins_late);
  });
  if (at_once) snapshot::install_companion();
}

void watch_own_code() { __atomic_store_n(&snapshot::runtimes.is_own, &is_own, __ATOMIC_RELEASE); }

void stop_runtimes() {
  for_each_joined([](const Runtime& runtime) {
    if (runtime.stop != nullptr) runtime.stop();
  });
}

}  // namespace silt::runtime
