// SPDX-License-Identifier: Apache-2.0
//
// prctl and syscall, to see a seccomp filter before the program puts it on itself: silt must not
// make a call afterwards that the filter punishes, nor let a signal in whose handler could not
// return. And processes copied by syscall, which run no fork handlers. Any context.

#include "interposer/base/sandbox.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/attributes.h"
#include "interposer/base/blocked_signals.h"
#include "interposer/base/open_files.h"
#include "interposer/base/process_identity.h"
#include "interposer/base/system_call.h"
#include "interposer/hook/real.h"
#include "interposer/hook/signal.h"

using silt::base::sandbox;
using silt::hook::real;

namespace silt::hook {
namespace {

using base::Sandbox;

#ifdef SYS_fork
constexpr long kForkNumber = SYS_fork;
#else
constexpr long kForkNumber = SYS_clone;
#endif
constexpr unsigned long kProbe = 0;  // the kernel answers EFAULT for a filter at address 0

// `install` is the real call. The copy has to be made first.
template <typename Install>
long put_filter_on(unsigned long program, Install&& install) {
  // The filter of a child that shares this memory is not its parent's.
  if (program == kProbe || !base::in_own_process()) return install();
  const int saved_errno = errno;
  Sandbox::Filter* const filter = Sandbox::copy(reinterpret_cast<const sock_fprog*>(program));
  const bool given_up = !Sandbox::lets_handlers_return(filter) && give_signals_up();
  errno = saved_errno;
  const long result = install();
  if (result >= 0) {
    sandbox.add(filter);
  } else {
    const int error = errno;
    Sandbox::discard(filter);
    if (given_up) take_signals_back();
    errno = error;
  }
  return result;
}

// Noted before: between the two a handler may run.
template <typename Install>
long go_strict(Install&& install) {
  if (!base::in_own_process()) return install();
  sandbox.add_strict();
  const long result = install();
  if (result != 0) sandbox.take_back_strict();
  return result;
}

// A copy of the process, as fork makes one: it must not come by descriptors that silt has open just
// now, and neither must one be opened here by a handler while the others wait.
template <typename Copy>
long copy_process(Copy&& copy) {
  if (!base::in_own_process()) return copy();
  const base::SignalSet before = base::block_signals();
  base::hold_files_before_fork();
  const long result = copy();
  if (result == 0)
    base::close_files_of_parent(true);
  else
    base::release_files_after_fork();
  base::restore_signals(before);
  return result;
}

// With a stack of its own the child could not come back through here.
bool makes_copy(long number, long flags, long stack) {
  if (number == kForkNumber && number != SYS_clone) return true;
  return number == SYS_clone && stack == 0 && (flags & (CLONE_VM | CLONE_FILES)) == 0;
}

}  // namespace
}  // namespace silt::hook

namespace silt::hook {

SILT_COLD long first_syscall(long number, long a, long b, long c, long d, long e, long f) {
  resolve_real_functions();
  const long result = arch::raw_syscall(number, a, b, c, d, e, f);
  if (!base::is_error(result)) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace silt::hook

extern "C" {

// Under names of their own: the headers declare both with `...`, of which nothing could be passed
// on.
SILT_EXPORT int silt_prctl(int option, unsigned long a, unsigned long b, unsigned long c,
                           unsigned long d) __asm__("prctl");
SILT_EXPORT long silt_syscall(long number, long a, long b, long c, long d,
                              long e) __asm__("syscall");

int silt_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d) {
  if (real.prctl == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  const auto install = [=] { return real.prctl(option, a, b, c, d); };
  if (option == PR_SET_TSC && silt::base::in_own_process()) {
    sandbox.forbid_counter(a == PR_TSC_SIGSEGV);
  }
  if (option != PR_SET_SECCOMP) return install();
  if (a == SECCOMP_MODE_STRICT) return static_cast<int>(silt::hook::go_strict(install));
  if (a != SECCOMP_MODE_FILTER) return install();
  return static_cast<int>(silt::hook::put_filter_on(b, install));
}

SILT_COLD static long unusual_syscall(long number, long a, long b, long c, long d, long e) {
  const auto install = [=] { return real.syscall(number, a, b, c, d, e, 0); };
  if (number == SYS_seccomp && a == SECCOMP_SET_MODE_STRICT) {
    return silt::hook::go_strict(install);
  }
  if (number == SYS_seccomp && a == SECCOMP_SET_MODE_FILTER) {
    return silt::hook::put_filter_on(static_cast<unsigned long>(c), install);
  }
  if (number == SYS_prctl && (a == PR_SET_SECCOMP || a == PR_SET_TSC)) {
    return silt_prctl(static_cast<int>(a), static_cast<unsigned long>(b),
                      static_cast<unsigned long>(c), static_cast<unsigned long>(d),
                      static_cast<unsigned long>(e));
  }
  if (silt::hook::makes_copy(number, a, b)) return silt::hook::copy_process(install);
  return install();
}

SILT_ALWAYS_INLINE static bool is_unusual(long number) {
  return number == SYS_seccomp || number == SYS_prctl || number == SYS_clone ||
         number == silt::hook::kForkNumber;
}

// Programs call this often, for locks of their own: any other number is a comparison and a jump.
// The last argument stands on the stack, where the jump leaves it for the real function; it may
// just as well be a variable of a caller that passes fewer, so it must not even be touched.
SILT_FRAMELESS long silt_syscall(long number, long a, long b, long c, long d, long e) {
  if (is_unusual(number)) [[unlikely]] {
    return unusual_syscall(number, a, b, c, d, e);
  }
  using InRegisters = long (*)(long, long, long, long, long, long);
  return reinterpret_cast<InRegisters>(reinterpret_cast<void*>(real.syscall))(number, a, b, c, d,
                                                                              e);
}

}  // extern "C"
