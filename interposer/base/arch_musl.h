// SPDX-License-Identifier: Apache-2.0
//
// What glibc's headers declare and musl's do not, for the library that is built for musl: included
// in front of each of its files. Functions that musl has not are declared for libstdc++'s headers,
// or for their types; nobody calls them. Any context.

#ifndef SILT_INTERPOSER_BASE_ARCH_MUSL_H_
#define SILT_INTERPOSER_BASE_ARCH_MUSL_H_

#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>

#ifndef __GLIBC__  // where this is not included

// Another name for mmap there; here a hook of its own.
#undef mmap64

// <bits/c++locale.h>
using __locale_t = locale_t;

extern "C" {

// <bits/std_mutex.h>, <mutex>
int pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
int pthread_mutex_clocklock(pthread_mutex_t*, clockid_t, const struct timespec*);
int pthread_rwlock_clockrdlock(pthread_rwlock_t*, clockid_t, const struct timespec*);
int pthread_rwlock_clockwrlock(pthread_rwlock_t*, clockid_t, const struct timespec*);

// The list of what is loaded: musl has its address for debuggers under this name.
extern struct r_debug* const _dl_debug_addr;
#define _r_debug (*_dl_debug_addr)
extern __attribute__((visibility("hidden"))) ElfW(Dyn) _DYNAMIC[];

// glibc 2.35
struct dl_find_object {
  unsigned long long dlfo_flags;
  void* dlfo_map_start;
  void* dlfo_map_end;
  struct link_map* dlfo_link_map;
  void* dlfo_eh_frame;
};
int _dl_find_object(void*, struct dl_find_object*);

}  // extern "C"

namespace silt::arch {

// The stack pointer that a jmp_buf of musl leads to: it is not disguised there.
inline uint64_t musl_jump_target(const jmp_buf buffer) {
#ifdef __x86_64__
  return buffer->__jb[6];  // behind rbx, rbp and r12 to r15
#else
#error "musl's jmp_buf has not been looked at for this processor"
#endif
}

}  // namespace silt::arch

#endif  // __GLIBC__

#endif  // SILT_INTERPOSER_BASE_ARCH_MUSL_H_
