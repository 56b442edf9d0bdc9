// SPDX-License-Identifier: Apache-2.0
//
// See owners.h.

#include "symbolizer/report/owners.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/report/owner_names.h"

namespace silt::report {
namespace {

using format::RootKind;

// So many owners of a finding are kept; what is left is their sum.
constexpr size_t kMostOwners = 8;
constexpr double kLeastShare = 0.01;  // that one of several is told by name with
constexpr size_t kMostTypes = 8;

// A runtime frees its objects itself, so that there is more to it than a pointer that is gone.
constexpr char kLostObjects[] =
    "no variable leads to them, but something counts a reference: C code that never gave one back, "
    "or keeps it where silt cannot look";

class Owners {
 public:
  Owners(const read::Recording& recording, const NodeFrames& names, const VariableNames& variables,
         const FunctionNames& functions)
      : owners_(*recording.owners), names_(recording, names, variables, functions) {
    for (const read::OwnersRow& row : owners_.rows) rows_.emplace(row.stack, &row);
    for (const read::OwnersType& type : owners_.types) types_.emplace(type.stack, &type);
  }

  // Objects of a runtime, by type, largest first.
  std::vector<TypeLine> types_of(const std::vector<read::StackId>& stacks) const {
    std::map<uint32_t, TypeLine> lines;
    uint64_t total = 0;
    for (const read::StackId stack : stacks) {
      const auto [begin, end] = types_.equal_range(number_of(stack));
      for (auto at = begin; at != end; ++at) {
        const read::OwnersType& type = *at->second;
        TypeLine& line = lines[type.type];
        line.name = owners_.labels[type.type];
        line.objects += type.is_data ? 0 : type.blocks;
        line.bytes += type.bytes;
        total += type.bytes;
      }
    }
    std::vector<TypeLine> result;
    for (auto& [label, line] : lines) result.push_back(std::move(line));
    std::stable_sort(result.begin(), result.end(), [](const TypeLine& a, const TypeLine& b) {
      return a.bytes != b.bytes ? a.bytes > b.bytes : a.objects > b.objects;
    });
    if (result.size() > kMostTypes) result.resize(kMostTypes);
    for (TypeLine& line : result) {
      line.share = total == 0 ? 0 : static_cast<double>(line.bytes) / static_cast<double>(total);
    }
    return result;
  }

  std::vector<OwnerLine> of(const std::vector<read::StackId>& stacks) {
    lines_.clear();
    uint64_t total = 0;
    OwnerLine lost;
    lost.kind = "lost";
    uint64_t unlisted_blocks = 0;
    uint64_t unlisted_bytes = 0;
    std::unordered_set<uint32_t> own;
    for (const read::StackId stack : stacks) own.insert(number_of(stack));
    for (const read::StackId stack : stacks) {
      if (names_.has_objects(number_of(stack))) lost.name = kLostObjects;
      const auto [begin, end] = rows_.equal_range(number_of(stack));
      for (auto at = begin; at != end; ++at) {
        const read::OwnersRow& row = *at->second;
        total += row.kept_bytes + row.lost_bytes;
        lost.blocks += row.lost_blocks;
        lost.bytes += row.lost_bytes;
        uint64_t blocks = row.kept_blocks;
        uint64_t bytes = row.kept_bytes;
        for (const read::OwnersShare& share : row.shares) {
          add(share);
          blocks -= share.blocks;
          bytes -= share.bytes;
        }
        for (const read::OwnersShare& share : row.lost_shares) {
          if (!hangs_on_others(share, own)) continue;
          add(share);
          lost.blocks -= share.blocks;
          lost.bytes -= share.bytes;
        }
        unlisted_blocks += blocks;
        unlisted_bytes += bytes;
      }
    }
    std::vector<OwnerLine> result;
    for (auto& [key, line] : lines_) result.push_back(std::move(line));
    if (lost.blocks != 0) result.push_back(std::move(lost));
    std::stable_sort(result.begin(), result.end(), [](const OwnerLine& a, const OwnerLine& b) {
      return a.bytes != b.bytes ? a.bytes > b.bytes : a.blocks > b.blocks;
    });
    OwnerLine rest;
    rest.kind = "unknown";
    rest.blocks = unlisted_blocks;
    rest.bytes = unlisted_bytes;
    const double least = kLeastShare * static_cast<double>(total);
    while (result.size() > 1) {
      // What is lost is said, however little it is.
      const bool is_lost = result.back().kind == "lost" && result.back().path.empty();
      const size_t victim = result.size() - (is_lost ? 2 : 1);
      const bool little = victim > 0 && static_cast<double>(result[victim].bytes) < least;
      if (result.size() <= kMostOwners && !little) break;
      rest.blocks += result[victim].blocks;
      rest.bytes += result[victim].bytes;
      result.erase(result.begin() + static_cast<ptrdiff_t>(victim));
    }
    if (rest.blocks != 0 && (result.empty() || static_cast<double>(rest.bytes) >= least / 2)) {
      rest.name = "other owners";
      result.push_back(std::move(rest));
    }
    for (OwnerLine& line : result) {
      line.share = total == 0 ? 0 : static_cast<double>(line.bytes) / static_cast<double>(total);
    }
    return result;
  }

