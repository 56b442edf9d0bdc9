// SPDX-License-Identifier: Apache-2.0
//
// One variable added to the environment that programs started from here will get. libc's setenv
// would allocate through the program's allocator, which may not be ready before the program's own
// constructors have run; here the list of variables moves into memory of silt's own instead. The
// texts of the others stay where they are, since programs that write their title over them look
// there. Normal context, at start-up, while there is one thread.

#ifndef SILT_INTERPOSER_BASE_ENVIRONMENT_H_
#define SILT_INTERPOSER_BASE_ENVIRONMENT_H_

namespace silt::base {

// `name` without '='; both are copied. A variable of that name is replaced. False when there is no
// memory.
bool set_variable(const char* name, const char* value);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_ENVIRONMENT_H_
