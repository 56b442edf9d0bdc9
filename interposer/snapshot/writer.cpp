// SPDX-License-Identifier: Apache-2.0
//
// See writer.h. Signal context.

#include "interposer/snapshot/writer.h"

#include <sys/syscall.h>

#include <cerrno>

#include "interposer/base/arch.h"
#include "interposer/base/clock.h"
#include "interposer/base/maps_line.h"
#include "interposer/base/memory.h"
#include "interposer/base/system_call.h"
#include "interposer/base/text.h"
#include "interposer/format/snapshot.h"
#include "interposer/snapshot/children.h"
#include "interposer/snapshot/kernel_file.h"
#include "interposer/snapshot/labels.h"
#include "interposer/snapshot/live_counts.h"
#include "interposer/snapshot/node_numbers.h"
#include "interposer/snapshot/process_info.h"
#include "interposer/snapshot/resident_parts.h"
#include "interposer/snapshot/runtimes.h"
#include "interposer/snapshot/section_writer.h"
#include "interposer/snapshot/series.h"
#include "interposer/snapshot/strings.h"
#include "interposer/snapshot/tables_sections.h"
#include "interposer/snapshot/threads.h"
#include "interposer/track/folding.h"
#include "interposer/track/recorder.h"
#include "interposer/track/waking.h"

