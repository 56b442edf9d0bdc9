// SPDX-License-Identifier: Apache-2.0
//
// The machine's own sampling of allocations (JEP 331, from Java 11 on): at each sample the thread
// that allocates tells silt of the object, and silt remembers it by a weak reference. How often
// that is follows what it costs. In threads of Java's, between two of their instructions.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_SAMPLING_H_
#define SILT_INTERPOSER_RUNTIME_JVM_SAMPLING_H_

#include <cstddef>
#include <cstdint>

#include "interposer/runtime/jvm/calls.h"
#include "interposer/runtime/jvm/samples.h"

namespace silt::jvm {

struct Sampling {
  uint64_t interval_bytes;  // mean distance between samples; 0: none are taken
  bool adapts;              // it was not set: it follows the cost
  void (*many)();           // there are many samples, some of which may be dead
  void (*ended)();          // the machine ends
};

extern constinit Samples samples;

// Asks the machine for samples, which come from switch_sampling(true) on. nullptr, or why there
// will be none. The calling thread is attached.
const char* start_sampling(Vm* vm, const Sampling& sampling);
void switch_sampling(bool on);

// Forgets objects that have been found dead, and gives others up where there are too many. In the
// one thread that does so, attached.
void forget_dead(Jni* jni);
void forget_all(Jni* jni);

// Collects all garbage; false: the machine refused.
bool collect_garbage();
// As of now; 0: none are taken.
uint64_t sampling_interval();
// The machine's own word for its version, "" where it has none.
const char* machine_version();

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_SAMPLING_H_
