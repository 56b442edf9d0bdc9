// SPDX-License-Identifier: Apache-2.0
//
// What the roots and the steps of a path are called: variables by their symbols, stacks and
// mappings by functions, containers of the standard library by a word.

#ifndef SILT_SYMBOLIZER_REPORT_OWNER_NAMES_H_
#define SILT_SYMBOLIZER_REPORT_OWNER_NAMES_H_

#include <cstdint>
#include <string>
#include <unordered_map>

#include "symbolizer/read/recording.h"
#include "symbolizer/report/owners.h"

namespace silt::report {

// What stands as `kind` in reports (docs/owners.md).
const char* owner_kind_of(format::RootKind kind);

class OwnerNames {
 public:
  // The recording has owners. All must stay.
  OwnerNames(const read::Recording& recording, const NodeFrames& names,
             const VariableNames& variables, const FunctionNames& functions);

  // Whether the blocks of a stack are objects of a runtime whose types are known.
  bool has_objects(uint32_t stack) const;
  // Empty for what an object needs besides: it is told with the object.
  std::string step_of(const read::OwnersPath& path);
  std::string root_name(const read::OwnersRoot& root);

 private:
  std::string stack_name(uint32_t id);
  std::string in_function(uint64_t pc);
  std::string data_name(const read::OwnersRoot& root);
  std::string thread_local_name(const read::OwnersRoot& root);

  const read::Recording& recording_;
  const read::Owners& owners_;
  const NodeFrames& names_;
  const VariableNames& variables_;
  const FunctionNames& functions_;
  std::unordered_map<uint32_t, const read::Stack*> stacks_;
  std::unordered_map<uint32_t, std::string> step_names_;
};

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_OWNER_NAMES_H_
