// SPDX-License-Identifier: Apache-2.0
//
// Attributes used throughout the interposer, each behind one name so that both compilers agree.
// Any context.

#ifndef SILT_INTERPOSER_BASE_ATTRIBUTES_H_
#define SILT_INTERPOSER_BASE_ATTRIBUTES_H_

#define SILT_EXPORT __attribute__((visibility("default")))
#define SILT_ALWAYS_INLINE inline __attribute__((always_inline))
// The slow half of a fast path: out of line, away from the hot code.
#define SILT_COLD __attribute__((noinline, cold))
// For a function that must reach another with a jump: no frame of its own, whatever the build says.
#ifdef __clang__
#define SILT_FRAMELESS
#else
#define SILT_FRAMELESS __attribute__((optimize("omit-frame-pointer")))
#endif

#endif  // SILT_INTERPOSER_BASE_ATTRIBUTES_H_
