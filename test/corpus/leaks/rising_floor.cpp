// SPDX-License-Identifier: Apache-2.0
//
// A batch that is released every third round, except for the rows that were rejected: a sawtooth
// whose floor rises. Not every window grows, so `growing` is as right.
//
// truth: leak row or growing

#include <memory>
#include <vector>

#include "test/corpus/rounds.h"

struct Row {
  bool rejected;
  char text[100];
};

class Batch {
 public:
  SILT_NOINLINE void add(bool rejected) { rows_.push_back(new Row{rejected, {}}); }  // LEAK: row
  void commit() {
    std::vector<Row*> rejected;
    for (Row* row : rows_) {
      if (row->rejected) {
        rejected.push_back(row);
      } else {
        delete row;
      }
    }
    rows_ = std::move(rejected);
  }
  size_t size() const { return rows_.size(); }

 private:
  std::vector<Row*> rows_;
};

int main() {
  Batch batch;
  for (int round = 0; round < 12; round++) {
    if (round % 3 == 0) batch.commit();
    for (int i = 0; i < 240; i++) {
      batch.add(chance(4) == 0);
      pace(i, 240);
    }
    take_snapshot();
  }
  return batch.size() == 0;
}
