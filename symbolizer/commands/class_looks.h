// SPDX-License-Identifier: Apache-2.0
//
// Looks at heaps that list their objects by class: of Java virtual machines, which silt does not
// join. Each look has the machine collect all garbage first, and is kept beside the snapshots.

#ifndef SILT_SYMBOLIZER_COMMANDS_CLASS_LOOKS_H_
#define SILT_SYMBOLIZER_COMMANDS_CLASS_LOOKS_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace silt::commands {

// After a snapshot, of which this is the path. Does nothing to a process that is no Java virtual
// machine; what fails is told, and is in the report.
void look_at_classes(pid_t pid, const std::string& snapshot, double seconds);

// The same at the rounds of a soak, where it is told in the report only.
class SoakClassLooks {
 public:
  // Of `rounds` in all.
  void take(const std::vector<std::pair<pid_t, std::string>>& processes, size_t round,
            size_t rounds, const std::function<bool()>& goes_on);

 private:
  std::map<pid_t, size_t> failures_;
};

// Whether there is a look at this round, from 0 on: at all of them, or at some of very many.
bool is_round_of_classes(size_t round, size_t rounds);

}  // namespace silt::commands

#endif  // SILT_SYMBOLIZER_COMMANDS_CLASS_LOOKS_H_
