// SPDX-License-Identifier: Apache-2.0
//
// See isolates.h.

#include "interposer/runtime/nodejs/isolates.h"

#include "interposer/runtime/nodejs/code_events.h"
#include "interposer/runtime/nodejs/heap_copy.h"
#include "interposer/snapshot/companion.h"
#include "interposer/snapshot/process_info.h"

namespace silt::nodejs {
namespace {

constexpr size_t kMaximumIsolates = 256;

constinit Isolate g_isolates[kMaximumIsolates]{};
constinit std::atomic<uint32_t> g_used{0};   // places from 0 on that were ever taken
constinit std::atomic<uint32_t> g_round{0};  // number of the latest question
constinit std::atomic<bool> g_leaving{false};

Isolate* take_place(uint32_t wanted) {
  for (uint32_t i = 0; i < kMaximumIsolates; ++i) {
    Isolate& isolate = g_isolates[i];
    uint32_t state = wanted;
    if (!isolate.state.compare_exchange_strong(state, Isolate::kJoining,
                                               std::memory_order_acq_rel)) {
      continue;
    }
    uint32_t used = g_used.load(std::memory_order_relaxed);
    while (used < i + 1 && !g_used.compare_exchange_weak(used, i + 1, std::memory_order_acq_rel)) {
    }
    return &isolate;
  }
  return nullptr;
}

template <typename Visit>
void for_each_isolate(Visit&& visit) {
  const uint32_t used = g_used.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < used; ++i) visit(g_isolates[i]);
}

// A profile that was taken out to be read, unless there is a newer one by now.
void put_back(Isolate& isolate, Profile* profile) {
  Profile* none = nullptr;
  if (profile != nullptr &&
      !isolate.profile.compare_exchange_strong(none, profile, std::memory_order_acq_rel)) {
    drop_profile(profile);
  }
}

void on_asked(void* handle) {
  auto& isolate = *static_cast<Isolate*>(handle);
  const HeapOrder* const order = isolate.heap_order.exchange(nullptr, std::memory_order_acq_rel);
  if (order != nullptr) write_heap(isolate, *order);
  // One event may stand for both.
  if (isolate.answered.load(std::memory_order_relaxed) == g_round.load(std::memory_order_acquire)) {
    return;
  }
  HandleScope scope;
  if (api.open_scope(isolate.env, &scope) != 0) return;
  Value function;
  Value undefined;
  Value result;
  if (api.get_reference(isolate.env, isolate.capture, &function) == 0 &&
      api.get_undefined(isolate.env, &undefined) == 0 &&
      api.call_function(isolate.env, undefined, function, 0, nullptr, &result) != 0) {
    // The script catches everything; what is left is an isolate that is being ended.
    api.clear_exception(isolate.env, &result);
  }
  api.close_scope(isolate.env, scope);
  answer(isolate);
}

void on_closed(void* handle) {
  auto& isolate = *static_cast<Isolate*>(handle);
  const CleanupHandle cleanup = isolate.cleanup;
  const bool leaving = g_leaving.load(std::memory_order_relaxed);
  if (!leaving) drop_profile(isolate.profile.exchange(nullptr, std::memory_order_acq_rel));
  isolate.state.store(leaving ? Isolate::kLeft : Isolate::kEnded, std::memory_order_release);
  api.remove_cleanup(cleanup);
}

// The isolate's thread ends.
void on_cleanup(CleanupHandle, void* argument) {
  auto& isolate = *static_cast<Isolate*>(argument);
  {
    const base::SpinGuard guard(isolate.lock);
    isolate.state.store(Isolate::kJoining, std::memory_order_relaxed);
  }
  api.close(isolate.async, on_closed);
  stop_watching_code();
  // Who waits for it need not wait any longer.
  if (all_answered()) snapshot::companion_answered(kSweepNs);
}

}  // namespace

Isolate* join(Env env, uint32_t thread_id, Reference capture, Reference heap) {
  constexpr int kAsync = 1;
  void* loop = nullptr;
  if (api.handle_size(kAsync) > Isolate::kHandleSize) return nullptr;
  if (api.get_loop(env, &loop) != 0) return nullptr;
  Isolate* isolate = take_place(Isolate::kFree);
  if (isolate == nullptr) isolate = take_place(Isolate::kEnded);
  if (isolate == nullptr) return nullptr;
  drop_profile(isolate->profile.exchange(nullptr, std::memory_order_acq_rel));
  isolate->thread_id = thread_id;
  isolate->env = env;
  isolate->capture = capture;
  isolate->heap = heap;
  isolate->heap_order.store(nullptr, std::memory_order_relaxed);
  isolate->captured_ns.store(0, std::memory_order_relaxed);
  isolate->answered.store(g_round.load(std::memory_order_relaxed), std::memory_order_relaxed);
  if (api.async_init(loop, isolate->async, on_asked) != 0) {
    isolate->state.store(Isolate::kFree, std::memory_order_release);
    return nullptr;
  }
  api.unref(isolate->async);  // it must not keep the loop alive
  if (api.add_cleanup(env, on_cleanup, isolate, &isolate->cleanup) != 0) {
    // Closing it without the hook is not to be had; the environment is being torn down anyway.
    return nullptr;
  }
  isolate->state.store(Isolate::kJoined, std::memory_order_release);
  return isolate;
}

