// SPDX-License-Identifier: Apache-2.0
//
// The settings of the interposer, read once from SILT_* environment variables at start-up. A value
// that cannot be understood is named on standard error and the default is used: the target always
// runs. Parsing is pure, so that tests call it with values. Normal context.

#ifndef SILT_INTERPOSER_BASE_OPTIONS_H_
#define SILT_INTERPOSER_BASE_OPTIONS_H_

#include <cstdint>

#include "interposer/base/log.h"
#include "interposer/format/memory_marks.h"

namespace silt::base {

inline constexpr int kDefaultSignal = 12;  // SIGUSR2

// SILT_MEMORY when it is not set: what silt takes is bounded by what the program has in use.
inline constexpr uint64_t kMemoryAuto = UINT64_MAX;

// SILT_NODE: whether silt joins programs that run on node, and which.
enum class NodeWish : int { kOff = 0, kJoin = 1, kAll = 2 };

struct Options {
  char out_folder[4096];         // SILT_OUT, absolute after start-up
  int signal;                    // SILT_SIGNAL, 0: none
  uint64_t sample_bytes;         // SILT_SAMPLE, 0: exact
  uint64_t memory_bytes;         // SILT_MEMORY, 0: no limit, kMemoryAuto: not set
  uint64_t every_nanoseconds;    // SILT_EVERY, 0: off
  bool at_exit;                  // SILT_AT_EXIT
  bool children;                 // SILT_CHILDREN
  bool mmap;                     // SILT_MMAP
  bool inner;                    // SILT_INNER
  LogLevel log_level;            // SILT_LOG
  NodeWish node;                 // SILT_NODE
  uint64_t node_interval_bytes;  // SILT_NODE_INTERVAL, 0: no profile of JavaScript heaps
  bool node_interval_adapts;     // it was not set: coarser where the program allocates fast
  bool node_inlining;            // SILT_NODE_INLINING
  bool python;                   // SILT_PYTHON
  bool php;                      // SILT_PHP
  bool java;                     // SILT_JAVA
  uint64_t java_interval_bytes;  // SILT_JAVA_INTERVAL, 0: no samples of Java heaps
  bool java_interval_adapts;     // it was not set: it follows what the samples cost
  uint64_t java_pause_ns;        // SILT_JAVA_PAUSE
  bool owners;                   // SILT_OWNERS
  bool asleep;                   // SILT_START
  uint32_t keep;                 // SILT_KEEP, 0: all
  format::MemoryMarks at;        // SILT_AT, none: off
  bool blackbox;                 // SILT_BLACKBOX
  char labels[2048];             // SILT_LABELS
};

// Takes one line for each value that is not understood.
using Complain = void (*)(const char* line);

void set_defaults(Options* options);

// `environment` is a NULL-terminated array of NAME=VALUE texts. Unknown SILT_ names are complained
// about too, except those that belong to the tool.
void read_options(const char* const* environment, Options* options, Complain complain);

// The pieces, each false when the text is not of the form.
bool parse_signal(const char* text, int* signal);              // name with or without SIG, number
bool parse_size(const char* text, uint64_t* bytes);            // 512, 512K, 512KiB, 1M, 1G
bool parse_duration(const char* text, uint64_t* nanoseconds);  // 500ms, 30s, 5m, 2h; plain: s
bool parse_switch(const char* text, bool* value);              // 0/1, no/yes, off/on, false/true

}  // namespace silt::base

#endif  // SILT_INTERPOSER_BASE_OPTIONS_H_
