// SPDX-License-Identifier: Apache-2.0
//
// Owners in the gate's files; see the header.

#include "symbolizer/report/gate/owner_key.h"

#include <string_view>

#include "symbolizer/report/origin.h"

namespace silt::report {

std::string owner_text(const OwnerLine& owner) {
  if (owner.what.empty()) return owner.name;
  const std::string what = owner.name.empty() ? owner.what : owner.name + " (" + owner.what + ")";
  return owner.place.empty() ? what : what + " in " + owner.place;
}

std::string owner_key(const Finding& finding) {
  for (const OwnerLine& owner : finding.owners) {
    // Stacks, mappings and words of unknown use are others in each run.
    const bool lasts =
        owner.kind == "global" || owner.kind == "thread_local" || owner.kind == "js_object";
    if (owner.share < kOwnersShare || !lasts || owner.name.empty()) continue;
    OwnerLine named = owner;
    named.place = base_name(owner.place);  // the folder is where it was built, or runs
    std::string key =
        std::to_string(static_cast<int>(finding.heap)) + "|owner|" + owner_text(named);
    std::erase_if(key, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    return key;
  }
  return "";
}

}  // namespace silt::report
