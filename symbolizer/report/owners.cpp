// SPDX-License-Identifier: Apache-2.0
//
// See owners.h. Longer than 300 lines: roots, paths and steps are told in one vocabulary, and each
// kind of root needs a few lines of it.

#include "symbolizer/report/owners.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <unordered_map>
#include <utility>

#include "symbolizer/base/byte_source.h"
#include "symbolizer/base/quantity.h"
#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using format::RootKind;
using symbolize::FrameList;

// So many owners of a finding are kept; what is left is their sum.
constexpr size_t kMostOwners = 8;
constexpr double kLeastShare = 0.01;  // that one of several is told by name with
constexpr size_t kMostTypes = 8;

// A runtime frees its objects itself, so that there is more to it than a pointer that is gone.
constexpr char kLostObjects[] =
    "no variable leads to them, but something counts a reference: C code that never gave one back, "
    "or keeps it where silt cannot look";
constexpr char kGarbage[] =
    "they only refer to one another, and the garbage collector has not come to them";
constexpr char kGarbageForEver[] =
    "they only refer to one another, and the garbage collector is switched off";

const char* kind_of(RootKind kind) {
  switch (kind) {
    case RootKind::kData:
      return "global";
    case RootKind::kThreadLocal:
      return "thread_local";
    case RootKind::kStack:
      return "stack";
    case RootKind::kRegister:
      return "register";
    case RootKind::kMapping:
      return "mapping";
    case RootKind::kManagedHeap:
      return "js";
    case RootKind::kObject:
      return "python";
    case RootKind::kGarbage:
      return "garbage";
    case RootKind::kStaleStack:
    case RootKind::kOther:
    case RootKind::kUnlisted:
      break;
  }
  return "unknown";
}

// The elements of an array are one owner: "slots[…]".
std::string without_index(const std::string& name) {
  std::string text;
  for (size_t i = 0; i < name.size(); ++i) {
    text += name[i];
    if (name[i] != '[') continue;
    const size_t end = name.find_first_not_of("0123456789", i + 1);
    if (end == std::string::npos || end == i + 1 || name[end] != ']') continue;
    text += "…";
    i = end - 1;
  }
  return text;
}

// What the standard library's own classes are to people. Old names and new ones: libstdc++, libc++.
struct Container {
  const char* part;
  const char* word;
};
constexpr Container kContainers[] = {
    {"_Hashtable", "hash table"},
    {"__hash_table", "hash table"},
    {"_Rb_tree", "tree"},
    {"__tree", "tree"},
    {"std::vector", "vector"},
    {"_Vector_base", "vector"},
    {"std::deque", "deque"},
    {"_Deque_base", "deque"},
    {"std::list", "list"},
    {"_List_base", "list"},
    {"forward_list", "list"},
    {"_Fwd_list", "list"},
    {"basic_string", "string"},
    {"__shared_count", "shared object"},
    {"_Sp_counted", "shared object"},
    {"make_shared", "shared object"},
    {"allocate_shared", "shared object"},
};

