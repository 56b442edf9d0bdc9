// SPDX-License-Identifier: Apache-2.0
//
// The one thread that silt starts, where there is a Java virtual machine: the machine can only be
// spoken to by a thread of its own, and no signal handler may. It waits for the machine, has it
// sampled, and sleeps. When a snapshot is wanted it becomes a thread of Java's for as long as it
// takes to collect garbage and to hand over what lives; so the machine, when it ends, has no thread
// more to wait for.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_CAPTURING_H_
#define SILT_INTERPOSER_RUNTIME_JVM_CAPTURING_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/options.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/strings.h"

namespace silt::jvm {

enum class State : uint32_t {
  kNone,     // there is no machine
  kWaiting,  // the thread waits for it
  kJoined,
  kRefused,  // machine_refusal() says why
  kEnded,    // the machine ends; what was handed over stays
};
State state();
const char* refusal();

// Starts the thread, once. Normal context, or after a library was loaded.
void start_thread(const base::Options& options);

// Hook or signal context. False when there is no machine to ask.
bool ask();
// The process has fallen asleep or been woken.
void wake();
// Signal context, under the snapshot slot: the sections of the heap. `runtime`: index into
// kRuntimes.
void write_heap(snapshot::SectionWriter& out, snapshot::Strings& strings, uint32_t runtime);
// In the child of a fork: the thread stayed behind.
void forget_thread();

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_CAPTURING_H_
