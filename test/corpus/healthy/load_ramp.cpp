// SPDX-License-Identifier: Apache-2.0
//
// Sessions expire after a fixed number of requests; the traffic itself rises through the first half
// of the run and then stays. Live memory follows the load.
//
// truth: healthy

#include <deque>
#include <memory>
#include <string>

#include "test/corpus/rounds.h"

struct Session {
  std::string user;
  int expires;
};

static std::deque<std::unique_ptr<Session>> sessions;

SILT_NOINLINE static void open_session(int now) {
  auto session = std::make_unique<Session>();
  session->user = "a user with a long name and number " + std::to_string(now);
  session->expires = now + 160;
  sessions.push_back(std::move(session));
}

int main() {
  int now = 0;
  for (int round = 0; round < 12; round++) {
    const uint32_t load = round < 6 ? 15 * (static_cast<uint32_t>(round) + 1) : 90;
    for (int i = 0; i < 320; i++) {
      now++;
      if (chance(100) < load) open_session(now);
      while (!sessions.empty() && sessions.front()->expires <= now) sessions.pop_front();
      pace(i, 320);
    }
    take_snapshot();
  }
  return 0;
}
