// SPDX-License-Identifier: Apache-2.0
//
// Suppressions; see the header.

#include "symbolizer/report/gate/suppression.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "symbolizer/report/gate/owner_key.h"
#include "symbolizer/report/gate/rule_lines.h"

namespace silt::report {
namespace {

constexpr std::string_view kLeak = "leak:";
constexpr std::string_view kOwner = "owner:";

// Nearly all of it, or what somebody else keeps would slip through.
bool excuses_owners(const Suppression& suppression, const Finding& finding) {
  double share = 0;
  for (const OwnerLine& owner : finding.owners) {
    if (owner.kind != "lost" && owner.kind != "garbage" &&
        matches(suppression.pattern, owner_text(owner))) {
      share += owner.share;
    }
  }
  return share >= kOwnersShare;
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (!std::isdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  const int month = std::atoi(std::string(text.substr(5, 2)).c_str());
  const int day = std::atoi(std::string(text.substr(8, 2)).c_str());
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

bool matches_here(std::string_view pattern, std::string_view text) {
  // Linear in practice: on a mismatch only the last star is tried again.
  size_t p = 0;
  size_t t = 0;
  size_t star = std::string_view::npos;
  size_t resume = 0;
  while (true) {
    if (p == pattern.size()) return true;  // what follows in the text does not matter
    if (pattern[p] == '$' && p + 1 == pattern.size() && t == text.size()) return true;
    if (pattern[p] == '*') {
      star = ++p;
      resume = t;
      continue;
    }
    if (t < text.size() && pattern[p] == text[t] &&
        !(pattern[p] == '$' && p + 1 == pattern.size())) {
      ++p;
      ++t;
      continue;
    }
    if (star == std::string_view::npos || resume >= text.size()) return false;
    p = star;
    t = ++resume;
  }
}

}  // namespace

bool matches(std::string_view pattern, std::string_view text) {
  const bool anchored = !pattern.empty() && pattern.front() == '^';
  if (anchored) pattern.remove_prefix(1);
  if (pattern.empty() || pattern == "$") return false;
  if (anchored) return matches_here(pattern, text);
  return matches_here("*" + std::string(pattern), text);
}

Result<std::vector<Suppression>> parse_suppressions(std::string_view text) {
  std::vector<Suppression> suppressions;
  const auto error =
      for_lines(text, [&](size_t number, std::string_view line) -> std::optional<Error> {
        if (line.empty() || line.front() == '#') return std::nullopt;
        Suppression suppression;
        suppression.line = number;
        suppression.of_owner = line.starts_with(kOwner);
        if (!suppression.of_owner && !line.starts_with(kLeak)) {
          return wrong_line(number, "expected leak:PATTERN  # reason, or owner:PATTERN  # reason");
        }
        const size_t comment = line.find(" #");
        if (comment != std::string_view::npos) {
          suppression.reason = trimmed(line.substr(comment + 2));
          line = trimmed(line.substr(0, comment));
        }
        line.remove_prefix(suppression.of_owner ? kOwner.size() : kLeak.size());
        const size_t until = line.rfind(" until=");
        if (until != std::string_view::npos) {
          suppression.until = trimmed(line.substr(until + 7));
          line = trimmed(line.substr(0, until));
          if (!is_date(suppression.until)) {
            return wrong_line(number,
                              "until=" + suppression.until + " is not a date like 2026-12-31");
          }
        }
        suppression.pattern = trimmed(line);
        if (suppression.pattern.find_first_not_of("*^$") == std::string::npos) {
          return wrong_line(number, "this pattern would excuse everything");
        }
        suppressions.push_back(std::move(suppression));
        return std::nullopt;
      });
  if (error) return *error;
  return suppressions;
}

bool suppresses(const Suppression& suppression, const Finding& finding,
                const std::unordered_map<read::StackId, const StackLine*>& stacks) {
  if (suppression.of_owner) return excuses_owners(suppression, finding);
  const auto hits = [&suppression](const symbolize::Frame& frame) {
    return (!frame.function.empty() && matches(suppression.pattern, frame.function)) ||
           (!frame.file.empty() && matches(suppression.pattern, frame.file)) ||
           (!frame.module.empty() && matches(suppression.pattern, frame.module));
  };
  if (!finding.whole.empty()) return matches(suppression.pattern, "whole:" + finding.whole);
  if (hits(finding.site)) return true;
  // Every stack must be excused, or a new path to an old place would slip through.
  size_t named = 0;
  for (const read::StackId id : finding.stacks) {
    const auto at = stacks.find(id);
    if (at == stacks.end() || at->second->frames.empty()) continue;
    ++named;
    const auto& frames = at->second->frames;
    if (std::none_of(frames.begin(), frames.end(), hits)) return false;
  }
  return named > 0;
}

}  // namespace silt::report
