// SPDX-License-Identifier: Apache-2.0
//
// See thread_stack.h.

#include "interposer/owners/thread_stack.h"

#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::owners {

// "running", or numbers in hexadecimal, of which the last two are the stack pointer and the pc.
uint64_t stack_pointer_of(int32_t process, int32_t thread) {
  base::TextBuffer<64> path;
  path.add("/proc/").add_decimal(static_cast<uint64_t>(process)).add("/task/");
  path.add_decimal(static_cast<uint64_t>(thread)).add("/syscall");
  char text[256];
  if (snapshot::read_small_file(path.c_str(), text, sizeof(text)) <= 0) return 0;
  uint64_t before = 0;
  uint64_t last = 0;
  for (const char* at = text; *at != '\0';) {
    if (at[0] == '0' && at[1] == 'x') {
      before = last;
      last = base::parse_hexadecimal(at + 2, &at);
    } else {
      ++at;
    }
  }
  return before;
}

}  // namespace silt::owners
