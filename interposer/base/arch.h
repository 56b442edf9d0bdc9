// SPDX-License-Identifier: Apache-2.0
//
// Everything that depends on the processor, by name: each architecture has a file of its own.
// Any context.

#ifndef SILT_INTERPOSER_BASE_ARCH_H_
#define SILT_INTERPOSER_BASE_ARCH_H_

#if defined(__x86_64__)
#include "interposer/base/arch_x86_64.h"
#elif defined(__aarch64__)
#include "interposer/base/arch_aarch64.h"
#else
#error "silt's interposer has not been ported to this processor yet"
#endif

#endif  // SILT_INTERPOSER_BASE_ARCH_H_
