// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as an environment: the interposer's settings are sane whatever they say, each refusal
// is one line, and the tool, which checks words before the program runs, agrees about every one.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "interposer/base/options.h"
#include "symbolizer/base/setting_text.h"
#include "symbolizer/soak/plan.h"

namespace {

using namespace silt;

void require(bool holds) {
  if (!holds) std::abort();
}

void complain(const char* line) { require(*line != '\0' && std::strlen(line) < 512); }

void check_word(const std::string& word) {
  int signal = -1;
  const bool known = base::parse_signal(word.c_str(), &signal);
  const auto tool_signal = parse_signal(word);
  require(known == tool_signal.has_value() && (!known || signal == *tool_signal));
  uint64_t bytes = 0;
  const bool is_size = base::parse_size(word.c_str(), &bytes);
  const auto tool_bytes = parse_size(word);
  require(is_size == tool_bytes.has_value() && (!is_size || bytes == *tool_bytes));
  uint64_t nanoseconds = 0;
  const bool is_time = base::parse_duration(word.c_str(), &nanoseconds);
  const auto tool_time = parse_duration(word);
  require(is_time == tool_time.has_value() && (!is_time || nanoseconds == *tool_time));
}

void check_plan(const std::vector<std::string>& words) {
  soak::PlanWords plan_words;
  if (words.size() > 0) plan_words.duration = words[0];
  if (words.size() > 1) plan_words.warm_up = words[1];
  if (words.size() > 2) plan_words.every = words[2];
  const auto plan = soak::make_plan(plan_words);
  if (!plan) return;
  require(plan->snapshot_seconds.size() >= soak::kFewestSnapshots);
  double last = 0;
  for (const double second : plan->snapshot_seconds) {
    require(second >= last && second <= plan->duration_seconds);
    last = second;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> entries(1);
  for (size_t i = 0; i < size; ++i) {
    if (data[i] == 0)
      entries.emplace_back();
    else
      entries.back() += static_cast<char>(data[i]);
  }
  std::vector<const char*> environment;
  std::vector<std::string> words;
  for (const std::string& entry : entries) {
    environment.push_back(entry.c_str());
    const size_t equals = entry.find('=');
    words.push_back(equals == std::string::npos ? entry : entry.substr(equals + 1));
    check_word(words.back());
  }
  environment.push_back(nullptr);
  base::Options options;
  base::set_defaults(&options);
  base::read_options(environment.data(), &options, complain);
  require(options.out_folder[0] != '\0');
  require(std::memchr(options.out_folder, 0, sizeof(options.out_folder)) != nullptr);
  require(options.signal >= 0 && options.signal <= 64 && options.signal != 9 &&
          options.signal != 11 && options.signal != 19);
  check_plan(words);
  return 0;
}
