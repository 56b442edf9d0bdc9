// SPDX-License-Identifier: Apache-2.0
//
// A batch of records that is released every fourth round; the run ends at the top of a tooth, after
// three rises in a row.
//
// truth: healthy

#include <string>
#include <vector>

#include "test/corpus/rounds.h"

class Batch {
 public:
  SILT_NOINLINE void add(int id) {
    records_.push_back("a record that is too long to be kept inline " + std::to_string(id));
  }
  SILT_NOINLINE size_t commit() {
    const size_t size = records_.size();
    std::vector<std::string>().swap(records_);
    return size;
  }

 private:
  std::vector<std::string> records_;
};

int main() {
  Batch batch;
  size_t committed = 0;
  for (int round = 0; round < 12; round++) {
    if (round % 4 == 0) committed += batch.commit();
    for (int i = 0; i < 240; i++) {
      batch.add(i);
      pace(i, 240);
    }
    take_snapshot();
  }
  _exit(committed == 0);
}