class Owners {
 public:
  Owners(const read::Recording& recording, const NodeFrames& names, const VariableNames& variables,
         const FunctionNames& functions)
      : recording_(recording),
        owners_(*recording.owners),
        names_(names),
        variables_(variables),
        functions_(functions) {
    for (const read::Stack& stack : recording.stacks)
      stacks_.try_emplace(number_of(stack.id), &stack);
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
    for (const read::StackId stack : stacks) {
      if (has_objects(number_of(stack))) lost.name = kLostObjects;
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
      const size_t victim = result.size() - (result.back().kind == "lost" ? 2 : 1);
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
  void add(const read::OwnersShare& share) {
    std::vector<std::string> steps;
    uint32_t at = share.path;
    uint32_t first = 0;  // step of the way
    for (; owners_.paths[at].parent != 0; at = owners_.paths[at].parent) {
      const std::string step = step_of(owners_.paths[at]);
      if (!step.empty()) steps.push_back(step);
      first = at;
    }
    const read::OwnersPath& begin = owners_.paths[at];
    const read::OwnersRoot& root = owners_.roots[begin.root];
    const std::string kind = kind_of(root.kind);
    std::string name = begin.name != 0 ? owners_.labels[begin.name] : root_name(root);
    // A variable is told with the type of what it holds.
    if (begin.name != 0 && !steps.empty() && owners_.paths[first].type != 0) {
      name += " (" + steps.back() + ")";
      steps.pop_back();
    }
    if (root.kind == RootKind::kGarbage) steps.clear();  // in circles there is no way
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

  bool has_objects(uint32_t stack) const {
    const auto found = stacks_.find(stack);
    return owners_.labels.size() > 1 && found != stacks_.end() &&
           found->second->heap == read::Heap::kObjects;
  }

  // Empty for what an object needs besides: it is told with the object.
  std::string step_of(const read::OwnersPath& path) {
    if (path.type == 0 && has_objects(path.stack)) return "";
    if (path.type != 0) {
      const std::string& type = owners_.labels[path.type];
      if (path.name != 0) return owners_.labels[path.name] + " (" + type + ")";
      return path.run ? "chain of " + type : type;
    }
    const auto [known, added] = step_names_.try_emplace(path.stack);
    if (added) known->second = stack_name(path.stack);
    const std::string& name = known->second;
    if (!path.run || name.find(' ') != std::string::npos) return name;
    return "chain of " + name;
  }

  // "hash table", or the function that made the block.
  std::string stack_name(uint32_t id) {
    const auto found = stacks_.find(id);
    if (found == stacks_.end()) return "?";
    const FrameList frames = frames_of(recording_, *found->second, names_);
    if (frames.empty()) return "?";
    const size_t site = find_site(frames);
    for (size_t i = 0; i < site; ++i) {
      for (const Container& container : kContainers) {
        if (frames[i].function.find(container.part) != std::string::npos) return container.word;
      }
    }
    const symbolize::Frame& frame = frames[site];
    return frame.function.empty() ? place_of(frame) : plain_name(frame.function);
  }

  std::string root_name(const read::OwnersRoot& root) {
    switch (root.kind) {
      case RootKind::kData:
        return data_name(root);
      case RootKind::kThreadLocal:
        return thread_local_name(root);
      case RootKind::kStack:
        return "the stack of thread " + std::to_string(root.place) + in_function(root.pc);
      case RootKind::kRegister:
        return "a register of thread " + std::to_string(root.place);
      case RootKind::kMapping:
        return root.place == 0 ? "an anonymous mapping"
                               : "an anonymous mapping made by " + stack_name(root.place);
      case RootKind::kManagedHeap:
        return "the JavaScript heap";
      case RootKind::kObject:
        return root.place == 0 ? "a Python object"
                               : "a Python object made by " + stack_name(root.place);
      case RootKind::kStaleStack:
        return "only a stale word in the stack of thread " + std::to_string(root.place);
      case RootKind::kGarbage:
        return root.place == 0 ? kGarbage : kGarbageForEver;
      case RootKind::kOther:
        return "anonymous memory of unknown use";
      case RootKind::kUnlisted:
        break;
    }
    return "owners beyond those listed";
  }

  // ", in worker_loop": whose frame it is, by the return address into it.
  std::string in_function(uint64_t pc) {
    if (pc == 0 || !functions_) return "";
    const read::OwnersModule* found = nullptr;
    for (const read::OwnersModule& module : owners_.modules) {
      if (module.load_bias < pc && (found == nullptr || module.load_bias > found->load_bias)) {
        found = &module;
      }
    }
    const std::string name = found == nullptr ? "" : functions_(*found, pc - 1 - found->load_bias);
    return name.empty() ? "" : ", in " + plain_name(name);
  }

  std::string data_name(const read::OwnersRoot& root) {
    const read::OwnersModule& module = owners_.modules[root.place];
    const uint64_t address = root.address - module.load_bias;
    const symbolize::DataName name =
        variables_ ? variables_(module, address, false) : symbolize::DataName{};
    const std::string file = std::filesystem::path(module.path).filename().native();
    const std::string where = " (" + file + (name.section.empty() ? "" : " " + name.section) + ")";
    return (name.variable.empty() ? hexadecimal(address) : without_index(name.variable)) + where;
  }

  // The program's own thread-local variables end at the thread pointer.
  std::string thread_local_name(const read::OwnersRoot& root) {
    const std::string whose = " of thread " + std::to_string(root.place);
    if (root.offset >= 0) return "the thread descriptor" + whose;
    const auto distance = static_cast<uint64_t>(-root.offset);
    for (const read::OwnersModule& module : owners_.modules) {
      if (!module.main || distance > module.tls_size || !variables_) continue;
      const symbolize::DataName name = variables_(module, module.tls_size - distance, true);
      if (!name.variable.empty()) return name.variable + " (thread_local," + whose + ")";
    }
    return "thread-local variables" + whose;
  }

  const read::Recording& recording_;
  const read::Owners& owners_;
  const NodeFrames& names_;
  const VariableNames& variables_;
  const FunctionNames& functions_;
  std::unordered_map<uint32_t, const read::Stack*> stacks_;
  std::unordered_multimap<uint32_t, const read::OwnersRow*> rows_;
  std::unordered_multimap<uint32_t, const read::OwnersType*> types_;
  std::unordered_map<uint32_t, std::string> step_names_;
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
             "record "
             "without --sample";
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
