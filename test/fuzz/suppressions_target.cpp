// SPDX-License-Identifier: Apache-2.0
//
// Any text as suppressions and as a baseline. What follows the first NUL is matched against every
// pattern, by silt and by a plain matcher that tries everything: both must agree.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "symbolizer/report/gate/baseline.h"
#include "symbolizer/report/gate/suppression.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

// Row by row: which ends in the text the pattern's first signs can reach.
bool matches_plainly(std::string_view pattern, std::string_view text) {
  const bool anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored) pattern.remove_prefix(1);
  if (pattern.empty() || pattern == "$") return false;
  std::vector<bool> reached(text.size() + 1, !anchored);
  reached[0] = true;
  bool only_at_end = false;
  for (size_t p = 0; p < pattern.size(); ++p) {
    std::vector<bool> next(text.size() + 1, false);
    if (pattern[p] == '*') {
      bool any = false;
      for (size_t t = 0; t <= text.size(); ++t) next[t] = any = any || reached[t];
    } else if (pattern[p] == '$' && p + 1 == pattern.size()) {
      only_at_end = true;
      next = reached;
    } else {
      for (size_t t = 0; t < text.size(); ++t) next[t + 1] = reached[t] && pattern[p] == text[t];
    }
    reached = next;
  }
  if (only_at_end) return reached[text.size()];
  for (const bool end : reached) {
    if (end) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::string_view name;
  if (const size_t end = text.find('\0'); end != std::string_view::npos) {
    name = text.substr(end + 1).substr(0, 300);
    text = text.substr(0, end);
  }
  const auto suppressions = report::parse_suppressions(text);
  if (suppressions) {
    for (const report::Suppression& suppression : *suppressions) {
      require(!suppression.pattern.empty() && suppression.line > 0);
      require(suppression.until.empty() || suppression.until.size() == 10);
      if (suppression.pattern.size() > 300) continue;
      require(report::matches(suppression.pattern, name) ==
              matches_plainly(suppression.pattern, name));
    }
  } else {
    require(suppressions.error().message.starts_with("line "));
  }
  const auto baseline = report::parse_baseline(text);
  if (!baseline) require(baseline.error().message.starts_with("line "));
  return 0;
}