Isolate* isolate_of(Env env) {
  Isolate* found = nullptr;
  for_each_isolate([&](Isolate& isolate) {
    if (isolate.state.load(std::memory_order_acquire) == Isolate::kJoined && isolate.env == env) {
      found = &isolate;
    }
  });
  return found;
}

void hand_over(Isolate& isolate, Profile* profile) {
  profile->captured_ns = snapshot::monotonic_ns() - snapshot::process_info.start_monotonic_ns;
  isolate.captured_ns.store(profile->captured_ns, std::memory_order_relaxed);
  drop_profile(isolate.profile.exchange(profile, std::memory_order_acq_rel));
}

void answer(Isolate& isolate) {
  isolate.answered.store(g_round.load(std::memory_order_acquire), std::memory_order_release);
  if (all_answered()) snapshot::companion_answered(kSweepNs);
}

bool ask(const Isolate* self) {
  if (g_leaving.load(std::memory_order_relaxed)) return false;
  g_round.fetch_add(1, std::memory_order_acq_rel);
  bool any = false;
  for_each_isolate([&](Isolate& isolate) {
    if (&isolate == self) return;
    const base::SpinGuard guard(isolate.lock);
    if (isolate.state.load(std::memory_order_relaxed) != Isolate::kJoined) return;
    api.async_send(isolate.async);
    any = true;
  });
  return any;
}

bool order_heap(const HeapOrder* order) {
  bool found = false;
  for_each_isolate([&](Isolate& isolate) {
    const base::SpinGuard guard(isolate.lock);
    if (found || isolate.state.load(std::memory_order_relaxed) != Isolate::kJoined ||
        isolate.thread_id != order->thread) {
      return;
    }
    isolate.heap_order.store(order, std::memory_order_release);
    api.async_send(isolate.async);
    found = true;
  });
  return found;
}

void stop_asking() { g_leaving.store(true, std::memory_order_relaxed); }

bool all_answered() {
  const uint32_t round = g_round.load(std::memory_order_acquire);
  bool all = true;
  for_each_isolate([&](Isolate& isolate) {
    if (isolate.state.load(std::memory_order_acquire) == Isolate::kJoined &&
        isolate.answered.load(std::memory_order_acquire) != round) {
      all = false;
    }
  });
  return all;
}

bool has_buffers() {
  constexpr double kWorthWaitingFor = 1 << 20;
  double bytes = 0;
  for_each_isolate([&](Isolate& isolate) {
    Profile* const profile = isolate.profile.exchange(nullptr, std::memory_order_acq_rel);
    if (profile != nullptr) bytes += profile->totals.array_buffers;
    put_back(isolate, profile);
  });
  return bytes >= kWorthWaitingFor;
}

void forget_isolates() {
  for_each_isolate([](Isolate& isolate) {
    isolate.state.store(Isolate::kFree, std::memory_order_relaxed);
    isolate.profile.store(nullptr, std::memory_order_relaxed);
  });
  g_leaving.store(false, std::memory_order_relaxed);
  g_used.store(0, std::memory_order_relaxed);
}