 private:
  // Whether a block of another place is on the way to them.
  bool hangs_on_others(const read::OwnersShare& share,
                       const std::unordered_set<uint32_t>& own) const {
    for (uint32_t at = share.path; owners_.paths[at].parent != 0; at = owners_.paths[at].parent) {
      if (own.count(owners_.paths[at].stack) == 0) return true;
    }
    return false;
  }

  void add(const read::OwnersShare& share) {
    std::vector<std::string> steps;
    uint32_t at = share.path;
    uint32_t first = 0;  // step of the way
    for (; owners_.paths[at].parent != 0; at = owners_.paths[at].parent) {
      const std::string step = names_.step_of(owners_.paths[at]);
      if (!step.empty()) steps.push_back(step);
      first = at;
    }
    const read::OwnersPath& begin = owners_.paths[at];
    const read::OwnersRoot& root = owners_.roots[begin.root];
    const std::string kind = owner_kind_of(root.kind);
    std::string name = begin.name != 0 ? owners_.labels[begin.name] : names_.root_name(root);
    // A variable is told with the type of what it holds.
    if (begin.name != 0 && !steps.empty() && owners_.paths[first].type != 0) {
      name += " (" + steps.back() + ")";
      steps.pop_back();
    }
    if (root.kind == RootKind::kGarbage) steps.clear();  // in circles there is no way
    // What they hang on is told, not they.
    if (root.kind == RootKind::kLost && !steps.empty()) steps.erase(steps.begin());
    std::reverse(steps.begin(), steps.end());
    // Neighbours that read the same tell nothing more: a table's buckets and its nodes.
    steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
    std::string key = kind + '\0' + name;
    for (const std::string& step : steps) key += '\0' + step;
    OwnerLine& line = lines_[key];
    line.kind = kind;
    line.name = name;
    line.path = std::move(steps);
    line.blocks += share.blocks;
    line.bytes += share.bytes;
  }

  const read::Owners& owners_;
  OwnerNames names_;
  std::unordered_multimap<uint32_t, const read::OwnersRow*> rows_;
  std::unordered_multimap<uint32_t, const read::OwnersType*> types_;
  std::map<std::string, OwnerLine> lines_;
};

}  // namespace

void add_owners(const read::Recording& recording, const NodeFrames& names,
                const VariableNames& variables, const FunctionNames& functions, Report& report) {
  if (!recording.owners || !recording.owners->found) return;
  Owners owners(recording, names, variables, functions);
  for (Finding& finding : report.findings) {
    finding.owners = owners.of(finding.stacks);
    if (!finding.stacks.empty()) finding.types = owners.types_of(finding.stacks);
  }
  for (StackLine& stack : report.stacks) {
    stack.owners = owners.of({stack.id});
    stack.types = owners.types_of({stack.id});
  }
}

std::string owners_note(const read::Recording& recording) {
  if (!recording.owners) return "";
  const read::Owners& owners = *recording.owners;
  const std::string number = std::to_string(recording.snapshots[owners.snapshot].meta.sequence);
  switch (static_cast<format::OwnersState>(owners.asked.state)) {
    case format::OwnersState::kSampled:
      return "owners were not looked up: this recording is sampled, and owners need every block; "
             "record without --sample";
    case format::OwnersState::kNoMemory:
      return "owners were not looked up: a copy of the process could need " +
             format_bytes(static_cast<double>(owners.asked.needed_bytes)) + ", and only " +
             format_bytes(static_cast<double>(owners.asked.available_bytes)) + " was free";
    case format::OwnersState::kRefused:
      return "owners were not looked up: the process could not be copied (" +
             errno_text(owners.asked.error) + ")";
    case format::OwnersState::kBegun:
      break;
    default:
      return "a newer version of silt wrote the owners in this recording; this version cannot read "
             "them";
  }
  if (!owners.found) {
    return "owners were requested at snapshot " + number +
           ", but the copy of the process that looks them up did not finish";
  }
  const auto took = [](uint64_t nanoseconds) {
    return format_pause(static_cast<double>(nanoseconds) / 1e9);
  };
  std::string note = "owners at snapshot " + number + ": " +
                     format_counted(static_cast<double>(owners.facts.blocks), "block") + ", " +
                     format_bytes(static_cast<double>(owners.facts.lost_bytes)) + " of " +
                     format_bytes(static_cast<double>(owners.facts.bytes)) +
                     " lost; the process was paused for " + took(owners.asked.pause_ns) +
                     ", the copy used " + took(owners.facts.cpu_ns) + " of CPU and " +
                     format_bytes(static_cast<double>(owners.facts.private_bytes));
  if ((owners.facts.flags & format::kOwnersMemoryHidden) != 0) {
    note += "; some memory could not be read, and blocks called lost may be kept from there";
  }
  return note;
}

}  // namespace silt::report
