// SPDX-License-Identifier: Apache-2.0
//
// See result.h.

#include "interposer/owners/result.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/owners/lost_blocks.h"
#include "interposer/owners/paths_by_stack.h"
#include "interposer/owners/type_counts.h"
#include "interposer/track/recorder.h"

namespace silt::owners {
namespace {

using format::RootKind;
using format::SectionType;

class Rows {
 public:
  explicit Rows(Result& result) : result_(result), paths_(result.paths) {}

  bool gather() {
    limit_ = track::recorder.stacks.id_limit();
    lost_ = map<Sum>(limit_);
    kept_ = map<Sum>(limit_);
    if (lost_ == nullptr || kept_ == nullptr) return false;
    result_.blocks.visit([this](const LiveBlock& block) {
      if (result_.marker.reached(block.number)) return;
      lose(block);
      ++result_.facts.lost_blocks;
      result_.facts.lost_bytes += block.size;
    });
    if (!gather_objects() || !gather_kept() || !gather_lost()) return false;
    file_ids_ = map<uint32_t>(paths_.size());
    file_roots_ = map<uint32_t>(paths_.root_count() + 1);
    if (file_ids_ == nullptr || file_roots_ == nullptr) return false;
    for (const PathsByStack* paths : {&by_stack_, &lost_by_stack_}) need_all(*paths);
    // A parent's id is smaller than its children's, and stays so.
    for (PathId path = 1; path < paths_.size(); ++path) {
      if (file_ids_[path] == 0) continue;
      file_ids_[path] = ++path_count_;
      if (paths_.at(path).depth == 0) file_roots_[paths_.at(path).what] = ++root_count_;
    }
    return true;
  }

  void write(snapshot::SectionWriter& out) {
    write_roots(out);
    write_paths(out);
    write_stacks(out);
    if (has_lost_ways_) write_lost_ways(out);
    if (result_.objects == nullptr) return;
    write_path_labels(out);
    write_types(out);
    write_labels(out);
  }

 private:
  static constexpr uint32_t kMostTypesOfStack = 64;

  struct Sum {
    uint64_t blocks;
    uint64_t bytes;
  };

  template <typename T>
  static T* map(size_t n) {
    return static_cast<T*>(base::map_memory((n + 1) * sizeof(T)));
  }

  void lose(const LiveBlock& block) {
    const uint32_t stack = track::index_of(block.stack);
    if (stack >= limit_) return;
    ++lost_[stack].blocks;
    lost_[stack].bytes += block.size;
  }

  bool gather_objects() {
    if (result_.objects == nullptr) return true;
    result_.objects->visit([this](const LiveBlock& object) {
      if (result_.marker.path_of_object(object.number) == 0) lose(object);
    });
    file_labels_ = map<LabelId>(result_.labels.size());
    label_order_ = map<LabelId>(result_.labels.size());
    first_type_ = map<uint32_t>(limit_);
    if (file_labels_ == nullptr || label_order_ == nullptr || first_type_ == nullptr ||
        !types_.gather(*result_.objects, result_.marker, paths_)) {
      return false;
    }
    for (size_t i = types_.size(); i-- > 0;) {
      if (types_.at(i).stack < limit_)
        first_type_[types_.at(i).stack] = static_cast<uint32_t>(i) + 1;
    }
    return true;
  }

  uint32_t number(uint32_t stack) const {
    const track::NodeId node{stack};
    return stack < result_.numbers.limit() && result_.numbers.has_number(node)
               ? result_.numbers.number(node)
               : 0;
  }

  bool gather_kept() {
    if (!by_stack_.build(paths_, 1, limit_, [](PathId) { return true; })) return false;
    by_stack_.visit_all([this](PathId id) {
      const PathTree::Path& path = paths_.at(id);
      if (path.what >= limit_) return;
      kept_[path.what].blocks += path.blocks;
      kept_[path.what].bytes += path.bytes;
    });
    return true;
  }

  // What is lost has been counted, and hangs on other blocks in ways of its own. In a full tree it
  // would be counted where kept blocks are.
  bool gather_lost() {
    if (result_.facts.lost_blocks == 0 || paths_.full()) return true;
    const PathId root = result_.marker.add_root(RootKind::kLost, 0);
    if (paths_.full() || !mark_lost_blocks(result_.blocks, result_.memory, result_.marker, root)) {
      return true;
    }
    // What hangs on nothing is `lost_` and no more.
    has_lost_ways_ = lost_by_stack_.build(
        paths_, root, limit_, [&](PathId path) { return paths_.at(path).parent > root; });
    return has_lost_ways_;
  }

  void need_all(const PathsByStack& paths) {
    for (uint32_t stack = 1; stack < limit_; ++stack) {
      for (uint32_t i = 0; i < paths.count(stack); ++i) need(paths.at(stack, i));
    }
  }

  void need(PathId path) {
    for (; path != 0 && file_ids_[path] == 0; path = paths_.at(path).parent) file_ids_[path] = 1;
  }

  void write_roots(snapshot::SectionWriter& out) {
    out.begin(SectionType::kOwnersRoots);
    for (uint32_t i = 0; i < paths_.root_count(); ++i) {
      if (file_roots_[i] == 0) continue;
      format::OwnersRoot root = paths_.root(i);
      const auto kind = static_cast<RootKind>(root.kind);
      if (kind == RootKind::kMapping || kind == RootKind::kObject) root.place = number(root.place);
      out.add(&root, sizeof(root));
    }
    out.end(root_count_);
  }

