// SPDX-License-Identifier: Apache-2.0
//
// A snapshot with a bit of everything, changed or damaged, and what the reader says to it.

#ifndef SILT_TEST_SYMBOLIZER_READ_DAMAGED_SNAPSHOT_H_
#define SILT_TEST_SYMBOLIZER_READ_DAMAGED_SNAPSHOT_H_

#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "symbolizer/read/snapshot_file.h"
#include "test/symbolizer/snapshot_writer.h"

namespace silt::read {

using test::RawSection;
using test::SnapshotValues;

SnapshotValues some_values();

// The reason why a file is refused, or an empty text when all of it can be read.
std::string refusal(const std::string& bytes);
std::string refusal(const std::function<void(SnapshotValues&)>& change);
std::string refusal_of_sections(const std::function<void(std::vector<RawSection>&)>& change);
// With `value` written over the bytes at `offset`, and checksums that are right again.
template <typename T>
std::string refusal_with(size_t offset, T value) {
  std::string bytes = test::write_snapshot(some_values());
  std::memcpy(bytes.data() + offset, &value, sizeof(value));
  test::mend_checksums(bytes);
  return refusal(bytes);
}

}  // namespace silt::read

#endif  // SILT_TEST_SYMBOLIZER_READ_DAMAGED_SNAPSHOT_H_
