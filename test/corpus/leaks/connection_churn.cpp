// SPDX-License-Identifier: Apache-2.0
//
// Connections come and go at random, a few hundred at a time, and live for some rounds. One close
// in ten is an error, after which the input buffer is forgotten: a leak among blocks of the same
// place that live long.
//
// truth: leak input

#include <cstring>
#include <string>
#include <vector>

#include "test/corpus/rounds.h"

struct Connection {
  std::string peer;
  char* input = nullptr;
};

class Server {
 public:
  SILT_NOINLINE void accept(int number) {
    auto* connection = new Connection;
    connection->peer = "the address of the peer with the number " + std::to_string(number);
    connection->input = new char[600 + chance(800)];  // LEAK: input
    connection->input[0] = 1;
    connections_.push_back(connection);
  }
  SILT_NOINLINE void close_one(bool error) {
    const size_t at = chance(static_cast<uint32_t>(connections_.size()));
    Connection* connection = connections_[at];
    connections_[at] = connections_.back();
    connections_.pop_back();
    if (!error) delete[] connection->input;
    delete connection;
  }
  size_t size() const { return connections_.size(); }

 private:
  std::vector<Connection*> connections_;
};

int main() {
  Server server;
  for (int i = 0; i < 150; i++) server.accept(i);
  for (int round = 0; round < 12; round++) {
    for (int i = 0; i < 240; i++) {
      server.accept(round * 240 + i);
      server.close_one(i % 10 == 3);
      pace(i, 240);
    }
    take_snapshot();
  }
  _exit(server.size() == 0);
}