  void write_paths(snapshot::SectionWriter& out) {
    out.begin(SectionType::kOwnersPaths);
    for (PathId id = 1; id < paths_.size(); ++id) {
      if (file_ids_[id] == 0) continue;
      const PathTree::Path& path = paths_.at(id);
      if (path.depth == 0) {
        out.add_varint(0);
        out.add_varint(file_roots_[path.what] - 1);
      } else {
        out.add_varint(file_ids_[id] - file_ids_[path.parent]);
        out.add_varint(2 * uint64_t{number(path.what)} + path.run);
      }
    }
    out.end(path_count_);
  }

  // write(stack, step) says whether the stack has a row, and writes it with the step to its node.
  template <typename Write>
  void write_rows(snapshot::SectionWriter& out, SectionType type, Write&& write) {
    out.begin(type);
    uint32_t rows = 0;
    uint32_t previous = 0;
    for (uint32_t n = 1; n <= result_.numbers.count(); ++n) {
      const uint32_t stack = track::index_of(result_.numbers.node(n));
      if (stack == 0 || stack >= limit_ || !write(stack, n - previous)) continue;
      previous = n;
      ++rows;
    }
    out.end(rows);
  }

  void write_stacks(snapshot::SectionWriter& out) {
    write_rows(out, SectionType::kOwnersStacks, [&](uint32_t stack, uint32_t step) {
      const Sum& lost = lost_[stack];
      if (lost.blocks == 0 && kept_[stack].blocks == 0) return false;
      out.add_varint(step);
      out.add_varint(kept_[stack].blocks);
      out.add_varint(kept_[stack].bytes);
      out.add_varint(lost.blocks);
      out.add_varint(lost.bytes);
      add_paths(out, by_stack_, stack);
      return true;
    });
  }

  void write_lost_ways(snapshot::SectionWriter& out) {
    write_rows(out, SectionType::kOwnersLost, [&](uint32_t stack, uint32_t step) {
      if (lost_by_stack_.count(stack) == 0) return false;
      out.add_varint(step);
      add_paths(out, lost_by_stack_, stack);
      return true;
    });
  }

  void add_paths(snapshot::SectionWriter& out, const PathsByStack& paths, uint32_t stack) {
    out.add_varint(paths.count(stack));
    for (uint32_t i = 0; i < paths.count(stack); ++i) {
      const PathId path = paths.at(stack, i);
      out.add_varint(file_ids_[path]);
      out.add_varint(paths_.at(path).blocks);
      out.add_varint(paths_.at(path).bytes);
    }
  }

  // Labels are numbered as they are needed, from 1.
  LabelId file_label(LabelId label) {
    if (label == 0) return 0;
    if (file_labels_[label] == 0) {
      label_order_[label_count_] = label;
      file_labels_[label] = ++label_count_;
    }
    return file_labels_[label];
  }

  void write_path_labels(snapshot::SectionWriter& out) {
    out.begin(SectionType::kOwnersPathLabels);
    for (PathId id = 1; id < paths_.size(); ++id) {
      if (file_ids_[id] == 0) continue;
      const Label& label = paths_.at(id).label;
      out.add_varint(file_label(label.more != 0 ? label.more : label.type));
      out.add_varint(file_label(label.name));
    }
    out.end(path_count_);
  }

  void write_types(snapshot::SectionWriter& out) {
    write_rows(out, SectionType::kOwnersTypes, [&](uint32_t stack, uint32_t step) {
      if (first_type_[stack] == 0) return false;
      const size_t first = first_type_[stack] - 1;
      size_t count = 0;
      while (count < kMostTypesOfStack && first + count < types_.size() &&
             types_.at(first + count).stack == stack) {
        ++count;
      }
      out.add_varint(step);
      out.add_varint(count);
      for (size_t i = 0; i < count; ++i) {
        const TypeCounts::Count& type = types_.at(first + i);
        out.add_varint(2 * uint64_t{file_label(type.type)} + (type.is_data ? 1 : 0));
        out.add_varint(type.blocks);
        out.add_varint(type.bytes);
      }
      return true;
    });
  }

  void write_labels(snapshot::SectionWriter& out) {
    out.begin(SectionType::kOwnersLabels);
    for (uint32_t i = 0; i < label_count_; ++i) {
      const char* const text = result_.labels.text(label_order_[i]);
      out.add(text, base::length(text) + 1);
    }
    out.end(label_count_);
  }

  Result& result_;
  const PathTree& paths_;
  TypeCounts types_;
  uint32_t* first_type_ = nullptr;  // by stack: index + 1
  LabelId* file_labels_ = nullptr;  // by label; 0: not written
  LabelId* label_order_ = nullptr;  // as they are written
  uint32_t label_count_ = 0;
  uint32_t limit_ = 0;
  Sum* lost_ = nullptr;         // by stack
  Sum* kept_ = nullptr;         // by stack
  PathsByStack by_stack_;       // of what is kept
  PathsByStack lost_by_stack_;  // of what hangs on lost blocks
  bool has_lost_ways_ = false;
  uint32_t* file_ids_ = nullptr;    // by path; 0: not written
  uint32_t* file_roots_ = nullptr;  // by root: its index in the file + 1
  uint32_t path_count_ = 0;
  uint32_t root_count_ = 0;
};

}  // namespace

bool write_result(snapshot::SectionWriter& out, Result& result) {
  Rows rows(result);
  if (!rows.gather()) return false;
  result.modules.write(out);
  rows.write(out);
  out.begin(SectionType::kOwnersFacts);
  out.add(&result.facts, sizeof(result.facts));
  out.end(1);
  return true;
}

}  // namespace silt::owners
