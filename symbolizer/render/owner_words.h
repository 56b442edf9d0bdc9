// SPDX-License-Identifier: Apache-2.0
//
// Who keeps it, in words. Names come from the program: renderers escape them.

#ifndef SILT_SYMBOLIZER_RENDER_OWNER_WORDS_H_
#define SILT_SYMBOLIZER_RENDER_OWNER_WORDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "symbolizer/report/report.h"

namespace silt::render {

// One line for each variable, largest first, with as much of the way from there as most of what it
// keeps has in common: a table's nodes, keys and values are all kept by the table.
std::vector<report::OwnerLine> owners_by_variable(const std::vector<report::OwnerLine>& owners);

// Who keeps what is live, largest first and at most so many, each in one line: "98 % kept
// by server.table_ (session_server .bss) → hash table"; what is lost is among them. Where not all
// are wanted, a variable has one line, however many ways lead from it.
inline constexpr size_t kAllOwners = SIZE_MAX;
std::vector<std::string> owner_texts(const std::vector<report::OwnerLine>& owners, size_t most);

}  // namespace silt::render

#endif  // SILT_SYMBOLIZER_RENDER_OWNER_WORDS_H_
