// SPDX-License-Identifier: Apache-2.0
//
// dlopen and dlclose, to notice that code came and went. Hook context entering, normal context
// after the real call.

#include <dlfcn.h>

#include "interposer/base/attributes.h"
#include "interposer/hook/guard.h"

using silt::hook::enter;
using silt::hook::leave;
using silt::hook::Mode;
using silt::hook::real;
using silt::hook::recorder;

extern "C" {

// The loader looks at who calls dlopen: its search path (RUNPATH, $ORIGIN) and its namespace count.
// So the real function must find the caller's return address, not ours: this is a jump, and what is
// to be done afterwards is done at some later hook. (A test opens a plugin that only its caller's
// search path finds.)
SILT_EXPORT SILT_FRAMELESS void* dlopen(const char* file, int flags) {
  if (real.dlopen == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  recorder.code_loaded.store(true, std::memory_order_relaxed);
  return real.dlopen(file, flags);
}

SILT_EXPORT int dlclose(void* handle) {
  if (real.dlclose == nullptr) [[unlikely]]
    silt::hook::resolve_real_functions();
  // Destructors of the library run inside: they are the program's, and recorded.
  const int result = real.dlclose(handle);
  silt::track::ThreadLocal& local = silt::track::thread_local_part;
  const Mode mode = enter(local, SILT_HOOK_FRAME);
  if (mode == Mode::kOff) {
    if (!silt::track::is_asleep()) return result;
    // What was recorded before is still known by its addresses when the process is woken.
    const Mode before = local.mode;
    silt::hook::mark(local, SILT_HOOK_FRAME);
    silt::track::note_unloaded_code();
    leave(local, before);
    return result;
  }
  silt::track::note_unloaded_code();
  leave(local, mode);
  return result;
}

}  // extern "C"
