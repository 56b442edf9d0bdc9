// SPDX-License-Identifier: Apache-2.0
//
// The settings of the interposer, in one table: the interposer reads its environment by it, the
// tool makes the options of `silt run` and `silt soak` and their help from it (and so the manual
// pages), and a test holds docs/options.md against that help.

#ifndef SILT_INTERPOSER_FORMAT_SETTINGS_H_
#define SILT_INTERPOSER_FORMAT_SETTINGS_H_

#include <cstddef>
#include <cstdint>

namespace silt::format {

enum class SettingId : unsigned {
  kOut,
  kSignal,
  kSample,
  kMemory,
  kEvery,
  kAtExit,
  kChildren,
  kMmap,
  kInner,
  kLog,
  kNode,
  kNodeInterval,
  kNodeInlining,
  kPython,
  kPhp,
  kJava,
  kJavaInterval,
  kJavaPause,
  kOwners,
  kStart,
  kKeep,
  kAt,
  kBlackbox,
  kLabels,
  kCount,
};

enum class SettingKind : unsigned {
  kFolder,
  kSignal,    // USR2, SIGUSR2, 12, none
  kSize,      // 512, 512K, 1M, 1G
  kTime,      // 500ms, 30s, 5m, 2h
  kSwitch,    // 0 or 1
  kLogLevel,  // error, warn, info
  kNodeWish,  // 0, 1, all
  kStart,     // awake, asleep
  kKeep,      // 0, or from kFewestKept to kMostKept
  kMarks,     // 512M,+25%,90%
  kLabels,    // version=1.2,pod=shop-7d9f
};

struct Setting {
  SettingId id;
  SettingKind kind;
  const char* variable;
  const char* option;   // of run and soak; one that begins with --no- takes no value and means 0
  const char* initial;  // in words, as docs/options.md has it
  const char* meaning;
  const char* understood;  // what a value must be, after `is not understood`
};

inline constexpr size_t kSettingCount = static_cast<size_t>(SettingId::kCount);

inline constexpr Setting kSettings[] = {
    {SettingId::kOut, SettingKind::kFolder, "SILT_OUT", "--out",
     "the working directory of the first program", "folder for recordings, made if missing",
     "a folder"},
    {SettingId::kSignal, SettingKind::kSignal, "SILT_SIGNAL", "--signal", "USR2",
     "the signal that takes a snapshot, by name or number, or none",
     "a signal's name such as USR2, its number, or none"},
    {SettingId::kSample, SettingKind::kSize, "SILT_SAMPLE", "--sample", "0",
     "mean bytes between samples; 0 records every allocation",
     "mean bytes between samples, such as 512K, or 0 for exact"},
    {SettingId::kMemory, SettingKind::kSize, "SILT_MEMORY", "--memory", "follows the program",
     "limit on silt's own memory; when it is nearly reached, silt records by sampling; "
     "0: no limit",
     "the most memory for silt's tables, such as 256M, or 0 for any"},
    {SettingId::kEvery, SettingKind::kTime, "SILT_EVERY", "--every", "off",
     "also take snapshots at this interval", "a time such as 30s or 5m, or 0 for off"},
    {SettingId::kAtExit, SettingKind::kSwitch, "SILT_AT_EXIT", "--no-at-exit", "1",
     "take no snapshot at exit", "0 or 1"},
    {SettingId::kChildren, SettingKind::kSwitch, "SILT_CHILDREN", "--no-children", "1",
     "do not record child processes", "0 or 1"},
    {SettingId::kMmap, SettingKind::kSwitch, "SILT_MMAP", "--no-mmap", "1",
     "do not record anonymous mappings", "0 or 1"},
    {SettingId::kInner, SettingKind::kSwitch, "SILT_INNER", "--no-inner", "1",
     "do not record allocators inside the program's own file", "0 or 1"},
    {SettingId::kLog, SettingKind::kLogLevel, "SILT_LOG", "--log", "warn",
     "which messages libsilt.so prints on standard error", "error, warn or info"},
    {SettingId::kNode, SettingKind::kNodeWish, "SILT_NODE", "--node", "1",
     "0: treat Node.js like any other program; all: record npm, yarn and pm2 themselves too",
     "0, 1 or all"},
    {SettingId::kNodeInterval, SettingKind::kSize, "SILT_NODE_INTERVAL", "--node-interval",
     "16K, more where much is allocated; 32K under silt soak",
     "mean bytes between samples of the JavaScript heap; 0: none",
     "mean bytes between samples, such as 64K, or 0 for none"},
    {SettingId::kNodeInlining, SettingKind::kSwitch, "SILT_NODE_INLINING", "--node-inlining",
     "1; 0 under silt soak", "0: V8 does not inline functions, so that each place has one stack",
     "0 or 1"},
    {SettingId::kPython, SettingKind::kSwitch, "SILT_PYTHON", "--no-python", "1",
     "treat Python like any other program", "0 or 1"},
    {SettingId::kPhp, SettingKind::kSwitch, "SILT_PHP", "--no-php", "1",
     "treat PHP like any other program", "0 or 1"},
    {SettingId::kJava, SettingKind::kSwitch, "SILT_JAVA", "--no-java", "1",
     "take no samples of Java heaps", "0 or 1"},
    {SettingId::kJavaInterval, SettingKind::kSize, "SILT_JAVA_INTERVAL", "--java-interval",
     "64K at first, then what costs little", "mean bytes between samples of the Java heap; 0: none",
     "mean bytes between samples up to 1G, such as 512K, or 0 for none"},
    {SettingId::kJavaPause, SettingKind::kTime, "SILT_JAVA_PAUSE", "--java-pause",
     "1s; 10s under silt soak",
     "longest pause that a snapshot may ask of a Java program, to collect its garbage; 0: none",
     "a time such as 500ms or 5s, or 0 for never"},
    {SettingId::kOwners, SettingKind::kSwitch, "SILT_OWNERS", "--owners",
     "0; under silt soak yes, where a quarter of its time suffices",
     "1: also look up who keeps the blocks, at the exit snapshot (under silt soak at the last "
     "one before it, and in JavaScript heaps, for five minutes at the most)",
     "0 or 1"},
    {SettingId::kStart, SettingKind::kStart, "SILT_START", "--start", "awake",
     "asleep: record nothing, and cost next to nothing, until 'silt arm PID'", "awake or asleep"},
    {SettingId::kKeep, SettingKind::kKeep, "SILT_KEEP", "--keep", "0",
     "the most snapshots of a recording that stay, thinned by age; 0: all",
     "a number from 4 to 100000, or 0 for all"},
    {SettingId::kAt, SettingKind::kMarks, "SILT_AT", "--at", "off",
     "also take a snapshot when resident memory reaches a size (512M), has grown since the last "
     "snapshot (+25%, +100M), or fills a share of the cgroup's limit (90%)",
     "up to 16 marks such as 512M,1G,+25%,90%, or 0 for off"},
    {SettingId::kBlackbox, SettingKind::kSwitch, "SILT_BLACKBOX", "--blackbox", "0",
     "1: keep the tables in a file of the recording, so that a process that is killed leaves a "
     "last snapshot",
     "0 or 1"},
    {SettingId::kLabels, SettingKind::kLabels, "SILT_LABELS", "--labels", "none",
     "names to know the recording by: version=1.2,pod=shop-7d9f",
     "key=value,… with keys of letters, digits and _ . - /, at most 16 of them"},
};

// SILT_JAVA_INTERVAL: Java has no number for more than 2^31 - 1.
inline constexpr uint64_t kLargestJavaInterval = uint64_t{1} << 30;

// SILT_KEEP: a verdict takes four snapshots.
inline constexpr uint32_t kFewestKept = 4;
inline constexpr uint32_t kMostKept = 100'000;

// SILT_LABELS. A key's length is bounded as in Kubernetes; values are shown in tables.
inline constexpr size_t kMostLabels = 16;
inline constexpr size_t kLongestLabelKey = 63;
inline constexpr size_t kLongestLabelValue = 255;

constexpr bool is_label_key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '-' || c == '/';
}

// Calls label(key, key size, value, value size) for each of "key=value,key=value"; false where the
// text is not of that form, or label() says false. A value may be empty, and hold all but a comma.
template <typename Label>
constexpr bool for_labels(const char* text, size_t size, Label&& label) {
  size_t count = 0;
  for (size_t at = 0; at < size;) {
    const size_t key = at;
    while (at < size && is_label_key_character(text[at])) ++at;
    const size_t key_size = at - key;
    if (key_size == 0 || key_size > kLongestLabelKey || at == size || text[at] != '=') return false;
    const size_t value = ++at;
    while (at < size && text[at] != ',') ++at;
    if (at - value > kLongestLabelValue || ++count > kMostLabels) return false;
    if (!label(text + key, key_size, text + value, at - value)) return false;
    if (at < size && ++at == size) return false;  // a comma at the end
  }
  return true;
}

constexpr bool settings_are_in_order() {
  size_t index = 0;
  for (const Setting& setting : kSettings) {
    if (static_cast<size_t>(setting.id) != index++) return false;
  }
  return index == kSettingCount;
}
static_assert(settings_are_in_order());

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_SETTINGS_H_
