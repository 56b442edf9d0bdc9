// SPDX-License-Identifier: Apache-2.0
//
// Numbers with units, checked for overflow.

#include "symbolizer/base/setting_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "interposer/format/size_text.h"

namespace silt {
namespace {

struct SignalName {
  std::string_view name;
  int number;
};

// Signals that a program can spare: those that can be caught and do not mean a fault.
constexpr SignalName kSignals[] = {{"HUP", 1},    {"INT", 2},   {"QUIT", 3},    {"USR1", 10},
                                   {"USR2", 12},  {"ALRM", 14}, {"TERM", 15},   {"CHLD", 17},
                                   {"CONT", 18},  {"TSTP", 20}, {"TTIN", 21},   {"TTOU", 22},
                                   {"URG", 23},   {"IO", 29},   {"VTALRM", 26}, {"PROF", 27},
                                   {"WINCH", 28}, {"PWR", 30},  {"RTMIN", 34},  {"RTMAX", 64}};
constexpr int kFirstRealTimeSignal = 34;
constexpr int kLastSignal = 64;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::toupper(x) == std::toupper(y);
  });
}

// A decimal number; what follows it stays in `text`.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  return value;
}

std::optional<uint64_t> multiplied(uint64_t value, uint64_t unit) {
  if (value > INT64_MAX / unit) return std::nullopt;
  return value * unit;
}

}  // namespace

std::optional<int> parse_signal(std::string_view text) {
  if (equal_ignoring_case(text, "none")) return 0;
  std::string_view rest = text;
  if (const auto number = take_number(rest)) {
    if (!rest.empty() || *number > kLastSignal) return std::nullopt;
    const int signal = static_cast<int>(*number);
    const bool known = std::any_of(std::begin(kSignals), std::end(kSignals),
                                   [signal](const SignalName& s) { return s.number == signal; });
    if (signal == 0 || known || signal >= kFirstRealTimeSignal) return signal;
    return std::nullopt;
  }
  if (text.size() > 3 && equal_ignoring_case(text.substr(0, 3), "SIG")) text.remove_prefix(3);
  for (const SignalName& signal : kSignals) {
    if (equal_ignoring_case(text, signal.name)) return signal.number;
  }
  return std::nullopt;
}

std::string signal_name(int signal) {
  for (const SignalName& known : kSignals) {
    if (known.number == signal) return "SIG" + std::string(known.name);
  }
  return "signal " + std::to_string(signal);
}

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t bytes = 0;
  if (!format::parse_size(text.data(), text.size(), &bytes)) return std::nullopt;
  return bytes;
}

std::optional<uint64_t> parse_duration(std::string_view text) {
  const auto value = take_number(text);
  if (!value) return std::nullopt;
  if (text.empty() || text == "s") return multiplied(*value, 1'000'000'000);
  if (text == "ms") return multiplied(*value, 1'000'000);
  if (text == "m" || text == "min") return multiplied(*value, 60'000'000'000);
  if (text == "h") return multiplied(*value, 3'600'000'000'000);
  return std::nullopt;
}

}  // namespace silt
