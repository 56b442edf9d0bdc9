// SPDX-License-Identifier: Apache-2.0
//
// Figures as people read them: bytes, counts and durations in a handful of characters. Every place
// that prints a figure uses these, so that "1.2 MB" means the same everywhere: decimal units, as in
// the tools that show RSS in MB.

#ifndef SILT_SYMBOLIZER_BASE_QUANTITY_H_
#define SILT_SYMBOLIZER_BASE_QUANTITY_H_

#include <cstdint>
#include <string>

namespace silt {

// "0 B", "812 B", "1.2 kB", "34 MB"; negative values keep their sign.
std::string format_bytes(double bytes);

// The same with an explicit "+" for values above zero.
std::string format_bytes_signed(double bytes);

// "12", "1,234", "1.2 million".
std::string format_count(double count);

// "0.4 s", "42 s", "3 min 20 s", "2 h 5 min", "3 days 4 h".
std::string format_duration(double seconds);

// What a pause or a piece of work took: "0.257 ms", "85.6 ms", then as above.
std::string format_pause(double seconds);

// "1 block", "2 blocks": the count in words with its noun; the plural is noun + "s".
std::string format_counted(double count, const char* noun);

// "0x7f12", as addresses are written.
std::string hexadecimal(uint64_t value);

// "12 %", "0.4 %"; `fraction` 1 is 100 %.
std::string format_percent(double fraction);

}  // namespace silt

#endif  // SILT_SYMBOLIZER_BASE_QUANTITY_H_
