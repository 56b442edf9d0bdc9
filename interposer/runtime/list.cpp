// SPDX-License-Identifier: Apache-2.0
//
// The list of runtimes: what a new one is added to.

#include "interposer/runtime/jvm/joining.h"
#include "interposer/runtime/nodejs/joining.h"
#include "interposer/runtime/php/joining.h"
#include "interposer/runtime/python/joining.h"
#include "interposer/runtime/runtime.h"

namespace silt::runtime {

const Runtime* const runtimes[] = {&nodejs::runtime, &python::runtime, &jvm::runtime, &php::runtime,
                                   nullptr};

}  // namespace silt::runtime
