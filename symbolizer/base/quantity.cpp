// SPDX-License-Identifier: Apache-2.0
//
// Figures as people read them; see the header.

#include "symbolizer/base/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace silt {
namespace {

std::string printed(const char* format, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

// Two significant digits below ten, whole numbers above.
std::string short_number(double value) {
  return value < 9.95 ? printed("%.1f", value) : printed("%.0f", value);
}

std::string two_units(double seconds, double unit, const char* name, double part,
                      const char* part_name) {
  double whole = std::floor(seconds / unit);
  double rest = std::round((seconds - whole * unit) / part);
  if (rest * part >= unit) {
    whole += 1;
    rest = 0;
  }
  std::string text = printed("%.0f ", whole) + name;
  if (whole == 1 && text.back() == 's' && text.size() > 3) text.pop_back();  // "1 day"
  if (rest > 0) text += printed(" %.0f ", rest) + part_name;
  return text;
}

}  // namespace

std::string format_bytes(double bytes) {
  if (!std::isfinite(bytes)) return "unknown";
  if (bytes < 0) return "-" + format_bytes(-bytes);
  constexpr std::array kUnits = {"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 999.5) return printed("%.0f B", bytes);
  double value = bytes;
  size_t unit = 0;
  for (value /= 1000; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return short_number(value) + " " + kUnits[unit];
}

std::string format_bytes_signed(double bytes) {
  return bytes > 0 ? "+" + format_bytes(bytes) : format_bytes(bytes);
}

std::string format_count(double count) {
  if (!std::isfinite(count)) return "unknown";
  if (count < 0) return "-" + format_count(-count);
  if (count >= 1e9) return short_number(count / 1e9) + " billion";
  if (count >= 1e6) return short_number(count / 1e6) + " million";
  if (count < 9.95 && std::abs(count - std::round(count)) > 0.05) return printed("%.1f", count);
  std::string digits = printed("%.0f", count);
  if (digits.size() > 3) digits.insert(digits.size() - 3, ",");
  return digits;
}

std::string format_duration(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  if (seconds < 0) return "-" + format_duration(-seconds);
  if (seconds < 0.0995) return printed("%.0f ms", seconds * 1000);
  if (seconds < 9.95) return printed("%.1f s", seconds);
  if (seconds < 59.5) return printed("%.0f s", seconds);
  if (seconds < 3599.5) return two_units(seconds, 60, "min", 1, "s");
  if (seconds < 86370) return two_units(seconds, 3600, "h", 60, "min");
  if (seconds < 86400.0 * 365) return two_units(seconds, 86400, "days", 3600, "h");
  return short_number(seconds / (86400.0 * 365)) + " years";
}

std::string format_pause(double seconds) {
  if (!(seconds >= 0 && seconds < 0.0995)) return format_duration(seconds);
  return printed("%.3g ms", seconds * 1000);
}

std::string format_counted(double count, const char* noun) {
  const std::string text = format_count(count);
  return text + " " + noun + (text == "1" ? "" : "s");
}

std::string format_percent(double fraction) {
  const double percent = fraction * 100;
  if (percent != 0 && std::abs(percent) < 0.95) return printed("%.1f %%", percent);
  return printed("%.0f %%", percent);
}

std::string hexadecimal(uint64_t value) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "0x%llx", static_cast<unsigned long long>(value));
  return text.data();
}

}  // namespace silt
