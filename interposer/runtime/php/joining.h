// SPDX-License-Identifier: Apache-2.0
//
// Joins PHP: waits until it runs a function, compares the layout of frames with what the engine
// says of those, and tells the walk where to find them. Nothing in the program's surroundings is
// needed, and nothing of PHP's is changed: no extension, no setting. docs/php.md tells the whole.

#ifndef SILT_INTERPOSER_RUNTIME_PHP_JOINING_H_
#define SILT_INTERPOSER_RUNTIME_PHP_JOINING_H_

#include "interposer/runtime/runtime.h"

namespace silt::php {

extern const runtime::Runtime runtime;

}  // namespace silt::php

#endif  // SILT_INTERPOSER_RUNTIME_PHP_JOINING_H_
