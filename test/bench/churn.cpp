// SPDX-License-Identifier: Apache-2.0
//
// A C++ program that lives on its allocator: maps, strings, shared pointers and JSON-like trees,
// built, printed, parsed and dropped over and over. It stands for application code, where the same
// containers allocate from many places at changing depth. Each thread works on its own data with
// the same code, so threads share every stack. The result does not depend on time or addresses:
// the checksum must be the same with any profiler and with none.
//
// usage: churn THREADS ROUNDS

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2654435769u + 1) {}
  uint32_t below(uint32_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<uint32_t>((state_ >> 11) % limit);
  }

 private:
  uint64_t state_;
};

uint64_t hash(std::string_view text) {
  uint64_t value = 1469598103934665603u;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return value;
}

struct Tree;
using Array = std::vector<std::shared_ptr<Tree>>;
using Object = std::map<std::string, std::shared_ptr<Tree>>;

struct Tree {
  std::variant<std::monostate, int64_t, std::string, Array, Object> value;
};

std::string random_word(Random& random) {
  std::string word(4 + random.below(28), 'a');
  for (char& c : word) c = static_cast<char>('a' + random.below(26));
  return word;
}

std::shared_ptr<Tree> build(Random& random, int depth) {
  auto tree = std::make_shared<Tree>();
  const uint32_t kind = depth == 0 ? random.below(3) : 3 + random.below(2);
  if (kind == 1) {
    tree->value = static_cast<int64_t>(random.below(1000000));
  } else if (kind == 2) {
    tree->value = random_word(random);
  } else if (kind == 3) {
    Array array;
    const uint32_t count = 2 + random.below(4);
    for (uint32_t i = 0; i < count; ++i) array.push_back(build(random, depth - 1));
    tree->value = std::move(array);
  } else if (kind == 4) {
    Object object;
    const uint32_t count = 2 + random.below(4);
    for (uint32_t i = 0; i < count; ++i)
      object.emplace(random_word(random), build(random, depth - 1));
    tree->value = std::move(object);
  }
  return tree;
}

void print(const Tree& tree, std::string& out) {
  if (const auto* number = std::get_if<int64_t>(&tree.value)) {
    out += std::to_string(*number);
  } else if (const auto* text = std::get_if<std::string>(&tree.value)) {
    out += '"' + *text + '"';
  } else if (const auto* array = std::get_if<Array>(&tree.value)) {
    out += '[';
    for (const auto& item : *array) {
      print(*item, out);
      out += ',';
    }
    out += ']';
  } else if (const auto* object = std::get_if<Object>(&tree.value)) {
    out += '{';
    for (const auto& [key, item] : *object) {
      out += '"' + key + "\":";
      print(*item, out);
      out += ',';
    }
    out += '}';
  } else {
    out += "null";
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::shared_ptr<Tree> parse() {
    auto tree = std::make_shared<Tree>();
    const char c = text_.at(position_);
    if (c == '[') {
      tree->value = parse_array();
    } else if (c == '{') {
      tree->value = parse_object();
    } else if (c == '"') {
      tree->value = parse_text();
    } else if (c == 'n') {
      position_ += 4;
    } else {
      tree->value = parse_number();
    }
    return tree;
  }

 private:
  Array parse_array() {
    Array array;
    ++position_;
    while (text_.at(position_) != ']') {
      array.push_back(parse());
      ++position_;
    }
    ++position_;
    return array;
  }

  Object parse_object() {
    Object object;
    ++position_;
    while (text_.at(position_) != '}') {
      std::string key = parse_text();
      ++position_;
      object.emplace(std::move(key), parse());
      ++position_;
    }
    ++position_;
    return object;
  }

  std::string parse_text() {
    const size_t end = text_.find('"', position_ + 1);
    std::string text(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return text;
  }

  int64_t parse_number() {
    int64_t number = 0;
    while (text_.at(position_) >= '0' && text_.at(position_) <= '9') {
      number = number * 10 + (text_[position_++] - '0');
    }
    return number;
  }

  std::string_view text_;
  size_t position_ = 0;
};

// A session cache at its bound: the oldest go as new ones come.
struct Session {
  std::string user;
  std::vector<std::string> history;
  std::shared_ptr<Tree> state;
};

class Sessions {
 public:
  void touch(const std::string& user, std::shared_ptr<Tree> state) {
    auto [place, fresh] = sessions_.try_emplace(user);
    if (fresh) {
      place->second = std::make_shared<Session>();
      place->second->user = user;
      order_.push_back(user);
    }
    place->second->history.push_back(user + " was here");
    if (place->second->history.size() > 8)
      place->second->history.erase(place->second->history.begin());
    place->second->state = std::move(state);
    while (order_.size() > kLimit) {
      sessions_.erase(order_.front());
      order_.pop_front();
    }
  }
  size_t size() const { return sessions_.size(); }

 private:
  static constexpr size_t kLimit = 500;
  std::unordered_map<std::string, std::shared_ptr<Session>> sessions_;
  std::deque<std::string> order_;
};

uint64_t work(uint64_t seed, int rounds) {
  Random random(seed);
  Sessions sessions;
  uint64_t sum = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto tree = build(random, 4);
    std::string text;
    print(*tree, text);
    const auto again = Parser(text).parse();
    std::string second;
    print(*again, second);
    if (text != second) std::abort();
    sum = sum * 31 + hash(second);
    sessions.touch("user" + std::to_string(random.below(2000)) + " of the long name", again);

    std::map<std::string, int> words;
    for (int i = 0; i < 100; ++i) ++words[random_word(random)];
    for (const auto& [word, count] : words) sum += hash(word) * static_cast<uint64_t>(count);
  }
  return sum + sessions.size();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[1]) < 1 || std::atoi(argv[2]) < 1) {
    std::fprintf(stderr, "usage: churn THREADS ROUNDS\n");
    return 2;
  }
  const int threads = std::atoi(argv[1]);
  const int rounds = std::atoi(argv[2]);
  std::vector<uint64_t> sums(static_cast<size_t>(threads));
  std::vector<std::thread> workers;
  for (int i = 1; i < threads; ++i) {
    workers.emplace_back([&sums, i, rounds] {
      sums[static_cast<size_t>(i)] = work(static_cast<uint64_t>(i) + 1, rounds);
    });
  }
  sums[0] = work(1, rounds);
  for (std::thread& worker : workers) worker.join();
  uint64_t total = 0;
  for (const uint64_t sum : sums) total = total * 1000003u + sum;
  std::printf("checksum %016llx\n", static_cast<unsigned long long>(total));
  return 0;
}
