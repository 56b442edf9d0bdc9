// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/report/gate/policy_template.h"

namespace silt::report {

std::string_view policy_template() {
  return R"(# What may grow, for 'silt check --policy' and 'silt soak --policy'. TOML.
# Each key stands here with its default; take away the "# " before one to change it.

# Which verdicts break the policy: "leak", or ["leak", "growing"].
# verdicts = "leak"

# How fast one finding may grow in an hour: 0 for not at all, "64 kB", "1.5 MB", or "none" for no
# limit.
# growth-per-hour = 0

# The same for all findings together.
# total-growth-per-hour = "none"

# How much one finding may grow for each unit of work, as '--work' counts them.
# bytes-per-work = "none"

# Findings that silt is less sure of are inconclusive: 0 to 1.
# confidence = 0.5

# A run of fewer snapshots is inconclusive.
# snapshots = 4

# So is a run that would have missed a leak of this size an hour: "1 MB".
# detectable = "none"

# Whether what is inconclusive lets the job pass: "pass", or "fail" with exit status 4.
# inconclusive = "pass"

# Memory that grows as a whole without a place to blame, and may not be a leak: "inconclusive" (exit
# status 4), "pass" or "fail". A leak of the whole always fails.
# whole = "inconclusive"

# Processes that were recorded and could not be judged: "fail" (exit status 4) or "pass".
# unjudged = "fail"

# What holds for findings with this text in the path of their module or source file. Limits only.
# [module.libvendor]
# growth-per-hour = "1 MB"
)";
}

}  // namespace silt::report
