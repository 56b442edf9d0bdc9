// SPDX-License-Identifier: Apache-2.0
//
// See sampling.h.

#include "interposer/runtime/jvm/sampling.h"

#include <atomic>

#include "interposer/base/attributes.h"
#include "interposer/base/clock.h"
#include "interposer/base/text.h"
#include "interposer/runtime/jvm/names.h"
#include "interposer/track/recorder.h"
#include "interposer/track/thread_state.h"

namespace silt::jvm {

constinit Samples samples{};

namespace {

constexpr int kMostFrames = 128;
constexpr size_t kNameRoom = 1024;

// The interval follows what its samples cost: none is worth more than this share of the time of one
// processor. (The machine's own part of a sample is about as large again.)
constexpr double kMostCost = 0.005;
constexpr double kLittleCost = kMostCost / 4;
constexpr uint64_t kLeastInterval = 8 * 1024;
constexpr uint64_t kMostInterval = uint64_t{64} << 20;
// Looked at so often; sooner where so many have come.
constexpr uint64_t kLookNs = 500'000'000;
constexpr uint32_t kManySamples = 512;

constinit Sampling g_sampling{};
constinit Jvmti* g_env = nullptr;
constinit std::atomic<uint64_t> g_interval{0};
constinit std::atomic<uint64_t> g_least_interval{kLeastInterval};
constinit char g_version[100]{};

// Samples since the interval was looked at, and what they took.
constinit std::atomic<uint32_t> g_count{0};
constinit std::atomic<uint64_t> g_spent_ns{0};
constinit std::atomic<uint64_t> g_looked_ns{0};
// From so many samples on it is worth looking for dead ones.
constinit std::atomic<size_t> g_worth_looking{0};
constexpr size_t kFewestToLook = 4096;
constexpr size_t kMostToLook = Samples::kMost / 4 * 3;

void set_interval(uint64_t bytes) {
  if (!jvmti::set_interval(g_env, static_cast<int32_t>(bytes))) return;
  g_interval.store(bytes, std::memory_order_relaxed);
}

void follow_the_cost(uint64_t now) {
  uint64_t looked = g_looked_ns.load(std::memory_order_relaxed);
  const uint32_t count = g_count.load(std::memory_order_relaxed);
  if (now - looked < kLookNs && count < kManySamples) return;
  if (!g_looked_ns.compare_exchange_strong(looked, now, std::memory_order_relaxed)) return;
  g_count.store(0, std::memory_order_relaxed);
  const auto spent = static_cast<double>(g_spent_ns.exchange(0, std::memory_order_relaxed));
  const double cost = spent / static_cast<double>(now - looked + 1);
  const uint64_t interval = g_interval.load(std::memory_order_relaxed);
  if (cost > kMostCost && interval < kMostInterval) {
    set_interval(cost > 4 * kMostCost && interval * 4 <= kMostInterval ? interval * 4
                                                                       : interval * 2);
  } else if (cost < kLittleCost &&
             interval / 2 >= g_least_interval.load(std::memory_order_relaxed)) {
    set_interval(interval / 2);
  }
}

// What a sample has allocated by the machine, given back at the end.
class MachineText {
 public:
  explicit MachineText(char* text) : text_(text) {}
  ~MachineText() { jvmti::give_back(g_env, text_); }
  MachineText(const MachineText&) = delete;
  MachineText& operator=(const MachineText&) = delete;
  const char* text() const { return text_ == nullptr ? "" : text_; }

