// SPDX-License-Identifier: Apache-2.0
//
// A hash table written by hand that nobody prunes: entries and keys a few a request, and a bucket
// array that is rebuilt now and then. All of it is one leak, seen at the insertion.
//
// truth: leak entry

#include "test/corpus/rounds.h"

struct Entry {
  struct Entry* next;
  char* key;
  int hits;
};

struct Table {
  struct Entry** buckets;
  size_t bucket_count;
  size_t size;
};

static size_t hash(const char* key) {
  size_t value = 5381;
  for (; *key != '\0'; key++) value = value * 33 + (unsigned char)*key;
  return value;
}

static void rehash(struct Table* table, size_t bucket_count) {
  struct Entry** buckets = calloc(bucket_count, sizeof *buckets);  // LEAK: entry
  for (size_t i = 0; i < table->bucket_count; i++) {
    while (table->buckets[i] != NULL) {
      struct Entry* entry = table->buckets[i];
      table->buckets[i] = entry->next;
      struct Entry** bucket = &buckets[hash(entry->key) % bucket_count];
      entry->next = *bucket;
      *bucket = entry;
    }
  }
  free(table->buckets);
  table->buckets = buckets;
  table->bucket_count = bucket_count;
}

SILT_NOINLINE static void count_visit(struct Table* table, const char* key) {
  if (table->size == table->bucket_count) rehash(table, table->bucket_count * 2);  // LEAK: entry
  struct Entry** bucket = &table->buckets[hash(key) % table->bucket_count];
  for (struct Entry* entry = *bucket; entry != NULL; entry = entry->next) {
    if (strcmp(entry->key, key) == 0) {
      entry->hits++;
      return;
    }
  }
  struct Entry* entry = malloc(sizeof *entry);  // LEAK: entry
  entry->key = strdup(key);                     // LEAK: entry
  entry->hits = 1;
  entry->next = *bucket;
  *bucket = entry;
  table->size++;
}

int main(void) {
  struct Table visits = {calloc(16, sizeof(struct Entry*)), 16, 0};
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 400; i++) {
      char address[64];
      snprintf(address, sizeof address, "10.%d.%d.%d", round, i / 250, i % 250);
      count_visit(&visits, address);
      pace(i, 400);
    }
    take_snapshot();
  }
  return visits.size == 0;
}
