// SPDX-License-Identifier: Apache-2.0
//
// See joining.h.

#include "interposer/runtime/jvm/joining.h"

#include <bit>

#include "interposer/base/own_ranges.h"
#include "interposer/runtime/jvm/capturing.h"
#include "interposer/runtime/jvm/machine.h"
#include "interposer/runtime/jvm/sampling.h"
#include "interposer/track/recorder.h"

namespace silt::jvm {
namespace {

using track::recorder;

constinit base::Options g_options{};

// A look costs system calls for each library there is: it is taken at the first, second, fourth, …
// time that code has come. (The machine loads some libraries of its own once it is there.)
constinit std::atomic<uint32_t> g_occasions{0};
using CodeCame = void (*)();
constinit CodeCame g_next_code_came = nullptr;

void begin(const base::Options& options) {
  runtime::watch_own_code();
  start_thread(options);
}

// Hook context.
void code_came() {
  if (g_next_code_came != nullptr) g_next_code_came();
  if (state() != State::kNone) return;
  const uint32_t occasion = g_occasions.fetch_add(1, std::memory_order_relaxed) + 1;
  if (std::has_single_bit(occasion) && is_here()) begin(g_options);
}

runtime::Presence start(const base::Options& options, const char*) {
  if (!options.java || options.java_interval_bytes == 0) return runtime::Presence::kAbsent;
  g_options = options;
  g_next_code_came = recorder.code_came;
  recorder.code_came = code_came;
  if (is_expected()) begin(options);
  return runtime::Presence::kHere;
}

bool describe(snapshot::Strings& strings, format::RuntimeEntry* entry) {
  const State now = state();
  if (now == State::kNone || now == State::kWaiting) return false;
  entry->version = strings.add(machine_version());
  entry->why_not = strings.add(refusal());
  if (now != State::kRefused) entry->flags = format::kRuntimeHeaps;
  return true;
}

uint64_t kept_bytes() { return samples.mapped_bytes(); }

}  // namespace

const runtime::Runtime runtime = {
    .name = "jvm",
    .start = start,
    .ask = ask,
    .joins_late = true,
    .describe = describe,
    .write_heaps = write_heap,
    .is_own = base::in_this_library,
    .kept_bytes = kept_bytes,
    .sleep = [](bool) { wake(); },
    .leave_to_parent = forget_thread,
};

}  // namespace silt::jvm
