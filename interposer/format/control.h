// SPDX-License-Identifier: Apache-2.0
//
// How a process and `silt dump` talk to each other without harm to the process. Three things, all
// found by way of /proc/PID/maps, so that a PID leads to its recording without ptrace rights:
//
//   the card      a mapping without access rights of a memfd whose name says which signal may be
//                 sent, if any, and in which folder the process looks for requests; from start-up
//   the request   an empty file that the tool makes; the process looks for it while it allocates,
//                 and removes it, which is how it says that it has understood
//   the control   the file `control` in a recording, in which the process tells what became of a
//                 snapshot; it is mapped, without access rights, for its path alone
//
// No byte of a file is ever reached through a mapping: whoever truncates, removes or replaces these
// files can make a request fail, but cannot make the process fault. The process opens the control
// file only at a snapshot, for writing, never follows a link there, never waits there, and makes it
// anew when it is gone. Looking for the request opens nothing.

#ifndef SILT_INTERPOSER_FORMAT_CONTROL_H_
#define SILT_INTERPOSER_FORMAT_CONTROL_H_

#include <cstddef>
#include <cstdint>

namespace silt::format {

inline constexpr char kControlMagic[8] = {'S', 'I', 'L', 'T', 'C', 'T', 'R', 'L'};
inline constexpr char kControlFileName[] = "control";

// In SILT_OUT: where the processes of other users than its owner make their recordings. `silt soak`
// keeps it there, writable for all and sticky, while it records daemons that give up root.
inline constexpr char kOtherUsersFolderName[] = "other-users";
inline constexpr uint32_t kControlVersion = 2;
inline constexpr size_t kControlMappingSize = 4096;

// The value that silt's own signals carry (sival_int): only silt's handler answers it.
inline constexpr uint32_t kDumpCookie = 0x51170d3a;
// In the upper half of the value of a kDumpCookie: the snapshot says who keeps the blocks if the
// process is small (snapshot/owners_wish.h). Libraries that do not know this take a plain one.
inline constexpr uint32_t kOwnersIfSmall = 1;
// The same, of a snapshot that says who keeps the blocks.
inline constexpr uint32_t kOwnersCookie = 0x51170d3c;
// The same, of a snapshot that is followed by a managed heap, written by a copy of the process
// (format/heap_answer.h): that of the main thread. Other threads' are asked for in writing.
inline constexpr uint32_t kHeapCookie = 0x51170d3e;

// Of a process that sleeps (SILT_START=asleep): it is to record. In the upper half of the value
// is how, as an ArmOrder.
inline constexpr uint32_t kArmCookie = 0x51170d40;
// It is to take a last snapshot and to sleep.
inline constexpr uint32_t kDisarmCookie = 0x51170d42;

// How `silt arm` wants it. The interval between samples is a number of seven binary digits, so that
// it fits beside the time:
//
//    31        25 24      20 19                    0
//   +------------+----------+-----------------------+
//   |  mantissa  | exponent |        seconds        |   interval: (128 + mantissa) << exponent
//   +------------+----------+-----------------------+
//
// Exponents kExactExponent and kOwnExponent stand for every allocation and for SILT_SAMPLE.
struct ArmOrder {
  uint64_t sample_bytes = 0;  // 0: exact
  bool own_interval = true;   // as SILT_SAMPLE says
  uint32_t seconds = 0;       // 0: until it is told

