// SPDX-License-Identifier: Apache-2.0
//
// A leak below layers of the standard library: a lambda run by std::visit inside a
// std::transform, called through std::function, keeps what it should return. The site is the
// lambda's line and no line of a header.
//
// truth: leak shape

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "test/corpus/rounds.h"

struct Circle {
  double radius;
};
using Corners = std::vector<std::pair<double, double>>;
struct Polygon {
  Corners corners;
};
using Shape = std::variant<Circle, Polygon>;

template <typename Result, typename Argument>
class Pipeline {
 public:
  explicit Pipeline(std::function<Result(const Argument&)> stage) : stage_(std::move(stage)) {}
  std::vector<Result> run(const std::vector<Argument>& arguments) const {
    std::vector<Result> results(arguments.size());
    std::transform(arguments.begin(), arguments.end(), results.begin(), stage_);
    return results;
  }

 private:
  std::function<Result(const Argument&)> stage_;
};

static double measure(const Shape& shape) {
  return std::visit(
      [](const auto& figure) {
        using Figure = std::decay_t<decltype(figure)>;
        if constexpr (std::is_same_v<Figure, Circle>) {
          return 3.14 * figure.radius * figure.radius;
        } else {
          auto copy = std::make_unique<Corners>(figure.corners);  // LEAK: shape
          keep(copy.get());
          return static_cast<double>(copy.release()->size());
        }
      },
      shape);
}

int main() {
  const Pipeline<double, Shape> areas(measure);
  double sum = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < 80; i++) {
      std::vector<Shape> shapes;
      shapes.emplace_back(Circle{1.0 * i});
      shapes.emplace_back(Polygon{{{0, 0}, {0, 1}, {1, 1}, {1, 0}}});
      const std::vector<double> results = areas.run(shapes);
      sum += std::accumulate(results.begin(), results.end(), 0.0);
      pace(i, 80);
    }
    take_snapshot();
  }
  return sum < 0;
}
