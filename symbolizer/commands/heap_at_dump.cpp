// SPDX-License-Identifier: Apache-2.0
//
// See heap_at_dump.h.

#include "symbolizer/commands/heap_at_dump.h"

#include <filesystem>

#include "symbolizer/base/log.h"
#include "symbolizer/base/quote.h"
#include "symbolizer/commands/heap_pair.h"

namespace silt::commands {

void look_into_heap(pid_t pid, const std::string& snapshot, const process::Patience& patience) {
  namespace fs = std::filesystem;
  const fs::path recording = fs::path(process::path_from_here(pid, snapshot)).parent_path();
  const HeapPlace place{recording, ".heap"};
  const HeapsTaken heaps = keep_heaps(pid, snapshot, place, patience);
  for (const std::string& failure : heaps.failures) log::warning(one_line(failure));
  for (const process::HeapTaken& taken : heaps.taken) log::step(heap_taken_text(pid, taken));
  if (heaps.taken.empty()) return;
  const auto written = write_heap_growth(place, recording, "");
  const std::vector<KeptHeap> kept = kept_heaps(place);
  for (size_t i = 1; i < kept.size(); ++i) {
    std::error_code ignored;
    if (kept[i].thread == kept[i - 1].thread) fs::remove(kept[i].file, ignored);
  }
  if (!written) {
    log::warning("what grew in its heap cannot be told: " + written.error().message);
  } else if (*written) {
    log::step("'silt report' tells what grew in its heap, and who keeps it");
  } else {
    log::step("its heap is kept for comparison, without what strings say, in " +
              in_quotes(recording) + "; ask once more when it has grown");
  }
}

}  // namespace silt::commands
