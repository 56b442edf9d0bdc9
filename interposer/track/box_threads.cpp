// SPDX-License-Identifier: Apache-2.0
//
// See box_threads.h. Hook context.

#include "interposer/track/box_threads.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include "interposer/base/black_box.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/track/recorder.h"

namespace silt::track {

SILT_COLD void tell_box_of_owner(const ThreadState& state) {
  format::BoxHeader* const header = base::black_box.header();
  if (header == nullptr || state.shared_shard) return;
  format::BoxThread& told = header->threads[recorder.counters.number_of(state.shard)];
  char name[sizeof(told.names[0])]{};
  if (base::is_error(base::system_call(SYS_prctl, PR_GET_NAME, reinterpret_cast<long>(name)))) {
    name[0] = '\0';
  }
  name[sizeof(name) - 1] = '\0';
  uint64_t word = static_cast<uint32_t>(owner_of(state));
  if (state.counted_by.load(std::memory_order_relaxed) > 1) word |= format::kBoxThreadSeveral;
  const uint64_t known = __atomic_load_n(&told.word, __ATOMIC_RELAXED);
  const uint64_t second = known & format::kBoxSecondName;
  if ((known ^ second) == word && base::equal(told.names[second != 0 ? 1 : 0], name)) return;
  // Who is killed here has told what was true before: nothing is counted by another yet.
  base::copy_bytes(told.names[second != 0 ? 0 : 1], name, sizeof(name));
  __atomic_store_n(&told.word, word | (second ^ format::kBoxSecondName), __ATOMIC_RELEASE);
}

}  // namespace silt::track
