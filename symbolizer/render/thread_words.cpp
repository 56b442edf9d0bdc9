// SPDX-License-Identifier: Apache-2.0
//
// See the header.

#include "symbolizer/render/thread_words.h"

#include <algorithm>
#include <set>

#include "symbolizer/base/quantity.h"
#include "symbolizer/render/escape.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using report::ThreadLine;

// Threads of one pool mostly have one name.
struct Pool {
  const ThreadLine* first;
  size_t threads = 1;
  double share = 0;
};

std::vector<Pool> pools_of(const std::vector<ThreadLine>& threads) {
  std::vector<Pool> pools;
  for (const ThreadLine& thread : threads) {
    const auto same = std::find_if(pools.begin(), pools.end(), [&](const Pool& pool) {
      return thread.kind == "thread" && pool.first->kind == "thread" && !thread.name.empty() &&
             pool.first->name == thread.name;
    });
    if (same == pools.end()) {
      pools.push_back({&thread, 1, thread.share});
    } else {
      ++same->threads;
      same->share += thread.share;
    }
  }
  std::stable_sort(pools.begin(), pools.end(),
                   [](const Pool& a, const Pool& b) { return a.share > b.share; });
  return pools;
}

std::string who(const Pool& pool) {
  const ThreadLine& thread = *pool.first;
  const std::string id = std::to_string(thread.id);
  const std::string name = clean(thread.name);
  if (thread.kind == "main") return "the main thread";
  if (thread.kind == "worker") return "worker " + id;
  if (thread.kind == "rest") return "other threads";
  if (thread.kind == "successive") {
    return "threads that follow one another" + (name.empty() ? "" : ", now " + name);
  }
  if (pool.threads > 1) return std::to_string(pool.threads) + " threads named " + name;
  return name.empty() ? "thread " + id : name + " (thread " + id + ")";
}

}  // namespace

std::string threads_text(const std::vector<ThreadLine>& threads, size_t most) {
  const std::vector<Pool> pools = pools_of(threads);
  std::string text;
  for (size_t i = 0; i < pools.size(); ++i) {
    if (i == most) return text + " and " + std::to_string(pools.size() - i) + " more";
    text += (i == 0 ? "" : ", ") + format_percent(pools[i].share) + " by " + who(pools[i]);
  }
  return text;
}

std::string threads_label(const std::vector<ThreadLine>& threads) {
  std::set<std::string> names;
  for (const ThreadLine& thread : threads) {
    const std::string name = clean(thread.name);
    if (thread.kind == "main") {
      names.insert("main");
    } else if (thread.kind == "worker") {
      names.insert("worker " + std::to_string(thread.id));
    } else if (thread.kind == "rest") {
      names.insert("others");
    } else if (thread.kind == "successive") {
      names.insert(name.empty() ? "successive" : name);
    } else {
      names.insert(name.empty() ? "thread " + std::to_string(thread.id) : name);
    }
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

nlohmann::ordered_json threads_json(const std::vector<ThreadLine>& threads) {
  using Json = nlohmann::ordered_json;
  Json json = Json::array();
  for (const ThreadLine& thread : threads) {
    const bool nobody = thread.kind == "rest";
    json.push_back({{"kind", thread.kind},
                    {"id", nobody ? Json(nullptr) : Json(thread.id)},
                    {"name", thread.name.empty() ? Json(nullptr) : Json(thread.name)},
                    {"share", thread.share}});
  }
  return json;
}

}  // namespace silt::render
