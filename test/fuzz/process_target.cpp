// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what a process that is to be dumped shows of itself: its control file, and its
// status, maps and environment in /proc. The first byte says which.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "symbolizer/process/facts.h"
#include "symbolizer/process/family.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'c': {
      const auto control = process::parse_control(text, 7, {7, 1});
      if (!control) break;
      require(control->pid == 7 || control->pid == 1);
      require(control->signal <= 64);
      require(std::memchr(control->last_failure, 0, sizeof(control->last_failure)) != nullptr);
      break;
    }
    case 's':
      process::parse_status(text);
      break;
    case 'm': {
      const auto facts = process::parse_maps(text);
      for (const std::string& control : facts.controls) require(control.ends_with("control"));
      break;
    }
    case 't':
      process::start_in_stat(text);
      break;
    case 'k': {
      const auto card = process::parse_card(text);
      require(!card || (card->signal >= 0 && card->signal <= 64));
      break;
    }
    case 'p':
      require(process::parent_in_stat(text).value_or(1) >= 0);
      break;
    default:
      break;
  }
  return 0;
}
