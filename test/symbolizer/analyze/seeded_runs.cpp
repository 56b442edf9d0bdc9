// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "test/symbolizer/analyze/seeded_runs.h"

#include <catch2/catch.hpp>

#include "symbolizer/render/curve_words.h"

namespace silt::test {

using analyze::Judgement;
using analyze::Verdict;

size_t jittered(SimulatedHeap& heap, size_t usual) {
  return usual * (60 + heap.chance(81)) / 100 + (usual > 0 && usual < 3 ? 1 : 0);
}

int wrong(int rounds, const Round& round, const std::vector<Verdict>& right) {
  int mistakes = 0;
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    SimulatedHeap heap(1, seed);
    for (int i = 0; i < rounds; ++i) {
      heap.churn(1000 + heap.chance(600));
      round(heap, i);
      heap.snapshot(0.8 + heap.chance(40) / 100.0);
    }
    const Judgement judgement = heap.judged();
    bool good = false;
    for (const Verdict verdict : right) good = good || judgement.verdict() == verdict;
    if (good) continue;
    ++mistakes;
    UNSCOPED_INFO("seed " << seed << ": " << analyze::verdict_word(judgement.verdict()) << ": "
                          << render::curve_text(judgement.reason));
  }
  return mistakes;
}

}  // namespace silt::test