namespace {

using format::SectionType;

// What one snapshot writes of one isolate.
struct Part {
  Isolate* isolate;
  Profile* profile;
  format::ManagedHeapEntry entry;
  uint32_t first_frame;  // of its own among all
  uint32_t first_node;
};
constinit Part g_parts[kMaximumIsolates]{};

uint32_t collect_parts() {
  const uint32_t round = g_round.load(std::memory_order_acquire);
  uint32_t count = 0;
  for_each_isolate([&](Isolate& isolate) {
    const uint32_t state = isolate.state.load(std::memory_order_acquire);
    if (state == Isolate::kFree) return;
    Part& part = g_parts[count++];
    part = Part{};
    part.isolate = &isolate;
    // Taken away while it is read; a newer one may come meanwhile.
    part.profile = isolate.profile.exchange(nullptr, std::memory_order_acq_rel);
    part.entry.thread_id = isolate.thread_id;
    if (state != Isolate::kJoined && state != Isolate::kLeft)
      part.entry.flags = format::kHeapEnded;
    else if (isolate.answered.load(std::memory_order_acquire) != round || part.profile == nullptr)
      part.entry.flags = format::kHeapMissed;
    part.entry.captured_elapsed_ns = isolate.captured_ns.load(std::memory_order_relaxed);
    if (part.profile == nullptr) return;
    const ProfileTotals& totals = part.profile->totals;
    part.entry.captured_elapsed_ns = part.profile->captured_ns;
    part.entry.sampling_interval_bytes = static_cast<uint64_t>(totals.interval);
    part.entry.heap_used_bytes = static_cast<uint64_t>(totals.heap_used);
    part.entry.heap_total_bytes = static_cast<uint64_t>(totals.heap_total);
    part.entry.external_bytes = static_cast<uint64_t>(totals.external);
    part.entry.array_buffers_bytes = static_cast<uint64_t>(totals.array_buffers);
    part.entry.heap_physical_bytes = static_cast<uint64_t>(totals.heap_physical);
  });
  return count;
}

void write_frames(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t parts) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedFrames);
  for (uint32_t i = 0; i < parts; ++i) {
    Part& part = g_parts[i];
    part.first_frame = count;
    if (part.profile == nullptr) continue;
    const Profile& profile = *part.profile;
    const char* text = profile.texts.data;
    for (uint32_t t = 0; t < profile.text_count; ++t) {
      profile.references[t] = strings.add(text);
      while (*text != '\0') ++text;
      ++text;
    }
    for (size_t f = 0; f < profile.frames.count; ++f) {
      const ProfileFrame& frame = profile.frames.data[f];
      const format::ManagedFrameEntry entry{profile.references[frame.function],
                                            profile.references[frame.file], frame.line,
                                            frame.column};
      out.add(&entry, sizeof(entry));
    }
    count += static_cast<uint32_t>(profile.frames.count);
  }
  out.end(count);
}

void write_nodes(snapshot::SectionWriter& out, uint32_t parts) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedNodes);
  for (uint32_t i = 0; i < parts; ++i) {
    Part& part = g_parts[i];
    part.first_node = count;
    if (part.profile == nullptr) continue;
    const View<ProfileNode>& nodes = part.profile->nodes;
    for (size_t n = 0; n < nodes.count; ++n) {
      const ProfileNode& node = nodes.data[n];
      const uint64_t id = part.first_node + n + 1;
      out.add_varint(node.parent == 0 ? id : n + 1 - node.parent);
      out.add_varint(part.first_frame + node.frame);
    }
    count += static_cast<uint32_t>(nodes.count);
  }
  out.end(count);
}

void write_stacks(snapshot::SectionWriter& out, uint32_t parts) {
  uint32_t count = 0;
  out.begin(SectionType::kManagedStacks);
  for (uint32_t i = 0; i < parts; ++i) {
    const Part& part = g_parts[i];
    if (part.profile == nullptr) continue;
    const View<ProfileRow>& rows = part.profile->rows;
    for (size_t begin = 0; begin < rows.count;) {
      size_t end = begin + 1;
      while (end < rows.count && rows.data[end].node == rows.data[begin].node) ++end;
      out.add_varint(i);
      out.add_varint(part.first_node + static_cast<uint64_t>(rows.data[begin].node));
      out.add_varint(end - begin);
      for (; begin < end; ++begin) {
        const ProfileRow& row = rows.data[begin];
        out.add_varint(static_cast<uint64_t>(row.generation));
        out.add_varint(static_cast<uint64_t>(row.samples));
        out.add_varint(static_cast<uint64_t>(row.blocks));
        out.add_varint(static_cast<uint64_t>(row.bytes));
      }
      ++count;
    }
  }
  out.end(count);
}

}  // namespace

void write_isolates(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime) {
  const uint32_t parts = collect_parts();
  if (parts == 0) return;
  out.begin(SectionType::kManagedHeaps);
  for (uint32_t i = 0; i < parts; ++i) {
    g_parts[i].entry.runtime = runtime;
    out.add(&g_parts[i].entry, sizeof(g_parts[i].entry));
  }
  out.end(parts);
  write_frames(out, strings, parts);
  write_nodes(out, parts);
  write_stacks(out, parts);
  for (uint32_t i = 0; i < parts; ++i) put_back(*g_parts[i].isolate, g_parts[i].profile);
}

}  // namespace silt::nodejs