  static constexpr uint32_t kLongestSeconds = (1u << 20) - 1;  // twelve days
  static constexpr uint32_t kExactExponent = 31;
  static constexpr uint32_t kOwnExponent = 30;
};

constexpr uint32_t packed(const ArmOrder& order) {
  const uint32_t seconds = order.seconds & ArmOrder::kLongestSeconds;
  if (order.own_interval) return ArmOrder::kOwnExponent << 20 | seconds;
  if (order.sample_bytes == 0) return ArmOrder::kExactExponent << 20 | seconds;
  uint32_t exponent = 0;
  uint64_t digits = order.sample_bytes < 128 ? 128 : order.sample_bytes;
  while (digits >= 256 && exponent < ArmOrder::kOwnExponent - 1) {
    digits >>= 1;
    ++exponent;
  }
  if (digits > 255) digits = 255;
  return static_cast<uint32_t>(digits - 128) << 25 | exponent << 20 | seconds;
}

constexpr ArmOrder unpacked_order(uint32_t bits) {
  const uint32_t exponent = bits >> 20 & 31;
  ArmOrder order;
  order.seconds = bits & ArmOrder::kLongestSeconds;
  order.own_interval = exponent == ArmOrder::kOwnExponent;
  const bool samples = exponent < ArmOrder::kOwnExponent;
  order.sample_bytes = samples ? (uint64_t{128} + (bits >> 25)) << exponent : 0;
  return order;
}

// The signal that the tool sends (SIGURG), unless SILT_SIGNAL is `none`. Its default is to be
// ignored, so a process that is just becoming another program, or has no handler, does not die of
// it. SILT_SIGNAL's is for people.
inline constexpr int kAskingSignal = 23;

// When the recording folder cannot be made, the process maps a memfd whose name starts with this
// prefix and goes on with the reason, so that the reason too can be read from /proc/PID/maps.
inline constexpr char kErrorMappingPrefix[] = "silt error: ";

// A process that silt leaves alone although it is loaded there (npm, say) maps a memfd of this
// name, so that nobody waits for its snapshots.
inline constexpr char kLeftOutMapping[] = "silt: left out";

// The card's name: this prefix, the signal as a number, a space, a Reach, a space, the folder. The
// folder is missing when it does not fit the 249 bytes that the kernel has for a name.
inline constexpr char kCardPrefix[] = "silt process: ";
enum class Reach : char {
  kSignal = '-',     // by the signal
  kNoSignal = 'n',   // SILT_SIGNAL=none
  kReplaced = 'h',   // silt's handler was replaced behind libc's back
  kForbidden = 's',  // a seccomp filter makes the return from a handler the end of the process
  kBoxLost = 'b',    // it records nothing any more: its black box was truncated
};
// What stands there instead while the process sleeps: it looks for no requests, and the signal is
// the only way in.
constexpr char asleep_letter(Reach reach) {
  return reach == Reach::kSignal ? 'Z' : static_cast<char>(static_cast<char>(reach) - 'a' + 'A');
}

// The name of the request: this and the pid as the process itself has it. It is looked for in the
// recording, or in the card's folder as long as there is no recording.
inline constexpr char kRequestPrefix[] = ".silt-request.";
// Its rights say what is asked for: with this bit, a snapshot that says who keeps the blocks. A
// file has its rights from its first moment.
inline constexpr unsigned kRequestForOwners = 0100;
// With this one, a snapshot that does so if the process is small.
inline constexpr unsigned kRequestForOwnersIfSmall = 0001;
// With this one, the managed heap of a thread, whose number is the file's size. Who asks so makes
// the file under another name first.
inline constexpr unsigned kRequestForHeap = 0010;

// Written by the recording process only, while it holds the snapshot slot. `completed` counts the
// snapshots that were tried and finished, well or not; it is written last, so a reader that sees it
// change may read the other fields.
struct Control {
  char magic[8];
  uint32_t version;
  uint32_t pid;
  uint32_t signal;  // SILT_SIGNAL as a number, 0: none
  uint32_t completed;
  uint32_t last_sequence;  // of the last snapshot that was written
  int32_t last_error;      // errno of the last try, 0: it was written
  uint64_t sampling_interval_bytes;
  uint64_t start_realtime_ns;
  char last_failure[256];  // what failed, NUL-terminated, when last_error is not 0
};
static_assert(sizeof(Control) == 304);
static_assert(offsetof(Control, completed) == 20);

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_CONTROL_H_
