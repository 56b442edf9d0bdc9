// SPDX-License-Identifier: Apache-2.0
//
// A client reconnects a few times in each round and makes a new session state each time; the old
// one's transcript is forgotten, its buffers are freed.
//
// truth: leak transcript

#include "test/corpus/rounds.h"

struct Connection {
  char* input;
  char* output;
  char* transcript;
};

SILT_NOINLINE static void connect_to(struct Connection* connection, int attempt) {
  connection->input = malloc(8192);
  connection->output = malloc(8192);
  connection->transcript = malloc(512);  // LEAK: transcript
  snprintf(connection->transcript, 512, "attempt %d", attempt);
}

SILT_NOINLINE static void disconnect(struct Connection* connection) {
  free(connection->input);
  free(connection->output);
  connection->transcript = NULL;
}

int main(void) {
  struct Connection connection;
  connect_to(&connection, 0);
  for (int round = 0; round < 8; round++) {
    const int drops = 3 + (int)chance(4);
    for (int i = 0; i < 320; i++) {
      memset(connection.output, i, 512);
      keep(connection.output);
      if (i % (320 / drops) == 17) {
        disconnect(&connection);
        connect_to(&connection, i);
      }
      pace(i, 320);
    }
    take_snapshot();
  }
  _exit(0);
}
