// SPDX-License-Identifier: Apache-2.0
//
// See strings.h. Signal context.

#include "interposer/snapshot/strings.h"

#include "interposer/base/text.h"

namespace silt::snapshot {
namespace {

// Pages are touched as they are used. A large program has some ten thousand functions.
constexpr size_t kCapacity = size_t{8} * 1024 * 1024;
constinit char g_bytes[kCapacity]{};

}  // namespace

format::StringRef Strings::add(const char* text) {
  const size_t size = base::length(text) + 1;
  if (size == 1 || used_ + size > kCapacity) return 0;
  base::copy_bytes(g_bytes + used_, text, size);
  const auto at = static_cast<format::StringRef>(used_);
  used_ += size;
  return at;
}

void Strings::write(SectionWriter& out) const {
  out.begin(format::SectionType::kStrings);
  out.add(g_bytes, used_);
  out.end(static_cast<uint32_t>(used_));
}

}  // namespace silt::snapshot
