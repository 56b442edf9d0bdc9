// SPDX-License-Identifier: Apache-2.0
//
// The C interfaces that the leaking programs misuse, used rightly.
//
// truth: healthy

#include <netdb.h>
#include <regex.h>
#include <sys/socket.h>

#include "test/corpus/rounds.h"

SILT_NOINLINE static int handle(int id) {
  struct addrinfo hints;
  memset(&hints, 0, sizeof hints);
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  struct addrinfo* addresses = NULL;
  if (getaddrinfo("127.0.0.1", "80", &hints, &addresses) != 0) return -1;
  freeaddrinfo(addresses);

  regex_t pattern;
  if (regcomp(&pattern, "^/items/([0-9]+)$", REG_EXTENDED) != 0) return -1;
  const int matched = regexec(&pattern, "/items/12", 0, NULL, 0);
  regfree(&pattern);

  char* page = NULL;
  size_t size = 0;
  FILE* stream = open_memstream(&page, &size);
  fprintf(stream, "item %d", id);
  fclose(stream);
  free(page);

  char* message = NULL;
  const int length = asprintf(&message, "item %d", id);
  free(message);
  return matched + length;
}

int main(void) {
  int total = 0;
  for (int round = 0; round < 8; round++) {
    for (int i = 0; i < 64; i++) {
      total += handle(i);
      pace(i, 64);
    }
    take_snapshot();
  }
  return total == 0;
}
