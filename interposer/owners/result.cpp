// SPDX-License-Identifier: Apache-2.0
//
// See result.h.

#include "interposer/owners/result.h"

#include "interposer/base/memory.h"
#include "interposer/base/text.h"
#include "interposer/owners/sorting.h"
#include "interposer/owners/type_counts.h"
#include "interposer/track/recorder.h"

namespace silt::owners {
namespace {

using format::RootKind;
using format::SectionType;

// More than anybody reads, and enough for the tool to add up the words of one array of variables.
constexpr uint32_t kMostPathsOfStack = 256;
constexpr uint32_t kMostTypesOfStack = 64;

class Rows {
 public:
  explicit Rows(Result& result) : result_(result), paths_(result.paths) {}

  bool gather() {
    limit_ = track::recorder.stacks.id_limit();
    lost_ = map<Sum>(limit_);
    order_ = map<PathId>(paths_.size());
    first_ = map<uint32_t>(limit_);
    count_ = map<uint32_t>(limit_);
    file_ids_ = map<uint32_t>(paths_.size());
    file_roots_ = map<uint32_t>(paths_.root_count() + 1);
    if (lost_ == nullptr || order_ == nullptr || first_ == nullptr || count_ == nullptr ||
        file_ids_ == nullptr || file_roots_ == nullptr) {
      return false;
    }
    result_.blocks.visit([this](const LiveBlock& block) {
      if (result_.marker.reached(block.number)) return;
      lose(block);
      ++result_.facts.lost_blocks;
      result_.facts.lost_bytes += block.size;
    });
    if (!gather_objects()) return false;
    order_paths();
    for (uint32_t stack = 1; stack < limit_; ++stack) {
      for (uint32_t i = 0; i < count_[stack]; ++i) need(order_[first_[stack] + i]);
    }
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
    if (result_.objects == nullptr) return;
    write_path_labels(out);
    write_types(out);
    write_labels(out);
  }

 private:
  struct Sum {
    uint64_t blocks;
    uint64_t bytes;
  };

  template <typename T>
  static T* map(size_t count) {
    return static_cast<T*>(base::map_memory((count + 1) * sizeof(T)));
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

  // By stack, largest first.
  void order_paths() {
    uint32_t count = 0;
    for (PathId path = 1; path < paths_.size(); ++path) {
      if (paths_.at(path).depth != 0 && paths_.at(path).blocks != 0) order_[count++] = path;
    }
    sort(order_, count, [this](PathId a, PathId b) {
      const PathTree::Path& left = paths_.at(a);
      const PathTree::Path& right = paths_.at(b);
      if (left.what != right.what) return left.what < right.what;
      if (left.bytes != right.bytes) return left.bytes > right.bytes;
      return left.blocks != right.blocks ? left.blocks > right.blocks : a < b;
    });
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t stack = paths_.at(order_[i]).what;
      if (stack == 0 || stack >= limit_) continue;
      if (count_[stack] == 0) first_[stack] = i;
      if (count_[stack] < kMostPathsOfStack) ++count_[stack];
      kept_blocks_of(stack) += paths_.at(order_[i]).blocks;
      kept_bytes_of(stack) += paths_.at(order_[i]).bytes;
    }
  }

  uint64_t& kept_blocks_of(uint32_t stack) { return kept(stack).blocks; }
  uint64_t& kept_bytes_of(uint32_t stack) { return kept(stack).bytes; }
  Sum& kept(uint32_t stack) {
    if (kept_ == nullptr) kept_ = map<Sum>(limit_);
    static constinit Sum nowhere{};
    return kept_ == nullptr ? nowhere : kept_[stack];
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

  void write_stacks(snapshot::SectionWriter& out) {
    out.begin(SectionType::kOwnersStacks);
    uint32_t rows = 0;
    uint32_t previous = 0;
    for (uint32_t n = 1; n <= result_.numbers.count(); ++n) {
      const uint32_t stack = track::index_of(result_.numbers.node(n));
      if (stack == 0 || stack >= limit_) continue;
      const Sum& lost = lost_[stack];
      if (lost.blocks == 0 && kept_blocks_of(stack) == 0) continue;
      out.add_varint(n - previous);
      out.add_varint(kept_blocks_of(stack));
      out.add_varint(kept_bytes_of(stack));
      out.add_varint(lost.blocks);
      out.add_varint(lost.bytes);
      out.add_varint(count_[stack]);
      for (uint32_t i = 0; i < count_[stack]; ++i) {
        const PathId path = order_[first_[stack] + i];
        out.add_varint(file_ids_[path]);
        out.add_varint(paths_.at(path).blocks);
        out.add_varint(paths_.at(path).bytes);
      }
      previous = n;
      ++rows;
    }
    out.end(rows);
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
    out.begin(SectionType::kOwnersTypes);
    uint32_t rows = 0;
    uint32_t previous = 0;
    for (uint32_t n = 1; n <= result_.numbers.count(); ++n) {
      const uint32_t stack = track::index_of(result_.numbers.node(n));
      if (stack == 0 || stack >= limit_ || first_type_[stack] == 0) continue;
      const size_t first = first_type_[stack] - 1;
      size_t count = 0;
      while (count < kMostTypesOfStack && first + count < types_.size() &&
             types_.at(first + count).stack == stack) {
        ++count;
      }
      out.add_varint(n - previous);
      out.add_varint(count);
      for (size_t i = 0; i < count; ++i) {
        const TypeCounts::Count& type = types_.at(first + i);
        out.add_varint(2 * uint64_t{file_label(type.type)} + (type.is_data ? 1 : 0));
        out.add_varint(type.blocks);
        out.add_varint(type.bytes);
      }
      previous = n;
      ++rows;
    }
    out.end(rows);
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
  Sum* lost_ = nullptr;             // by stack
  Sum* kept_ = nullptr;             // by stack
  PathId* order_ = nullptr;         // paths by stack, largest first
  uint32_t* first_ = nullptr;       // by stack: where its paths begin in `order_`
  uint32_t* count_ = nullptr;       // by stack: how many of them are written
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
