// SPDX-License-Identifier: Apache-2.0
//
// Finding a Java virtual machine in this process, and the moment from which on it may be spoken to.
// Normal context but where it says otherwise, in a thread of silt's own.

#ifndef SILT_INTERPOSER_RUNTIME_JVM_MACHINE_H_
#define SILT_INTERPOSER_RUNTIME_JVM_MACHINE_H_

#include "interposer/runtime/jvm/calls.h"

namespace silt::jvm {

// Whether the program is a launcher of Java's, or has the machine already. In the constructor.
bool is_expected();
// Whether the machine's library is here. Hook context.
bool is_here();

// Waits until there is a machine that has started, and returns it; nullptr when none came, with
// *why where there is one that silt does not speak to.
Vm* await_machine(const char** why);

}  // namespace silt::jvm

#endif  // SILT_INTERPOSER_RUNTIME_JVM_MACHINE_H_
