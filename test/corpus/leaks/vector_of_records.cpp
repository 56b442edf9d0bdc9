// SPDX-License-Identifier: Apache-2.0
//
// A vector that is pushed to forever. Its elements own text, so growth is steady; its array doubles
// now and then. All of it is freed when main returns.
//
// truth: leak record

#include <string>
#include <vector>

#include "test/corpus/rounds.h"

struct Record {
  Record(int new_id, size_t size) : id(new_id), text(size, 'r') {}
  int id;
  std::string text;
};

class History {
 public:
  SILT_NOINLINE void add(int id) {
    records_.emplace_back(id, 60 + id % 40);  // LEAK: record
  }
  size_t size() const { return records_.size(); }

 private:
  std::vector<Record> records_;
};

int main() {
  History history;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 240; i++) {
      history.add(i);
      pace(i, 240);
    }
    take_snapshot();
  }
  return history.size() == 0;
}
