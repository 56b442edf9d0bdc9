// SPDX-License-Identifier: Apache-2.0
//
// The plainest leak: each request makes a small structure and nobody frees it.
//
// truth: leak request

#include "test/corpus/rounds.h"

struct Request {
  int id;
  char method[8];
  double received;
};

SILT_NOINLINE static int handle(int id) {
  struct Request* request = malloc(sizeof *request);  // LEAK: request
  request->id = id;
  strcpy(request->method, "GET");
  request->received = id * 0.5;
  keep(request);
  return request->id % 200;
}

int main(void) {
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 400; i++) {
      handle(round * 400 + i);
      pace(i, 400);
    }
    take_snapshot();
  }
  return 0;
}
