// SPDX-License-Identifier: Apache-2.0
//
// Joins node: makes it load silt's script before the program's own, and makes snapshots wait for
// what the script hands over. docs/node.md tells the whole. Normal context, in the constructor, but
// for what is handed to the snapshot layer.

#ifndef SILT_INTERPOSER_RUNTIME_NODEJS_JOINING_H_
#define SILT_INTERPOSER_RUNTIME_NODEJS_JOINING_H_

#include "interposer/runtime/runtime.h"

namespace silt::nodejs {

extern const runtime::Runtime runtime;

}  // namespace silt::nodejs

#endif  // SILT_INTERPOSER_RUNTIME_NODEJS_JOINING_H_
