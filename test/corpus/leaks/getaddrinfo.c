// SPDX-License-Identifier: Apache-2.0
//
// A C interface used wrongly: getaddrinfo without freeaddrinfo. The blocks are made deep in libc.
//
// truth: leak addresses

#include <netdb.h>
#include <sys/socket.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static int resolve(const char* host, const char* port) {
  struct addrinfo hints;
  memset(&hints, 0, sizeof hints);
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  struct addrinfo* addresses = NULL;
  const int status = getaddrinfo(host, port, &hints, &addresses);  // LEAK: addresses
  if (status != 0) return -1;
  return addresses->ai_family;
}

int main(void) {
  int families = 0;
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 160; i++) {
      families += resolve(i % 3 == 0 ? "::1" : "127.0.0.1", "8080") > 0;
      pace(i, 160);
    }
    take_snapshot();
  }
  return families == 0;
}
