// SPDX-License-Identifier: Apache-2.0
//
// One-line messages to standard error, written with a single system call each. A program may close
// standard error and open a file of its own in its place, so what is written goes only to what was
// there when the process started; and a pipe that nobody reads costs the program no SIGPIPE. Any
// context.

#ifndef SILT_INTERPOSER_BASE_LOG_H_
#define SILT_INTERPOSER_BASE_LOG_H_

#include "interposer/base/text.h"

namespace silt::base {

enum class LogLevel : int { kError = 0, kWarn = 1, kInfo = 2 };

// Normal context, at the start of the process.
void remember_standard_error();

void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Writes "silt: <text>\n".
void log(LogLevel level, const char* text);

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_LOG_H_
