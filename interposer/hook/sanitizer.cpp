// SPDX-License-Identifier: Apache-2.0
//
// AddressSanitizer's shared runtime (GCC's) ends a program in which any library comes before it. It
// takes default options from a function that the program may define; ours asks it to let that be.
// The runtime's malloc is then the next one, and everything works. Normal context.

#include <dlfcn.h>

#include "interposer/base/attributes.h"
#include "interposer/base/old_symbols.h"
#include "interposer/base/text.h"

extern "C" SILT_EXPORT const char* __asan_default_options() {
  // The runtime's own, or a library's, is behind this one; a program's would be in front of it.
  using Options = const char* (*)();
  static constinit char options[1024]{};
  silt::base::TextWriter text(options, sizeof(options));
  text.add("verify_asan_link_order=0");
  const auto next = reinterpret_cast<Options>(dlsym(RTLD_NEXT, "__asan_default_options"));
  const char* const others = next == nullptr ? nullptr : next();
  if (others != nullptr && others[0] != '\0') text.add(':').add(others);
  return options;
}
