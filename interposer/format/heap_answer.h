// SPDX-License-Identifier: Apache-2.0
//
// What became of the wish for a managed heap: two small files beside the snapshot that was asked
// for with it, the process's and that of its copy, which writes the heap into `NNN.heapsnapshot` in
// the same folder. Each is replaced as a whole when there is more to say; who asked removes them.

#ifndef SILT_INTERPOSER_FORMAT_HEAP_ANSWER_H_
#define SILT_INTERPOSER_FORMAT_HEAP_ANSWER_H_

#include <cstdint>

namespace silt::format {

inline constexpr char kHeapAnswerMagic[8] = {'S', 'I', 'L', 'T', 'H', 'E', 'A', 'P'};
// Names: a dot, the snapshot's number in three digits or more, and one of the first two; the number
// and the third.
inline constexpr char kHeapAnswerEnd[] = ".heap";
inline constexpr char kHeapCopyAnswerEnd[] = ".heap-copy";
inline constexpr char kHeapFileEnd[] = ".heapsnapshot";
// While it is being written: a dot, the number, and this.
inline constexpr char kHeapUnfinishedEnd[] = ".heapsnapshot.tmp";

enum class HeapState : uint32_t {
  kAsked = 1,   // the heap's thread has not come to it yet
  kBegun = 2,   // the copy is at work
  kDone = 3,    // the file is there
  kFailed = 4,  // there will be none: `why`
  kMissed = 5,  // likewise, by chance: the next try may succeed
};

struct HeapAnswer {
  char magic[8];
  uint32_t state;   // HeapState
  uint32_t thread;  // whose heap; 0 is the main thread
  int32_t copy;     // its pid
  uint32_t reserved;
  uint64_t limit_ns;    // when the wish, or the copy, is over at the latest, from its begin on
  uint64_t pause_ns;    // how long the heap's thread stood still
  uint64_t heap_bytes;  // used
  uint64_t needed_bytes;
  uint64_t available_bytes;
  uint64_t cpu_ns;  // of the copy
  uint64_t elapsed_ns;
  uint64_t private_bytes;  // the most that it had beside what it was born with
  uint64_t file_bytes;
  char why[160];  // NUL-terminated
};
static_assert(sizeof(HeapAnswer) == 256);

}  // namespace silt::format

#endif  // SILT_INTERPOSER_FORMAT_HEAP_ANSWER_H_
