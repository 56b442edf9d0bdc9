// SPDX-License-Identifier: Apache-2.0
//
// See addon.h. Every function takes what it is given with suspicion: a program can open the addon
// too. Normal context, in the thread of an isolate.

#include "interposer/runtime/nodejs/addon.h"

#include <sys/syscall.h>
#include <time.h>

#include <atomic>

#include "interposer/base/attributes.h"
#include "interposer/base/log.h"
#include "interposer/base/system_call.h"
#include "interposer/runtime/nodejs/api.h"
#include "interposer/runtime/nodejs/code_events.h"
#include "interposer/runtime/nodejs/isolates.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/track/recorder.h"

namespace silt::nodejs {
namespace {

constinit Settings g_settings{};
constinit bool g_offered = false;
// Of all isolates, unless the user has set it.
constinit std::atomic<uint64_t> g_interval{0};

constexpr size_t kMaximumArguments = 5;

struct Call {
  Env env;
  size_t count = kMaximumArguments;
  Value arguments[kMaximumArguments] = {};

  Call(Env an_env, CallbackInfo info) : env(an_env) {
    if (api.get_callback_info(env, info, &count, arguments, nullptr, nullptr) != 0) count = 0;
  }
  bool number(size_t index, double* value) const {
    return index < count && api.get_double(env, arguments[index], value) == 0;
  }
  // A typed array of 1, 4 or 8 byte elements; its memory may move once JavaScript runs again.
  template <typename T>
  bool array(size_t index, size_t element_bytes, View<T>* view) const {
    int type = 0;
    size_t length = 0;
    void* data = nullptr;
    if (index >= count ||
        api.get_typed_array(env, arguments[index], &type, &length, &data, nullptr, nullptr) != 0) {
      return false;
    }
    // napi_typedarray_type: int8, uint8, uint8 clamped, int16, uint16, int32, uint32, float32,
    // float64, and two of 64-bit integers.
    constexpr size_t kBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    if (type < 0 || type > 10 || kBytes[type] != element_bytes) return false;
    if (length * element_bytes % sizeof(T) != 0) return false;
    *view = View<T>{static_cast<const T*>(data), length * element_bytes / sizeof(T)};
    return true;
  }
};

Value number(Env env, double value) {
  Value result = nullptr;
  api.create_double(env, value, &result);
  return result;
}

// join(threadId, capture, heap, wake, tick): from now on capture() is called when a snapshot is
// wanted, heap(path) when the heap is (heap_copy.h), wake(awake) when the process has fallen asleep
// or been woken, and tick() now and then; it returns after how many milliseconds it is to be called
// again, 0: never. Returns the bytes between samples, or -1 when this isolate
// cannot be asked.
Value join_isolate(Env env, CallbackInfo info) {
  const Call call(env, info);
  double thread_id = 0;
  Functions functions{};
  if (!call.number(0, &thread_id) || call.count < 5 || isolate_of(env) != nullptr ||
      api.create_reference(env, call.arguments[1], 1, &functions.capture) != 0 ||
      api.create_reference(env, call.arguments[2], 1, &functions.heap) != 0 ||
      api.create_reference(env, call.arguments[3], 1, &functions.wake) != 0 ||
      api.create_reference(env, call.arguments[4], 1, &functions.tick) != 0) {
    return number(env, -1);
  }
  if (join(env, static_cast<uint32_t>(thread_id), functions) == nullptr) {
    return number(env, -1);
  }
  return number(env, static_cast<double>(g_interval.load(std::memory_order_relaxed)));
}

// interval(least): the bytes between samples that all isolates are to have, at least so many from
// now on.
Value interval(Env env, CallbackInfo info) {
  constexpr double kMost = 1 << 30;
  const Call call(env, info);
  double least = 0;
  uint64_t bytes = g_interval.load(std::memory_order_relaxed);
  if (!call.number(0, &least) || !(least >= 0 && least <= kMost)) least = 0;
  const auto wanted = static_cast<uint64_t>(least);
  while (g_settings.interval_adapts && bytes < wanted &&
         !g_interval.compare_exchange_weak(bytes, wanted, std::memory_order_relaxed)) {
  }
  return number(env, static_cast<double>(g_interval.load(std::memory_order_relaxed)));
}

// awake(): 1 while the process records, 0 while it sleeps.
Value awake(Env env, CallbackInfo) { return number(env, track::is_asleep() ? 0 : 1); }

// watch(awake): V8 is to tell of the code that there is and comes, or no longer.
Value watch(Env env, CallbackInfo info) {
  const Call call(env, info);
  double awake = 0;
  if (!call.number(0, &awake) || isolate_of(env) == nullptr || !g_settings.code_names) {
    return nullptr;
  }
  if (awake == 0) {
    stop_watching_code();
  } else if (!watch_code()) {
    base::log(base::LogLevel::kWarn,
              "this node does not tell of the code it compiles: JavaScript frames in native stacks "
              "have no names; start it with --perf-basic-prof");
  }
  return nullptr;
}

// run(task): what task allocates has this library in its stacks, and is left out of snapshots.
Value run(Env env, CallbackInfo info) {
  const Call call(env, info);
  Value undefined = nullptr;
  Value result = nullptr;
  if (call.count < 1 || api.get_undefined(env, &undefined) != 0) return nullptr;
  api.call_function(env, undefined, call.arguments[0], 0, nullptr, &result);
  asm volatile("");  // not a jump: the stack must show this frame
  return result;
}

// generation(): the code that blocks born now carry.
Value generation(Env env, CallbackInfo) {
  return number(env, track::recorder.generation.load(std::memory_order_relaxed));
}

// give(totals, frames, nodes, rows, texts); see profile.h.
Value give(Env env, CallbackInfo info) {
  const Call call(env, info);
  Isolate* const isolate = isolate_of(env);
  View<ProfileTotals> totals;
  View<ProfileFrame> frames;
  View<ProfileNode> nodes;
  View<ProfileRow> rows;
  View<char> texts;
  if (isolate != nullptr && call.array(0, 8, &totals) && totals.count == 1 &&
      call.array(1, 4, &frames) && call.array(2, 4, &nodes) && call.array(3, 8, &rows) &&
      call.array(4, 1, &texts)) {
    Profile* const profile = make_profile(*totals.data, frames, nodes, rows, texts);
    if (profile != nullptr) hand_over(*isolate, profile);
  }
  return nullptr;
}

void sleep_ns(uint64_t nanoseconds) {
  const struct timespec time {
    static_cast<time_t>(nanoseconds / 1000000000), static_cast<long>(nanoseconds % 1000000000)
  };
  base::system_call(SYS_nanosleep, reinterpret_cast<long>(&time), 0);
}

// leave(): the process ends, and the main thread has just handed over its profile. Workers may
// still be running, and get a moment to hand over theirs.
Value leave(Env env, CallbackInfo) {
  constexpr uint64_t kPatienceNs = 300000000;
  constexpr uint64_t kLookNs = 2000000;
  Isolate* const self = isolate_of(env);
  if (self == nullptr) return nullptr;
  const bool asked = ask(self);
  answer(*self);
  const uint64_t end = snapshot::monotonic_ns() + kPatienceNs;
  while (asked && !all_answered() && snapshot::monotonic_ns() < end) sleep_ns(kLookNs);
  stop_asking();
  if (has_buffers()) sleep_ns(kSweepNs);
  return nullptr;
}

// Of node: three numbers of 20 bits, the major one highest; 0: not known yet.
constexpr uint64_t kPartMask = (1 << 20) - 1;
constinit std::atomic<uint64_t> g_version{0};

void remember_version(Env env) {
  const NodeVersion* version = nullptr;
  if (api.get_node_version(env, &version) != 0 || version == nullptr) return;
  g_version.store(uint64_t{version->major} << 40 | (uint64_t{version->minor} & kPartMask) << 20 |
                      (version->patch & kPartMask),
                  std::memory_order_relaxed);
}

struct Function {
  const char* name;
  Callback callback;
};
constexpr Function kFunctions[] = {
    {"join", join_isolate},     {"awake", awake}, {"watch", watch}, {"run", run},
    {"generation", generation}, {"give", give},   {"leave", leave}, {"interval", interval}};

}  // namespace

void add_version(base::TextWriter* text) {
  const uint64_t version = g_version.load(std::memory_order_relaxed);
  if (version == 0) return;
  text->add_decimal(version >> 40).add('.').add_decimal(version >> 20 & kPartMask).add('.');
  text->add_decimal(version & kPartMask);
}

void offer_addon(const Settings& settings) {
  g_settings = settings;
  g_interval.store(settings.interval_bytes, std::memory_order_relaxed);
  g_offered = true;
}

}  // namespace silt::nodejs

// What node looks for in a library that process.dlopen opens.
extern "C" SILT_EXPORT silt::nodejs::Value napi_register_module_v1(silt::nodejs::Env env,
                                                                   silt::nodejs::Value exports) {
  using namespace silt::nodejs;
  if (!g_offered) return exports;
  remember_version(env);
  constexpr size_t kAutomaticLength = SIZE_MAX;
  for (const Function& function : kFunctions) {
    Value made = nullptr;
    if (api.create_function(env, function.name, kAutomaticLength, function.callback, nullptr,
                            &made) == 0) {
      api.set_named_property(env, exports, function.name, made);
    }
  }
  api.set_named_property(env, exports, "inlining", number(env, g_settings.inlining ? 1 : 0));
  const bool adapts = g_settings.interval_adapts && g_settings.interval_bytes != 0;
  api.set_named_property(env, exports, "adapts", number(env, adapts ? 1 : 0));
  api.set_named_property(env, exports, "atExit", number(env, g_settings.at_exit ? 1 : 0));
  return exports;
}