 private:
  char* const text_;
};

uint32_t line_of(const CallFrame& frame) {
  int count = 0;
  LineEntry* const lines =
      frame.location < 0 ? nullptr : jvmti::line_table(g_env, frame.method, &count);
  const LineEntry* best = nullptr;
  for (int i = 0; i < count; ++i) {
    if (lines[i].start <= frame.location && (best == nullptr || lines[i].start >= best->start)) {
      best = &lines[i];
    }
  }
  const uint32_t line = best == nullptr || best->line < 0 ? 0 : static_cast<uint32_t>(best->line);
  jvmti::give_back(g_env, lines);
  return line;
}

// While the method is on the stack it cannot be unloaded.
SILT_COLD uint32_t name_place(Jni* jni, const CallFrame& frame) {
  char text[kNameRoom];
  char file_text[kNameRoom];
  const Object a_class = jvmti::class_of(g_env, frame.method);
  if (a_class == nullptr) return Samples::kUnknown;
  const MachineText signature(jvmti::class_signature(g_env, a_class));
  const MachineText file(jvmti::source_file(g_env, a_class));
  const MachineText method(jvmti::method_name(g_env, frame.method));
  jni::delete_local(jni, a_class);
  class_name(signature.text(), text, sizeof(text));
  const size_t size = base::length(text);
  base::TextWriter(text + size, sizeof(text) - size).add('.').add(method.text());
  const bool has_file = *file.text() != '\0';
  source_path(signature.text(), file.text(), file_text, sizeof(file_text));
  return samples.add_place(frame, text, has_file ? file_text : "", line_of(frame));
}

// Of objects that the machine makes with no Java code on the stack.
uint32_t no_place() {
  const CallFrame none{nullptr, -1};
  return samples.add_place(none, "(no Java code)", "", 0);
}

SILT_COLD void take_sample(Jni* jni, Object object, Object a_class, uint64_t size) {
  CallFrame frames[kMostFrames];
  uint32_t places[kMostFrames];
  char name[kNameRoom];
  const uint64_t interval = g_interval.load(std::memory_order_relaxed);
  int count = jvmti::stack(g_env, frames, kMostFrames);
  if (count > kMostFrames) count = kMostFrames;
  samples.find_places(frames, static_cast<size_t>(count), places);
  for (int i = 0; i < count; ++i) {
    if (places[i] == Samples::kUnknown) places[i] = name_place(jni, frames[i]);
  }
  if (count == 0) places[count++] = no_place();
  const MachineText signature(jvmti::class_signature(g_env, a_class));
  class_name(signature.text(), name, sizeof(name));
  const Object weak = jni::new_weak(jni, object);
  if (weak == nullptr) return;
  const uint32_t generation = track::recorder.generation.load(std::memory_order_relaxed);
  if (!samples.add(weak, name, weight_of(size, interval), generation, places,
                   static_cast<size_t>(count))) {
    jni::delete_weak(jni, weak);
  }
}

void on_sampled_object(Jvmti*, Jni* jni, Object, Object object, Object a_class, int64_t size) {
  if (track::is_asleep()) return;
  const uint64_t begin = base::clock_ns(CLOCK_MONOTONIC);
  take_sample(jni, object, a_class, static_cast<uint64_t>(size));
  const uint64_t now = base::clock_ns(CLOCK_MONOTONIC);
  g_count.fetch_add(1, std::memory_order_relaxed);
  g_spent_ns.fetch_add(now - begin, std::memory_order_relaxed);
  if (g_sampling.adapts) follow_the_cost(now);
  size_t worth = g_worth_looking.load(std::memory_order_relaxed);
  if (samples.size() >= worth && worth != SIZE_MAX &&
      g_worth_looking.compare_exchange_strong(worth, SIZE_MAX, std::memory_order_relaxed)) {
    g_sampling.many();
  }
}

void on_vm_death(Jvmti*, Jni*) { g_sampling.ended(); }

void delete_all(Jni* jni, const Object* weak, size_t count) {
  for (size_t i = 0; i < count; ++i) jni::delete_weak(jni, weak[i]);
}

void keep_version() {
  const MachineText version(jvmti::property(g_env, "java.vm.version"));
  base::TextWriter(g_version, sizeof(g_version)).add(version.text());
}

}  // namespace

const char* start_sampling(Vm* vm, const Sampling& sampling) {
  g_sampling = sampling;
  g_env = open_jvmti(vm, kJvmtiOfJava11);
  if (g_env == nullptr) return "it is older than Java 11";
  keep_version();
  Capabilities possible{};
  Capabilities wanted{};
  wanted.set(Capability::kSampledObjects);
  const bool can = jvmti::can(g_env, &possible);
  if (!can || !possible.has(Capability::kSampledObjects)) {
    jvmti::close(g_env);
    return "another agent samples its heap already, and there can be one only";
  }
  for (const Capability also :
       {Capability::kSourceFileNames, Capability::kLineNumbers, Capability::kVirtualThreads}) {
    if (possible.has(also)) wanted.set(also);
  }
  void* callbacks[kEvents] = {};
  const auto place = [](Event event) {
    return static_cast<size_t>(event) - static_cast<size_t>(Event::kFirst);
  };
  callbacks[place(Event::kSampledObject)] = reinterpret_cast<void*>(on_sampled_object);
  callbacks[place(Event::kVmDeath)] = reinterpret_cast<void*>(on_vm_death);
  if (!jvmti::add(g_env, wanted) || !jvmti::set_callbacks(g_env, callbacks) ||
      !jvmti::enable(g_env, Event::kVmDeath, true)) {
    jvmti::close(g_env);
    return "it does not let its heap be sampled";
  }
  g_looked_ns.store(base::clock_ns(CLOCK_MONOTONIC), std::memory_order_relaxed);
  g_worth_looking.store(kFewestToLook, std::memory_order_relaxed);
  set_interval(sampling.interval_bytes);
  return nullptr;
}

void switch_sampling(bool on) { jvmti::enable(g_env, Event::kSampledObject, on); }

void forget_dead(Jni* jni) {
  const auto is_gone = [jni](const Object* weak, size_t count, bool* gone) {
    for (size_t i = 0; i < count; ++i) gone[i] = jni::is_gone(jni, weak[i]);
  };
  const auto remove = [jni](const Object* weak, size_t count) { delete_all(jni, weak, count); };
  samples.for_batches(is_gone, remove);
  if (samples.size() > Samples::kMost / 2) {
    samples.halve(base::clock_ns(CLOCK_MONOTONIC), remove);
    // New ones are to stand for about as much as old ones.
    const uint64_t least = 2 * g_least_interval.load(std::memory_order_relaxed);
    if (g_sampling.adapts && least <= kMostInterval) {
      g_least_interval.store(least, std::memory_order_relaxed);
      if (g_interval.load(std::memory_order_relaxed) < least) set_interval(least);
    }
  }
  size_t worth = 2 * samples.size();
  if (worth < kFewestToLook) worth = kFewestToLook;
  if (worth > kMostToLook) worth = kMostToLook;
  g_worth_looking.store(worth, std::memory_order_relaxed);
}

void forget_all(Jni* jni) {
  samples.for_batches(
      [](const Object*, size_t count, bool* drop) {
        for (size_t i = 0; i < count; ++i) drop[i] = true;
      },
      [jni](const Object* weak, size_t count) { delete_all(jni, weak, count); });
}

bool collect_garbage() { return jvmti::collect(g_env); }

uint64_t sampling_interval() { return g_interval.load(std::memory_order_relaxed); }

const char* machine_version() { return g_version; }

}  // namespace silt::jvm
