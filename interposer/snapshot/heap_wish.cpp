// SPDX-License-Identifier: Apache-2.0
//
// See heap_wish.h. Signal context.

#include "interposer/snapshot/heap_wish.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/snapshot/kernel_file.h"

namespace silt::snapshot {

using format::HeapAnswer;
using format::HeapState;

constinit HeapWish heap_wish{};

HeapAnswer new_heap_answer(HeapState state, uint32_t thread) {
  HeapAnswer answer{};
  base::copy_bytes(answer.magic, format::kHeapAnswerMagic, sizeof(answer.magic));
  answer.state = static_cast<uint32_t>(state);
  answer.thread = thread;
  answer.limit_ns = kHeapPatienceNs;
  return answer;
}

void say_why(HeapAnswer& answer, HeapState state, const char* why) {
  answer.state = static_cast<uint32_t>(state);
  base::TextWriter(answer.why, sizeof(answer.why)).add(why);
}

bool write_heap_answer(int folder, uint32_t sequence, const HeapAnswer& answer, bool of_copy) {
  base::TextBuffer<48> name;
  name.add('.').add_decimal(sequence, 3);
  name.add(of_copy ? format::kHeapCopyAnswerEnd : format::kHeapAnswerEnd);
  base::TextBuffer<64> temporary;
  temporary.add(name.c_str()).add(".tmp");
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
  const long fd = open_file(folder, temporary.c_str(), kFlags, 0600);
  if (fd < 0) return false;
  const bool written = write_all(static_cast<int>(fd), &answer, sizeof(answer), 0) == 0;
  close_file(static_cast<int>(fd));
  const auto from = reinterpret_cast<long>(temporary.c_str());
  if (written && base::system_call(SYS_renameat, folder, from, folder,
                                   reinterpret_cast<long>(name.c_str())) == 0) {
    return true;
  }
  base::system_call(SYS_unlinkat, folder, from, 0);
  return false;
}

void begin_heap(const HeapRequest& request) {
  HeapAnswer answer = new_heap_answer(HeapState::kAsked, request.thread);
  const char* why = "runs no runtime whose heap silt can have written";
  if (heap_wish.begin != nullptr) {
    // First, because who is asked may answer at once.
    write_heap_answer(request.folder, request.sequence, answer);
    why = heap_wish.begin(request);
  }
  if (why == nullptr) return;
  say_why(answer, HeapState::kFailed, why);
  write_heap_answer(request.folder, request.sequence, answer);
}

}  // namespace silt::snapshot
