// SPDX-License-Identifier: Apache-2.0
//
// Which versions of glibc's symbols libsilt.so asks for, so that a library that was built on a new
// system loads on an old one. glibc 2.34 gave these functions, until then in libdl.so.2, a second
// version with the same meaning; the linker would take that. Every file that calls one of them
// includes this; scripts/check_library.py finds what needs more than GLIBC_2.17.

#ifndef SILT_INTERPOSER_BASE_OLD_SYMBOLS_H_
#define SILT_INTERPOSER_BASE_OLD_SYMBOLS_H_

#include "interposer/base/arch.h"

#ifdef __GLIBC__
__asm__(".symver dlsym, dlsym@" SILT_OLDEST_VERSION);
__asm__(".symver dladdr, dladdr@" SILT_OLDEST_VERSION);
__asm__(".symver dlerror, dlerror@" SILT_OLDEST_VERSION);
#endif

#endif  // SILT_INTERPOSER_BASE_OLD_SYMBOLS_H_
