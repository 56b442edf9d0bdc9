// SPDX-License-Identifier: Apache-2.0
//
// See joining.h.

#include "interposer/runtime/jvm/joining.h"

#include "interposer/base/own_ranges.h"
#include "interposer/runtime/awaiting.h"
#include "interposer/runtime/jvm/capturing.h"
#include "interposer/runtime/jvm/machine.h"
#include "interposer/runtime/jvm/sampling.h"

namespace silt::jvm {
namespace {

constinit base::Options g_options{};

// The machine loads some libraries of its own once it is there.
constinit runtime::Occasions g_occasions;

void begin(const base::Options& options) {
  runtime::watch_own_code();
  start_thread(options);
}

// Hook context.
void code_came() {
  if (state() != State::kNone) return;
  if (g_occasions.count() != 0 && is_here()) begin(g_options);
}

runtime::Presence start(const base::Options& options, const char*) {
  if (!options.java || options.java_interval_bytes == 0) return runtime::Presence::kAbsent;
  g_options = options;
  runtime::when_code_comes(code_came);
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
