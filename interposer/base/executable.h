// SPDX-License-Identifier: Apache-2.0
//
// Whether a program can live with silt in its LD_PRELOAD, read from its file before it runs. Static
// programs pass the variable on and take no notice of it. Those of another C library (musl) end
// with status 127, since the library wants glibc; those for another processor or of 32 bits get a
// complaint of the loader on their standard error. Any context.

#ifndef SILT_INTERPOSER_BASE_EXECUTABLE_H_
#define SILT_INTERPOSER_BASE_EXECUTABLE_H_

namespace silt::base {

// `folder` is a descriptor or AT_FDCWD, as for openat. Of a script, its interpreter counts. What
// cannot be read is no reason to think so.
bool preload_harms(int folder, const char* path);
// The file that is open as `fd`.
bool preload_harms(int fd);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_EXECUTABLE_H_
