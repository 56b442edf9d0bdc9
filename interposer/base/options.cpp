// SPDX-License-Identifier: Apache-2.0
//
// See options.h. Normal context. Longer than 300 lines: each setting has its row here.

#include "interposer/base/options.h"

#include <initializer_list>

#include "interposer/base/text.h"
#include "interposer/format/settings.h"
#include "interposer/format/size_text.h"

namespace silt::base {
namespace {

struct SignalName {
  const char* name;
  int number;
};

// Signals a program can spare; SIGKILL and SIGSTOP cannot be caught, synchronous ones (SIGSEGV …)
// mean a fault.
constexpr SignalName kSignals[] = {
    {"HUP", 1},   {"INT", 2},     {"QUIT", 3},  {"USR1", 10},  {"USR2", 12}, {"ALRM", 14},
    {"TERM", 15}, {"CHLD", 17},   {"CONT", 18}, {"TSTP", 20},  {"TTIN", 21}, {"TTOU", 22},
    {"URG", 23},  {"VTALRM", 26}, {"PROF", 27}, {"WINCH", 28}, {"IO", 29},   {"PWR", 30},
};
// Of CPU under load on http and express: 7 % at 64 KiB, 5 % at 128, 2.5 % at 256, 1 % at 512. Such
// servers end at 256 KiB in a few seconds (node_interval_adapts); slow ones have samples enough.
constexpr uint64_t kDefaultNodeInterval = 16 * 1024;
// What a Java heap is sampled by at first.
constexpr uint64_t kDefaultJavaInterval = 64 * 1024;
constexpr uint64_t kDefaultJavaPause = 1000000000;
constexpr int kFirstRealTimeSignal = 34;  // 32 and 33 belong to the thread library
constexpr int kLastSignal = 64;

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool equal_ignoring_case(const char* a, const char* b) {
  while (*a != '\0' && upper(*a) == upper(*b)) {
    ++a;
    ++b;
  }
  return upper(*a) == upper(*b);
}

bool can_be_used(int number) {
  if (number >= kFirstRealTimeSignal && number <= kLastSignal) return true;
  for (const SignalName& signal : kSignals) {
    if (signal.number == number) return true;
  }
  return false;
}

bool parse_log_level(const char* text, LogLevel* level) {
  if (equal_ignoring_case(text, "error"))
    *level = LogLevel::kError;
  else if (equal_ignoring_case(text, "warn"))
    *level = LogLevel::kWarn;
  else if (equal_ignoring_case(text, "info"))
    *level = LogLevel::kInfo;
  else
    return false;
  return true;
}

bool parse_node_wish(const char* text, NodeWish* wish) {
  bool join = false;
  if (equal_ignoring_case(text, "all")) {
    *wish = NodeWish::kAll;
    return true;
  }
  if (!parse_switch(text, &join)) return false;
  *wish = join ? NodeWish::kJoin : NodeWish::kOff;
  return true;
}

// One that is set does not adapt.
bool parse_interval(const char* text, uint64_t most, uint64_t* bytes, bool* adapts) {
  uint64_t size = 0;
  if (!parse_size(text, &size) || size > most) return false;
  *bytes = size;
  *adapts = false;
  return true;
}

bool parse_start(const char* text, bool* asleep) {
  *asleep = equal_ignoring_case(text, "asleep");
  return *asleep || equal_ignoring_case(text, "awake");
}

bool parse_keep(const char* text, uint32_t* most) {
  if (*text < '0' || *text > '9') return false;
  const char* end;
  const uint64_t number = parse_decimal(text, &end);
  if (*end != '\0' || (number != 0 && number < format::kFewestKept) || number > format::kMostKept) {
    return false;
  }
  *most = static_cast<uint32_t>(number);
  return true;
}

bool parse_labels(const char* text, char* labels, size_t capacity) {
  const size_t size = length(text);
  const auto any = [](const char*, size_t, const char*, size_t) { return true; };
  if (size >= capacity || !format::for_labels(text, size, any)) return false;
  copy_bytes(labels, text, size + 1);
  return true;
}

void reject(Complain complain, const char* name, const char* value, const char* understood) {
  TextBuffer<512> line;
  line.add(name).add("='").add(value).add("' is not understood (").add(understood);
  line.add("); the default is used");
  complain(line.c_str());
}

// Names that only the tool, the tests or a parent process of ours set.
constexpr const char* kToolNames[] = {"SILT_LIBRARY", "SILT_ROOT_PID", "SILT_VERIFY_WALK",
                                      "SILT_SEED",    "SILT_OBJECTS",  "SILT_COPY_NICE"};

}  // namespace

void set_defaults(Options* options) {
  __builtin_memset(options, 0, sizeof(*options));
  options->out_folder[0] = '.';
  options->signal = kDefaultSignal;
  options->memory_bytes = kMemoryAuto;
  options->at_exit = true;
  options->children = true;
  options->mmap = true;
  options->log_level = LogLevel::kWarn;
  options->node = NodeWish::kJoin;
  options->node_interval_bytes = kDefaultNodeInterval;
  options->node_interval_adapts = true;
  options->node_inlining = true;
  options->python = true;
  options->php = true;
  options->java = true;
  options->java_interval_bytes = kDefaultJavaInterval;
  options->java_interval_adapts = true;
  options->java_pause_ns = kDefaultJavaPause;
  options->inner = true;
  options->owners = false;
}

bool parse_signal(const char* text, int* signal) {
  if (equal_ignoring_case(text, "none")) {
    *signal = 0;
    return true;
  }
  if (*text >= '0' && *text <= '9') {
    const char* end;
    const uint64_t number = parse_decimal(text, &end);
    if (*end != '\0' || number > kLastSignal) return false;
    if (number != 0 && !can_be_used(static_cast<int>(number))) return false;
    *signal = static_cast<int>(number);
    return true;
  }
  if (upper(text[0]) == 'S' && upper(text[1]) == 'I' && upper(text[2]) == 'G') text += 3;
  if (equal_ignoring_case(text, "RTMIN")) {
    *signal = kFirstRealTimeSignal;
    return true;
  }
  if (equal_ignoring_case(text, "RTMAX")) {
    *signal = kLastSignal;
    return true;
  }
  for (const SignalName& candidate : kSignals) {
    if (equal_ignoring_case(text, candidate.name)) {
      *signal = candidate.number;
      return true;
    }
  }
  return false;
}

bool parse_size(const char* text, uint64_t* bytes) {
  return format::parse_size(text, length(text), bytes);
}

bool parse_duration(const char* text, uint64_t* nanoseconds) {
  if (*text < '0' || *text > '9') return false;
  const char* end;
  const uint64_t value = parse_decimal(text, &end);
  uint64_t unit;
  if (equal(end, "") || equal(end, "s"))
    unit = 1000000000;
  else if (equal(end, "ms"))
    unit = 1000000;
  else if (equal(end, "m") || equal(end, "min"))
    unit = 60000000000;
  else if (equal(end, "h"))
    unit = 3600000000000;
  else
    return false;
  if (value > UINT64_MAX / 2 / unit) return false;
  *nanoseconds = value * unit;
  return true;
}

bool parse_switch(const char* text, bool* value) {
  for (const char* yes : {"1", "yes", "on", "true"}) {
    if (equal_ignoring_case(text, yes)) {
      *value = true;
      return true;
    }
  }
  for (const char* no : {"0", "no", "off", "false"}) {
    if (equal_ignoring_case(text, no)) {
      *value = false;
      return true;
    }
  }
  return false;
}

namespace {

bool read_value(format::SettingId id, const char* value, Options* options) {
  using format::SettingId;
  switch (id) {
    case SettingId::kOut:
      if (*value == '\0' || length(value) >= sizeof(options->out_folder)) return false;
      copy_bytes(options->out_folder, value, length(value) + 1);
      return true;
    case SettingId::kSignal:
      return parse_signal(value, &options->signal);
    case SettingId::kSample:
      return parse_size(value, &options->sample_bytes);
    case SettingId::kMemory:
      return parse_size(value, &options->memory_bytes);
    case SettingId::kEvery:
      return parse_duration(value, &options->every_nanoseconds);
    case SettingId::kAtExit:
      return parse_switch(value, &options->at_exit);
    case SettingId::kChildren:
      return parse_switch(value, &options->children);
    case SettingId::kMmap:
      return parse_switch(value, &options->mmap);
    case SettingId::kLog:
      return parse_log_level(value, &options->log_level);
    case SettingId::kNode:
      return parse_node_wish(value, &options->node);
    case SettingId::kNodeInterval:
      return parse_interval(value, UINT64_MAX, &options->node_interval_bytes,
                            &options->node_interval_adapts);
    case SettingId::kNodeInlining:
      return parse_switch(value, &options->node_inlining);
    case SettingId::kInner:
      return parse_switch(value, &options->inner);
    case SettingId::kPython:
      return parse_switch(value, &options->python);
    case SettingId::kPhp:
      return parse_switch(value, &options->php);
    case SettingId::kJava:
      return parse_switch(value, &options->java);
    case SettingId::kJavaInterval:
      return parse_interval(value, format::kLargestJavaInterval, &options->java_interval_bytes,
                            &options->java_interval_adapts);
    case SettingId::kJavaPause:
      return parse_duration(value, &options->java_pause_ns);
    case SettingId::kOwners:
      return parse_switch(value, &options->owners);
    case SettingId::kStart:
      return parse_start(value, &options->asleep);
    case SettingId::kKeep:
      return parse_keep(value, &options->keep);
    case SettingId::kAt:
      return format::parse_memory_marks(value, length(value), &options->at);
    case SettingId::kBlackbox:
      return parse_switch(value, &options->blackbox);
    case SettingId::kLabels:
      return parse_labels(value, options->labels, sizeof(options->labels));
    case SettingId::kCount:
      break;
  }
  return false;
}

}  // namespace

void read_options(const char* const* environment, Options* options, Complain complain) {
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const char* const entry = *environment;
    if (!starts_with(entry, "SILT_")) continue;
    TextBuffer<64> name;
    size_t name_size = 0;
    while (entry[name_size] != '\0' && entry[name_size] != '=') ++name_size;
    if (entry[name_size] == '\0') continue;
    name.add(entry, name_size);
    const char* const value = entry + name_size + 1;
    bool known = false;
    for (const format::Setting& setting : format::kSettings) {
      if (!equal(name.c_str(), setting.variable)) continue;
      known = true;
      if (!read_value(setting.id, value, options)) {
        reject(complain, setting.variable, value, setting.understood);
      }
    }
    for (const char* tool_name : kToolNames) known = known || equal(name.c_str(), tool_name);
    if (known) continue;
    TextBuffer<256> line;
    line.add("unknown setting ").add(name.c_str());
    line.add(" is ignored; see docs/options.md for those known");
    complain(line.c_str());
  }
}

}  // namespace silt::base
