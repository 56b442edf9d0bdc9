// SPDX-License-Identifier: Apache-2.0
//
// A map entry for each session, never erased: a node, a key string and a value string, each with a
// stack of its own inside libstdc++. One finding, named by the line that inserts.
//
// truth: leak session

#include <map>
#include <string>

#include "test/corpus/rounds.h"

class SessionTable {
 public:
  SILT_NOINLINE void add(int user) {
    const std::string prefix = "session-of-a-user-with-a-long-name-";
    sessions_.emplace(prefix + std::to_string(user), std::string(120, 'v'));  // LEAK: session
  }
  size_t size() const { return sessions_.size(); }

 private:
  std::map<std::string, std::string> sessions_;
};

int main() {
  auto* table = new SessionTable;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 192; i++) {
      table->add(round * 1000 + i);
      pace(i, 192);
    }
    take_snapshot();
  }
  _exit(table->size() == 0);
}
