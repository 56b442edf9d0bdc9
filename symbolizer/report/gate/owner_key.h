// SPDX-License-Identifier: Apache-2.0
//
// Who keeps a finding's memory, as the gate's files write it: in a suppression's pattern, and as a
// place of a baseline.

#ifndef SILT_SYMBOLIZER_REPORT_GATE_OWNER_KEY_H_
#define SILT_SYMBOLIZER_REPORT_GATE_OWNER_KEY_H_

#include <string>

#include "symbolizer/report/report.h"

namespace silt::report {

// What the owner that is known may leave to others: a stray word that looks like a pointer.
inline constexpr double kOwnersShare = 0.9;

// "server.table_.sessions_ (owned .bss)", "cache (Map) in /srv/app.js".
std::string owner_text(const OwnerLine& owner);

// One line of text, equal for the same variable or property in another build: of the one that keeps
// nearly all of the finding. Empty where none does, or where what does has no name that lasts.
std::string owner_key(const Finding& finding);

}  // namespace silt::report

#endif  // SILT_SYMBOLIZER_REPORT_GATE_OWNER_KEY_H_
