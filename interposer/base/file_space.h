// SPDX-License-Identifier: Apache-2.0
//
// Space of a file, allocated before it is used: what is mapped of it can then be written without a
// fault. Any context, with signals blocked.

#ifndef SILT_INTERPOSER_BASE_FILE_SPACE_H_
#define SILT_INTERPOSER_BASE_FILE_SPACE_H_

#include <cstdint>

namespace silt::base {

// So many bytes from `offset` on, zeroed where the file ended before; 0 or -errno.
long allocate_space(int fd, uint64_t offset, uint64_t size);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_FILE_SPACE_H_
