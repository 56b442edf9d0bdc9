// SPDX-License-Identifier: Apache-2.0
//
// When the kernel gives no more memory, every table says so and counts it, keeps what it has, and
// nothing crashes. Each case runs in a child whose address space may not grow.

#ifndef __SANITIZE_THREAD__  // which needs memory of its own for each access

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "interposer/base/memory.h"
#include "interposer/track/counters.h"
#include "interposer/track/live_table.h"
#include "interposer/track/mapping_table.h"
#include "interposer/track/sampled_blocks.h"
#include "interposer/track/stack_table.h"
#include "interposer/unwind/rule_table.h"

namespace silt::track {
namespace {

void take_memory_away() {
  const rlimit none{1, 1};
  if (setrlimit(RLIMIT_AS, &none) != 0) _exit(100);
  if (base::map_memory(4096) != nullptr) _exit(101);
}

// 0 when the child found everything as it must be, else the number of what was not.
template <typename Child>
int in_child(Child&& child) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) _exit(child());
  int status = 0;
  REQUIRE(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

constinit StackTable stacks{};
constinit LiveTable live{};
constinit Counters counters{};
constinit MappingTable mappings{};
constinit SampledBlocks sampled{};
constinit unwind::RuleTable rules{};

}  // namespace

TEST_CASE("stacks that do not fit are counted, those there are still found") {
  CHECK(in_child([] {
          if (!stacks.initialize(4)) return 1;
          const NodeId first = stacks.child(kRoot, 0x10000);
          take_memory_away();
          uint64_t made = 0;
          uint64_t refused = 0;
          for (uint64_t i = 0; i < 20'000; ++i) {
            if (stacks.child(first, 0x20000 + i) != kRoot)
              ++made;
            else
              ++refused;
          }
          if (made < 1000 || refused < 10'000) return 2;
          if (stacks.overflowed() != refused) return 3;
          for (uint64_t i = 0; i < made; ++i) {
            if (stacks.child(first, 0x20000 + i) == kRoot) return 4;
          }
          if (stacks.child(kRoot, 0x10000) != first) return 5;
          return 0;
        }) == 0);
  CHECK(in_child([] {
          take_memory_away();
          return stacks.initialize(4) ? 1 : 0;
        }) == 0);
}

TEST_CASE("blocks without a leaf are refused, others are still recorded") {
  CHECK(in_child([] {
          live.set_granule_shift(5);
          if (!live.insert(0x1000, Block{StackId{1}, 0, 1})) return 1;
          take_memory_away();
          if (live.insert(0x700000000000, Block{StackId{1}, 0, 1})) return 2;
          if (live.insert(0x200000, Block{StackId{1}, 0, 1})) return 3;
          if (!live.insert(0x2000, Block{StackId{1}, 0, 1})) return 4;
          if (live.take(0x1000).stack != StackId{1} || live.take(0x200000).stack != kNoStack)
            return 5;
          return 0;
        }) == 0);
}

TEST_CASE("counters, mappings, samples and rules without memory say so") {
  CHECK(in_child([] {
          if (!sampled.initialize()) return 1;
          take_memory_away();
          if (counters.shard(0).add_owned(StackId{5}, 1, 1)) return 2;
          if (counters.shard(Counters::kSharedShard).add_shared(StackId{5}, 1, 1)) return 3;
          if (counters.read(StackId{5}).blocks != 0) return 4;
          mappings.insert(MappingRange{4096, 8192, StackId{1}, 0, true});
          if (mappings.overflowed() != 1 || mappings.count() != 0) return 5;
          uint64_t kept = 0;
          for (uint64_t i = 0; i < 5000; ++i) {
            if (sampled.insert(0x10000 + 16 * i, SampledBlock{1, StackId{1}, 1, 0})) ++kept;
          }
          if (kept < 500 || kept > 1000) return 6;
          for (uint64_t i = 0; i < kept; ++i) {
            if (sampled.take(0x10000 + 16 * i).stack != StackId{1}) return 7;
          }
          rules.set_deriver(
              [](uint64_t) { return unwind::FrameRule(unwind::RuleKind::kSp, 16, 0, 0); });
          // Derived each time, but right.
          for (uint64_t pc = 1; pc < 100; ++pc) {
            if (rules.find_or_derive(pc).cfa_offset() != 16) return 8;
          }
          return 0;
        }) == 0);
}

TEST_CASE("rules go on being found in a table that cannot grow") {
  CHECK(in_child([] {
          rules.set_deriver([](uint64_t pc) {
            return unwind::FrameRule(unwind::RuleKind::kSp, static_cast<int32_t>(pc), 0, 0);
          });
          rules.find_or_derive(1);
          take_memory_away();
          for (uint64_t pc = 1; pc < 10'000; ++pc) {
            if (rules.find_or_derive(pc).cfa_offset() != static_cast<int64_t>(pc)) return 1;
          }
          for (uint64_t pc = 1; pc < 10'000; ++pc) {
            const unwind::FrameRule rule = rules.find(pc);
            if (rule.kind() != unwind::RuleKind::kUnknown &&
                rule.cfa_offset() != static_cast<int64_t>(pc)) {
              return 2;
            }
          }
          return rules.find(1).cfa_offset() == 1 ? 0 : 3;
        }) == 0);
}

}  // namespace silt::track

#endif