namespace silt::snapshot {

constinit Runtimes runtimes{};
constinit OwnersWish owners_wish{};

namespace {

using format::SectionType;
using track::recorder;

static_assert(static_cast<uint64_t>(format::Marker::kMapping) == track::kMarkerMapping);
static_assert(static_cast<uint64_t>(format::Marker::kTruncated) == track::kMarkerTruncated);
static_assert(static_cast<uint64_t>(format::Marker::kBroken) == track::kMarkerBroken);
static_assert(static_cast<uint64_t>(format::Marker::kOverflow) == track::kMarkerOverflow);

static_assert(format::kPcFunction == track::kFunctionTag);
static_assert(format::kPcPair == track::kPairTag);
static_assert(format::kPcEvaluator == track::kEvaluatorTag);
static_assert(format::kPcFirstOfNative == track::kFirstOfNative);
static_assert(format::kPcFunctionBits == track::kFunctionBits);

constinit const char* g_allocator = "";

void write_modules(SectionWriter& out, Strings& strings) {
  out.begin(SectionType::kModules);
  const uint32_t count = recorder.modules.count();
  for (uint32_t i = 0; i < count; ++i) {
    const track::ModuleRecord& module = *recorder.modules.at(i);
    format::ModuleEntry entry{};
    entry.start = module.start;
    entry.end = module.end;
    entry.load_bias = module.load_bias;
    entry.first_node = module.first_node;
    entry.path = strings.add(module.path);
    const bool unloaded = module.unloaded.load(std::memory_order_acquire);
    entry.end_node = unloaded ? module.end_node : UINT32_MAX;
    entry.flags =
        (module.main ? format::kModuleMain : 0u) | (unloaded ? format::kModuleUnloaded : 0u);
    entry.build_id_size = module.build_id_size;
    base::copy_bytes(entry.build_id, module.build_id, sizeof(entry.build_id));
    out.add(&entry, sizeof(entry));
  }
  out.end(count);
}

void write_mappings(SectionWriter& out, Strings& strings) {
  static constinit char buffer[16 * 1024]{};
  out.begin(SectionType::kMappings);
  uint32_t count = 0;
  read_lines("/proc/self/maps", buffer, sizeof(buffer), [&](const char* line) {
    base::MapsLine mapping;
    if (!base::parse_maps_line(line, &mapping) || !mapping.executable) return;
    const char* path = mapping.path;
    while (*path != '\0' && *path != '/' && *path != '[') ++path;
    format::MappingEntry entry{};
    entry.start = mapping.start;
    entry.end = mapping.end;
    entry.file_offset = mapping.offset;
    entry.path = strings.add(path);
    out.add(&entry, sizeof(entry));
    ++count;
  });
  out.end(count);
}

void write_costs(SectionWriter& out, const SnapshotFacts& facts, uint64_t elapsed_ns,
                 uint64_t resident_bytes) {
  const track::ThreadStatistics sum = track::sum_of_statistics();
  uint64_t threads = 0;
  for (const track::ThreadState* state = track::first_thread_state(); state != nullptr;
       state = state->next) {
    // The own one is not asked about: a filter unknown to silt may forbid that.
    if (state == track::thread_local_part.state || track::is_alive(track::owner_of(*state))) {
      ++threads;
    }
  }
  const double elapsed_ticks = static_cast<double>(base::ticks() - process_info.start_ticks);
  const double ns_per_tick =
      elapsed_ticks > 0 ? static_cast<double>(elapsed_ns) / elapsed_ticks : 0;
  const double per_call = sum.timed_calls == 0 ? 0
                                               : static_cast<double>(sum.timed_ticks) /
                                                     static_cast<double>(sum.timed_calls);
  const auto hook_ns =
      static_cast<uint64_t>(per_call * ns_per_tick * static_cast<double>(sum.hook_calls));
  using format::Cost;
  uint32_t count = 0;
  out.begin(SectionType::kCosts);
  const auto add = [&](Cost id, uint64_t value) {
    const format::CostEntry entry{static_cast<uint32_t>(id), 0, value};
    out.add(&entry, sizeof(entry));
    ++count;
  };
  add(Cost::stacks_truncated, sum.walks_truncated);
  add(Cost::walks_broken, sum.walks_broken);
  add(Cost::walks_slow, sum.walks_slow);
  add(Cost::rules_derived, recorder.rules.derived());
  add(Cost::table_bytes, base::mapped_bytes());
  add(Cost::unknown_frees, sum.unknown_frees);
  add(Cost::overflowed_stacks, recorder.stacks.overflowed());
  add(Cost::overflowed_blocks, sum.overflowed_blocks);
  add(Cost::hook_nanoseconds, hook_ns);
  add(Cost::hook_calls, sum.hook_calls);
  add(Cost::snapshot_nanoseconds, facts.snapshot_nanoseconds);
  add(Cost::snapshots_failed, facts.snapshots_failed);
  add(Cost::nodes, recorder.stacks.in_use());
  add(Cost::threads, threads);
  add(Cost::overflowed_mappings, recorder.mappings.overflowed());
  add(Cost::resident_bytes, resident_bytes);
  add(Cost::folded_stacks, track::folding.folded_stacks());
  add(Cost::folded_nodes, track::folding.folded_nodes());
  add(Cost::reissued_blocks, recorder.reissued_blocks.load(std::memory_order_relaxed));
  add(Cost::process_cpu_nanoseconds, base::clock_ns(CLOCK_PROCESS_CPUTIME_ID));
  out.end(count);
}

}  // namespace

void set_allocator(const char* path) { g_allocator = path; }

long write_snapshot(int fd, const SnapshotFacts& facts) {
  format::Meta meta{};
  meta.pid = static_cast<uint32_t>(base::system_call(SYS_getpid));
  meta.parent_pid = static_cast<uint32_t>(base::system_call(SYS_getppid));
  meta.sequence = facts.sequence;
  meta.trigger = facts.trigger;
  meta.flags =
      facts.flags |
      (recorder.fell_back.load(std::memory_order_relaxed) ? uint32_t{format::kFlagCapFallback} : 0);
  meta.generation = recorder.generation.load(std::memory_order_relaxed);
  meta.start_realtime_ns = process_info.start_realtime_ns;
  meta.snapshot_realtime_ns = realtime_ns();
  meta.elapsed_ns = monotonic_ns() - process_info.start_monotonic_ns;
  meta.sampling_interval_bytes = recorder.sample_interval_bytes;
  meta.armed_seconds = process_info.armed_seconds;
  const ResidentMemory resident = read_resident_memory();
  ResidentParts parts = read_resident_parts(resident, runtimes.mark_their_heaps);
  meta.rss_bytes = resident.rss;
  meta.rss_anon_bytes = resident.anonymous;
  meta.rss_file_bytes = resident.file;
  meta.rss_shmem_bytes = resident.shared;
  meta.memory_limit_bytes = memory_limit();

  const uint32_t limit = recorder.stacks.id_limit();
  LiveCounts live;
  if (!live.gather(limit)) return -ENOMEM;
  Tables tables(live, facts, meta.generation);
  if (!tables.gather(limit)) return -ENOMEM;
  NodeNumbers& numbers = tables.numbers();

  SectionWriter out(fd);
  Strings strings;
  const format::BaseEntry own = write_tables(out, tables, facts.sequence);
  tables.remember(own);
  meta.native = tables.totals().native;
  meta.mapping = tables.totals().mapping;
  const format::HeapTotals& objects = tables.totals().objects;
  if (facts.owners != nullptr && owners_wish.begin != nullptr) {
    OwnersRequest request = *facts.owners;
    request.numbers = &numbers;
    request.live_blocks = meta.native.live_blocks + objects.live_blocks;
    request.live_objects = objects.live_blocks;
    request.rss_bytes = resident.rss;
    if (!request.if_small || is_small(request)) {
      const format::OwnersAsked asked = owners_wish.begin(request);
      if (!request.if_small || asked.state == static_cast<uint32_t>(format::OwnersState::kBegun)) {
        out.begin(SectionType::kOwnersAsked);
        out.add(&asked, sizeof(asked));
        out.end(1);
      }
    }
  }
  write_modules(out, strings);
  write_mappings(out, strings);
  write_costs(out, facts, meta.elapsed_ns, parts.of(format::RssKind::kSilt));
  write_resident_parts(out, parts);
  write_children(out);
  write_labels(out, strings);
  write_threads(out, strings, tables, live);
  if (runtimes.write != nullptr) runtimes.write(out, strings, objects);
  meta.program = strings.add(process_info.program);
  meta.executable = strings.add(process_info.executable);
  meta.command = strings.add(process_info.command);
  meta.working_directory = strings.add(process_info.working_directory);
  meta.allocator = strings.add(g_allocator);
  out.begin(SectionType::kMeta);
  out.add(&meta, sizeof(meta));
  out.end(1);
  strings.write(out);
  return out.finish();
}

}  // namespace silt::snapshot
