// SPDX-License-Identifier: Apache-2.0
//
// The plugin of plugin_codec.c: builds a decoding table for each call and frees its output only.

#include <stdlib.h>
#include <string.h>

int codec_decode(const char* text);

int codec_decode(const char* text) {
  signed char* table = malloc(256);  // LEAK: table
  if (table == NULL) return -1;
  memset(table, -1, 256);
  for (int i = 0; i < 26; i++) {
    table['A' + i] = (signed char)i;
    table['a' + i] = (signed char)(26 + i);
  }
  char* output = malloc(strlen(text));
  int size = 0;
  for (const char* c = text; *c != '\0'; c++) {
    if (table[(unsigned char)*c] >= 0) output[size++] = (char)table[(unsigned char)*c];
  }
  const int first = size > 0 ? output[0] + 1 : 0;
  free(output);
  __asm__ volatile("" ::"g"(table) : "memory");
  return first;
}
