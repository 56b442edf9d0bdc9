// SPDX-License-Identifier: Apache-2.0
//
// What the benchmark has cc1plus compile: templates of the standard library in quantity. It is
// preprocessed once; the runs that are timed read no headers.

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <int N>
struct Stage {
  using Key = std::tuple<std::string, int, std::variant<int, double, std::string>>;
  std::map<Key, std::vector<std::shared_ptr<Stage>>> table;
  std::function<int(const Key&)> weigh = [](const Key& key) { return std::get<1>(key) + N; };

  int run() {
    int sum = 0;
    for (auto& [key, stages] : table) {
      sum += weigh(key);
      std::sort(stages.begin(), stages.end());
      sum += std::accumulate(stages.begin(), stages.end(), 0,
                             [](int value, const auto& stage) { return value + stage->run(); });
    }
    return sum + Stage<N - 1>().run();
  }
};

template <>
struct Stage<0> {
  int run() { return std::regex_match("abc", std::regex("[a-c]+")) ? 1 : 0; }
};

int run_all() { return Stage<12>().run(); }
