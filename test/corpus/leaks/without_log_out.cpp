// SPDX-License-Identifier: Apache-2.0
//
// Nine users in ten log out and their session is erased; the tenth just leaves. High turnover and a
// tenth of every generation that stays.
//
// truth: leak session

#include <string>
#include <unordered_map>

#include "test/corpus/rounds.h"

class Sessions {
 public:
  SILT_NOINLINE void log_in(int user) {
    sessions_.emplace(name(user), std::string(90, 's'));  // LEAK: session
  }
  void log_out(int user) { sessions_.erase(name(user)); }
  size_t size() const { return sessions_.size(); }

 private:
  static std::string name(int user) {
    return "session-of-the-user-with-number-" + std::to_string(user);
  }
  std::unordered_map<std::string, std::string> sessions_;
};

int main() {
  Sessions sessions;
  int user = 0;
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 320; i++) {
      sessions.log_in(++user);
      const int leaving = user - 150;
      if (leaving > 0 && leaving % 10 != 3) sessions.log_out(leaving);
      pace(i, 320);
    }
    take_snapshot();
  }
  return sessions.size() == 0;
}
