// SPDX-License-Identifier: Apache-2.0
//
// A process in slow motion, for tests of everything behind the reader: it allocates, frees and
// takes snapshots as told, and what comes out is a recording in real files, read back by the real
// reader. Generations follow from when blocks were born and freed, as in the interposer.
//
//   RecordingBuilder process;
//   const auto leak = process.stack({"add_session", "handle_request", "main"});
//   for (int minute = 0; minute < 10; ++minute) {
//     process.allocate(leak, 100, 4800);
//     process.take_snapshot(60.0 * minute);
//   }
//   const read::Recording recording = process.recording();

#ifndef SILT_TEST_SYMBOLIZER_RECORDING_BUILDER_H_
#define SILT_TEST_SYMBOLIZER_RECORDING_BUILDER_H_

#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "symbolizer/read/recording.h"
#include "test/symbolizer/snapshot_writer.h"
#include "test/symbolizer/temporary_folder.h"

namespace silt::test {

class RecordingBuilder {
 public:
  using StackId = uint32_t;  // the node at which the stack's blocks are counted

  RecordingBuilder();

  // Values that every following snapshot carries: texts, pid, sampling interval, modules, costs.
  SnapshotValues& values() { return values_; }

  // The return address of a call made by `function`. Functions are listed in the recording's JIT
  // map, so that the symbolizer names them without any module. Equal names have one address.
  uint64_t pc(const std::string& function);

  // A stack, innermost frame first, by names or by pcs. Equal stacks are one.
  StackId stack(const std::vector<std::string>& functions, read::Heap heap = read::Heap::kNative,
                read::Missing missing = read::Missing::kNone);
  StackId stack_of_pcs(const std::vector<uint64_t>& pcs, read::Heap heap = read::Heap::kNative,
                       read::Missing missing = read::Missing::kNone);

  // `bytes` is the sum over all `blocks`.
  void allocate(StackId stack, uint64_t blocks, uint64_t bytes);
  // Frees at most `blocks` blocks, and in each generation the same share of its bytes.
  void free_oldest(StackId stack, uint64_t blocks);
  void free_newest(StackId stack, uint64_t blocks);
  void free_all(StackId stack);

  // A stack of a managed heap, innermost first. The heaps are
  // values().managed_heaps (one is made when there is none yet); what V8 samples is for the caller
  // to say.
  struct ScriptStack {
    uint32_t managed_heap = 0;
    uint32_t node = 0;
    auto operator<=>(const ScriptStack&) const = default;
  };
  ScriptStack script_stack(const std::vector<read::ScriptFrame>& frames, uint32_t managed_heap = 0);
  void allocate(ScriptStack stack, uint64_t samples, uint64_t blocks, uint64_t bytes);
  void free_oldest(ScriptStack stack, uint64_t samples);
  void free_newest(ScriptStack stack, uint64_t samples);

  // With rss_bytes 0, live bytes and ten megabytes.
  void take_snapshot(double elapsed_seconds, uint64_t rss_bytes = 0);

  // Writes snapshots and JIT map into the folder, which is made.
  void write(const std::filesystem::path& folder) const;
  // Writes to a temporary folder and reads back. Throws when the reader refuses. The folder lives
  // as long as the builder.
  read::Recording recording();

 private:
  struct Counts {
    uint64_t allocated_blocks = 0;
    uint64_t allocated_bytes = 0;
    std::map<uint32_t, read::GenerationCount> live;  // by code
  };
  uint32_t node(uint32_t parent, uint64_t pc);
  static uint64_t free_from(read::GenerationCount& generation, uint64_t blocks);
  static uint64_t free_from(ScriptGeneration& generation, uint64_t samples);
  format::HeapTotals totals(bool mapping) const;
  bool is_mapping(StackId stack) const;

  SnapshotValues values_;
  std::map<std::string, uint64_t> functions_;
  std::map<std::pair<uint32_t, uint64_t>, uint32_t> node_ids_;
  std::map<StackId, Counts> counts_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> script_node_ids_;
  std::map<ScriptStack, std::map<uint32_t, ScriptGeneration>> script_counts_;  // by code
  std::vector<std::string> snapshots_;
  TemporaryFolder folder_;
};

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_RECORDING_BUILDER_H_
