// SPDX-License-Identifier: Apache-2.0
//
// The modules whose code stands in some stack: noted when the first pc of one is seen, while its
// frame is on a stack and it therefore cannot go away; so the list needs no lock of the loader and
// no moment at which it must be refreshed. When dlclose unloads one, its entry is closed: the nodes
// made while it was there stay its own, later code at its address is another module's. Between an
// unloading and the closing another thread may load something there: whoever notes that closes the
// old entry first. So entries that share addresses never share births, and none ends before it
// began: births are read where the entry is written, under the lock.
//
// A program may map a part of a module's file once more. The loader does not know of such a copy;
// it is noted when somebody who does tells of it, and closed when another module is found there.
//
// Writers hold unwind's derive_lock; the snapshot reads entries below count(). Hook context.

#ifndef SILT_INTERPOSER_TRACK_MODULES_H_
#define SILT_INTERPOSER_TRACK_MODULES_H_

#include <atomic>
#include <cstdint>

#include "interposer/base/memory.h"
#include "interposer/base/text_blocks.h"
#include "interposer/format/blackbox.h"

namespace silt::track {

struct ModuleRecord {
  uint64_t start;  // [start, end)
  uint64_t end;
  uint64_t load_bias;
  uint32_t first_node;
  uint32_t end_node;     // 0xffffffff while it is loaded
  const char* path;      // NUL-terminated, kept for ever
  const void* link_map;  // nullptr: a copy of a part of a module
  const void* eh_frame_header;
  bool main;
  std::atomic<bool> unloaded;
  uint32_t build_id_size;
  uint8_t build_id[20];
};

class Modules {
 public:
  // Where an entry was closed: [start, end), both 0 for nowhere.
  struct Closed {
    uint64_t start = 0;
    uint64_t end = 0;
  };

  // Notes the module that holds `pc`, which is on a stack, if any and if it is new. `node_count` is
  // the birth that the next node will have. Returns the range of a module that had been unloaded
  // there unnoticed: what is known of its code is to be forgotten before a node is made.
  Closed note(uint64_t pc, uint32_t node_count);

  // Notes that [start, end) holds the same code as `original`, an address in a module. The nodes
  // made before are its own too, but for those of another module that was there.
  Closed note_copy(uint64_t start, uint64_t end, uint64_t original, uint32_t node_count);

  // Whether an open entry's module is no longer there. Without the lock.
  bool any_unloaded() {
    for (uint32_t i = 0; i < count(); ++i) {
      if (is_gone(records_[i])) return true;
    }
    return false;
  }

  // After a dlclose: closes the entries of modules that are no longer there and calls
  // gone(start, end) for each.
  template <typename Gone>
  bool close_unloaded(uint32_t node_count, Gone&& gone) {
    bool any = false;
    for (uint32_t i = 0; i < count(); ++i) {
      ModuleRecord& module = records_[i];
      if (!is_gone(module)) continue;
      close(&module, node_count);
      gone(module.start, module.end);
      any = true;
    }
    return any;
  }

  uint32_t count() const { return count_.load(std::memory_order_acquire); }
  ModuleRecord* at(uint32_t index) { return records_.find(index); }

  void set_executable(const char* path) { executable_ = path; }

  // Entries are copied to the black box, those that there are and those that come.
  void keep_in_box();
  // In the child of a fork whose nodes begin anew.
  void begin_anew();

 private:
  static bool is_gone(const ModuleRecord& module) {
    return !module.unloaded.load(std::memory_order_relaxed) && !still_loaded(module);
  }
  static bool still_loaded(const ModuleRecord& module);
  // The open entry that holds the address, the youngest first; nullptr: none.
  ModuleRecord* find_open(uint64_t address);
  void close(ModuleRecord* module, uint32_t node_count);
  void add(uint32_t known);
  void copy_to_box(uint32_t index);
  const char* keep_text(const char* folder, const char* text);

  base::ChunkedArray<ModuleRecord, 512, 64> records_;
  bool in_box_ = false;
  base::ChunkedArray<format::BoxModule, format::kBoxModulesInPiece, 512> box_;
  std::atomic<uint32_t> count_{0};
  const char* executable_ = nullptr;
  base::TextBlocks<base::map_memory> texts_;
};

}  // namespace silt::track

#endif  // SILT_INTERPOSER_TRACK_MODULES_H_
