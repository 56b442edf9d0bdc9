// SPDX-License-Identifier: Apache-2.0
//
// See calling_card.h.

#include "interposer/snapshot/calling_card.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <atomic>

#include "interposer/base/system_call.h"
#include "interposer/base/text.h"

namespace silt::snapshot {
namespace {

constexpr size_t kLongestName = 249;  // of a memfd, without the end
constexpr size_t kCardSize = 4096;

constinit std::atomic<long> g_card{0};  // its address, 0: none

void replace_card(long card) {
  const long before = g_card.exchange(card, std::memory_order_relaxed);
  if (before != 0) base::system_call(SYS_munmap, before, kCardSize);
}

}  // namespace

void show_card(int signal, format::Reach reach, bool asleep, const char* folder) {
  base::TextBuffer<kLongestName + 1> name;
  name.add(format::kCardPrefix).add_decimal(static_cast<uint64_t>(signal)).add(' ');
  name.add(asleep ? format::asleep_letter(reach) : static_cast<char>(reach)).add(' ');
  if (base::length(name.c_str()) + base::length(folder) <= kLongestName) name.add(folder);
  constexpr long kCloseOnExec = 1;
  const long fd =
      base::system_call(SYS_memfd_create, reinterpret_cast<long>(name.c_str()), kCloseOnExec);
  if (fd < 0) return;
  const long card = base::system_call(SYS_mmap, 0, kCardSize, PROT_NONE, MAP_SHARED, fd, 0);
  base::system_call(SYS_close, fd);
  if (card > 0) replace_card(card);
}

void hide_card() { replace_card(0); }

}  // namespace silt::snapshot
