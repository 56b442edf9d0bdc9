// SPDX-License-Identifier: Apache-2.0
//
// See owner_names.h.

#include "symbolizer/report/owner_names.h"

#include <filesystem>

#include "symbolizer/base/quantity.h"
#include "symbolizer/report/findings/stack_site.h"
#include "symbolizer/report/site.h"

namespace silt::report {
namespace {

using format::RootKind;
using symbolize::FrameList;

constexpr char kGarbage[] =
    "they only refer to one another, and the garbage collector has not come to them";
constexpr char kGarbageForEver[] =
    "they only refer to one another, and the garbage collector is switched off";

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

}  // namespace

const char* owner_kind_of(RootKind kind) {
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
    case RootKind::kLost:
      return "lost";
    case RootKind::kStaleStack:
    case RootKind::kOther:
    case RootKind::kUnlisted:
      break;
  }
  return "unknown";
}

OwnerNames::OwnerNames(const read::Recording& recording, const NodeFrames& names,
                       const VariableNames& variables, const FunctionNames& functions)
    : recording_(recording),
      owners_(*recording.owners),
      names_(names),
      variables_(variables),
      functions_(functions) {
  for (const read::Stack& stack : recording.stacks)
    stacks_.try_emplace(number_of(stack.id), &stack);
}

bool OwnerNames::has_objects(uint32_t stack) const {
  const auto found = stacks_.find(stack);
  return owners_.labels.size() > 1 && found != stacks_.end() &&
         found->second->heap == read::Heap::kObjects;
}

std::string OwnerNames::step_of(const read::OwnersPath& path) {
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
std::string OwnerNames::stack_name(uint32_t id) {
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

std::string OwnerNames::root_name(const read::OwnersRoot& root) {
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
    case RootKind::kLost:
      return "";
    case RootKind::kUnlisted:
      break;
  }
  return "owners beyond those listed";
}

// ", in worker_loop": whose frame it is, by the return address into it.
std::string OwnerNames::in_function(uint64_t pc) {
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

std::string OwnerNames::data_name(const read::OwnersRoot& root) {
  const read::OwnersModule& module = owners_.modules[root.place];
  const uint64_t address = root.address - module.load_bias;
  const symbolize::DataName name =
      variables_ ? variables_(module, address, false) : symbolize::DataName{};
  const std::string file = std::filesystem::path(module.path).filename().native();
  const std::string where = " (" + file + (name.section.empty() ? "" : " " + name.section) + ")";
  return (name.variable.empty() ? hexadecimal(address) : without_index(name.variable)) + where;
}

// The program's own thread-local variables end at the thread pointer.
std::string OwnerNames::thread_local_name(const read::OwnersRoot& root) {
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

}  // namespace silt::report
