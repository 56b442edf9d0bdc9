// SPDX-License-Identifier: Apache-2.0
//
// Joins a Java virtual machine (HotSpot): has it sample its allocations, and makes snapshots wait
// for what lives of them. docs/java.md tells the whole. Normal context, in the constructor, but for
// what is handed to the snapshot layer.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_JOINING_H_
#define SILT_INTERPOSER_RUNTIME_JVM_JOINING_H_

#include "interposer/runtime/runtime.h"

namespace silt::jvm {

extern const runtime::Runtime runtime;

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_JOINING_H_
