// SPDX-License-Identifier: Apache-2.0
//
// Both forms come down to a key and a value; what a key may have is said once, below.

#include "symbolizer/report/gate/policy_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "symbolizer/base/quote.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/report/gate/rule_lines.h"

namespace silt::report {
namespace {

// As written, without quotes; a list is its words with commas between.
struct Entry {
  size_t line;
  std::string_view key;
  std::string_view value;
};

Error unexpected(const Entry& entry, const std::string& expected) {
  return wrong_line(entry.line, in_quotes(entry.key) + " is " + in_quotes(entry.value) +
                                    "; expected " + expected);
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<Error> set_bytes(std::optional<double>& to, const Entry& entry) {
  if (entry.value == "none") {
    to.reset();
    return std::nullopt;
  }
  const std::optional<uint64_t> bytes = parse_size(entry.value);
  if (!bytes) return unexpected(entry, "a size such as 0, 64 kB, 1.5 MB, or none");
  to = static_cast<double>(*bytes);
  return std::nullopt;
}

std::optional<Error> set_choice(const Entry& entry, bool& to, std::string_view yes,
                                std::string_view no) {
  if (entry.value != yes && entry.value != no) {
    return unexpected(entry, std::string(no) + " or " + std::string(yes));
  }
  to = entry.value == yes;
  return std::nullopt;
}

std::optional<Error> set_verdicts(Policy& policy, const Entry& entry) {
  bool leak = false;
  bool growing = false;
  std::string_view rest = entry.value;
  for (bool more = true; more;) {
    const size_t comma = rest.find(',');
    more = comma != std::string_view::npos;
    const std::string_view word = trimmed(rest.substr(0, comma));
    if (more) rest.remove_prefix(comma + 1);
    if (word != "leak" && word != "growing") return unexpected(entry, "leak, or leak and growing");
    leak = leak || word == "leak";
    growing = growing || word == "growing";
  }
  if (!leak) return unexpected(entry, "leak, or leak and growing");
  policy.growing_breaks = growing;
  return std::nullopt;
}

// Keys of the whole file.
std::optional<Error> set_general(Policy& policy, const Entry& entry) {
  const std::string_view key = entry.key;
  const std::string_view value = entry.value;
  if (key == "growth-per-hour") return set_bytes(policy.each.growth_per_hour, entry);
  if (key == "bytes-per-work") return set_bytes(policy.each.bytes_per_work, entry);
  if (key == "total-growth-per-hour") return set_bytes(policy.total_growth_per_hour, entry);
  if (key == "detectable") return set_bytes(policy.detectable, entry);
  if (key == "verdicts") return set_verdicts(policy, entry);
  if (key == "inconclusive") return set_choice(entry, policy.inconclusive_fails, "fail", "pass");
  if (key == "unjudged") return set_choice(entry, policy.unjudged_fails, "fail", "pass");
  if (key == "confidence") {
    const std::optional<double> number = number_of(value);
    if (!number || *number < 0 || *number > 1) return unexpected(entry, "a number from 0 to 1");
    policy.confidence = *number;
    return std::nullopt;
  }
  if (key == "snapshots") {
    const std::optional<double> number = number_of(value);
    if (!number || *number < 2 || *number > 1e9 || std::floor(*number) != *number) {
      return unexpected(entry, "a whole number above 1");
    }
    policy.snapshots = static_cast<size_t>(*number);
    return std::nullopt;
  }
  if (key == "whole") {
    if (value != "pass" && value != "inconclusive" && value != "fail") {
      return unexpected(entry, "pass, inconclusive or fail");
    }
    policy.whole = value == "pass"   ? WholeRule::kPass
                   : value == "fail" ? WholeRule::kFail
                                     : WholeRule::kInconclusive;
    return std::nullopt;
  }
  return wrong_line(entry.line,
                    "unknown key " + in_quotes(key) +
                        "; known are verdicts, confidence, growth-per-hour, total-growth-per-hour, "
                        "bytes-per-work, snapshots, detectable, inconclusive, whole, unjudged");
}

std::optional<Error> set_of_module(Policy::Module& module, const Entry& entry) {
  if (entry.key == "growth-per-hour") return set_bytes(module.each.growth_per_hour, entry);
  if (entry.key == "bytes-per-work") return set_bytes(module.each.bytes_per_work, entry);
  if (entry.key == "total-growth-per-hour") return set_bytes(module.total_growth_per_hour, entry);
  return wrong_line(entry.line, in_quotes(entry.key) +
                                    " is not a key of a module; known there are growth-per-hour, "
                                    "total-growth-per-hour and bytes-per-work");
}

Result<Policy> parse_old_form(std::string_view text) {
  Policy policy;
  policy.old_form = true;
  std::set<std::string, std::less<>> seen;  // keys of the part
  bool in_module = false;
  const auto error =
      for_lines(text, [&](size_t number, std::string_view line) -> std::optional<Error> {
        line = trimmed(line.substr(0, line.find('#')));
        if (line.empty()) return std::nullopt;
        if (line.front() == '[') {
          if (line.back() != ']' || line.substr(0, 8) != "[module ") {
            return wrong_line(number, "expected [module.NAME]");
          }
          const std::string_view name = trimmed(line.substr(8, line.size() - 9));
          if (name.empty()) return wrong_line(number, "expected [module.NAME]");
          policy.modules.push_back({std::string(name), policy.each, std::nullopt});
          in_module = true;
          seen.clear();
          return std::nullopt;
        }
        const size_t equals = line.find('=');
        if (equals == std::string_view::npos) return wrong_line(number, "expected key = value");
        const Entry entry{number, trimmed(line.substr(0, equals)),
                          trimmed(line.substr(equals + 1))};
        if (!seen.insert(std::string(entry.key)).second) {
          return wrong_line(number, in_quotes(entry.key) + " is set twice");
        }
        return in_module ? set_of_module(policy.modules.back(), entry) : set_general(policy, entry);
      });
  if (error) return *error;
  return policy;
}

size_t line_of(const toml::node& node) { return node.source().begin.line; }

// Empty where a policy has no such value: a table, a date, a list of other things than words.
std::optional<std::string> words_of(const toml::node& node) {
  if (const auto* const text = node.as_string()) return text->get();
  if (const auto* const whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* const number = node.as_floating_point()) {
    char digits[64];
    const auto [end, error] = std::to_chars(digits, digits + sizeof(digits), number->get());
    if (error != std::errc()) return std::nullopt;
    return std::string(digits, end);
  }
  const toml::array* const list = node.as_array();
  if (list == nullptr) return std::nullopt;
  std::string words;
  for (const toml::node& item : *list) {
    const auto* const word = item.as_string();
    if (word == nullptr) return std::nullopt;
    words += (words.empty() ? "" : ",") + word->get();
  }
  return words;
}

// In the order of the file: a table itself is sorted by name.
template <typename Each>
std::optional<Error> for_entries(const toml::table& table, const Each& each) {
  std::vector<std::pair<std::string_view, const toml::node*>> entries;
  for (const auto& [key, node] : table) entries.emplace_back(key.str(), &node);
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return line_of(*a.second) < line_of(*b.second);
  });
  for (const auto& [key, node] : entries) {
    if (std::optional<Error> error = each(key, *node)) return error;
  }
  return std::nullopt;
}

template <typename Set>
std::optional<Error> set_value(std::string_view key, const toml::node& node, const Set& set) {
  const std::optional<std::string> words = words_of(node);
  if (!words) {
    return wrong_line(line_of(node),
                      in_quotes(key) + " is neither a text, nor a number, nor a list of words");
  }
  return set(Entry{line_of(node), key, *words});
}

Result<Policy> policy_of(const toml::table& file) {
  Policy policy;
  const toml::node* modules = nullptr;
  auto error =
      for_entries(file, [&](std::string_view key, const toml::node& node) -> std::optional<Error> {
        if (key == "module") {
          modules = &node;
          return std::nullopt;
        }
        return set_value(key, node, [&](const Entry& entry) { return set_general(policy, entry); });
      });
  if (error) return *error;
  if (modules == nullptr) return policy;
  if (!modules->is_table()) return wrong_line(line_of(*modules), "expected [module.NAME]");
  error = for_entries(*modules->as_table(),
                      [&](std::string_view name, const toml::node& part) -> std::optional<Error> {
                        if (!part.is_table() || name.empty()) {
                          return wrong_line(line_of(part), "expected [module.NAME]");
                        }
                        Policy::Module module{std::string(name), policy.each, std::nullopt};
                        const auto wrong = for_entries(
                            *part.as_table(), [&](std::string_view key, const toml::node& node) {
                              return set_value(key, node, [&](const Entry& entry) {
                                return set_of_module(module, entry);
                              });
                            });
                        policy.modules.push_back(std::move(module));
                        return wrong;
                      });
  if (error) return *error;
  return policy;
}

// Quotes do not occur in the old form.
bool looks_like_toml(std::string_view text) {
  return text.find('"') != std::string_view::npos || text.find('\'') != std::string_view::npos ||
         text.find("[module.") != std::string_view::npos;
}

}  // namespace

Result<Policy> parse_policy(std::string_view text) {
  const toml::parse_result file = toml::parse(text);
  if (file) return policy_of(file.table());
  if (!looks_like_toml(text)) return parse_old_form(text);
  const toml::parse_error& error = file.error();
  return wrong_line(error.source().begin.line, std::string(error.description()));
}

}  // namespace silt::report
