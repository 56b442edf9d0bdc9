// SPDX-License-Identifier: Apache-2.0
//
// What is live in JavaScript heaps as DevTools reads it (Memory, "Allocation sampling", Load): a
// tree of call frames, each with the bytes that it allocated itself. The members are those of
// HeapProfiler.SamplingHeapProfile in the DevTools protocol; lines and columns count from 0 there.

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <vector>

#include "symbolizer/render/escape.h"
#include "symbolizer/render/json_parts.h"
#include "symbolizer/render/render.h"
#include "symbolizer/render/words.h"

namespace silt::render {
namespace {

using Key = std::tuple<std::string, std::string, uint32_t, uint32_t>;  // name, file, line, column

struct Node {
  const symbolize::Frame* frame = nullptr;  // nullptr: the root
  uint64_t self_bytes = 0;
  std::map<Key, size_t> children;  // index into the nodes
};

class Tree {
 public:
  Tree() : nodes_(1) {}

  void add(const symbolize::FrameList& frames, uint64_t bytes) {
    size_t at = 0;
    for (size_t i = frames.size(); i > 0; --i) at = child(at, frames[i - 1]);
    nodes_[at].self_bytes += bytes;
  }

  // Nodes are written one by one and not as one value of JSON, which would be nested as deep as the
  // deepest stack.
  std::string text() {
    std::string text = "{\"head\":";
    put(0, text);
    text += ",\"samples\":[";
    const char* before = "";
    for (size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].self_bytes == 0) continue;
      text += before + std::string("{\"size\":") + std::to_string(nodes_[i].self_bytes) +
              ",\"nodeId\":" + std::to_string(i + 1) + ",\"ordinal\":" + std::to_string(i + 1) +
              "}";
      before = ",";
    }
    return text + "]}\n";
  }

 private:
  size_t child(size_t parent, const symbolize::Frame& frame) {
    Key key{function_text(frame), frame.file, frame.line, frame.column};
    const auto [at, added] = nodes_[parent].children.try_emplace(std::move(key), nodes_.size());
    const size_t index = at->second;
    if (added) {
      nodes_.emplace_back();  // moves the nodes
      nodes_.back().frame = &frame;
    }
    return index;
  }

  int script(const std::string& file) {
    return static_cast<int>(scripts_.try_emplace(file, scripts_.size() + 1).first->second);
  }

  Json call_frame(const symbolize::Frame* frame) {
    if (frame == nullptr) {
      return {{"functionName", "(root)"},
              {"scriptId", "0"},
              {"url", ""},
              {"lineNumber", -1},
              {"columnNumber", -1}};
    }
    // DevTools follows a path only as a URL.
    const bool is_path = frame->file.starts_with('/');
    return {{"functionName", clean(function_text(*frame))},
            {"scriptId", std::to_string(frame->file.empty() ? 0 : script(frame->file))},
            {"url", (is_path ? "file://" : "") + clean(frame->file)},
            {"lineNumber", static_cast<int64_t>(frame->line) - 1},
            {"columnNumber", static_cast<int64_t>(frame->column) - 1}};
  }

  void put(size_t root, std::string& text) {
    struct Open {
      size_t node;
      std::map<Key, size_t>::const_iterator next;
    };
    std::vector<Open> open;
    const auto begin = [&](size_t node) {
      text +=
          "{\"callFrame\":" +
          json_text(
              call_frame(nodes_[node].frame).dump(-1, ' ', false, Json::error_handler_t::replace)) +
          ",\"selfSize\":" + std::to_string(nodes_[node].self_bytes) +
          ",\"id\":" + std::to_string(node + 1) + ",\"children\":[";
      open.push_back({node, nodes_[node].children.cbegin()});
    };
    begin(root);
    while (!open.empty()) {
      Open& top = open.back();
      if (top.next == nodes_[top.node].children.cend()) {
        text += "]}";
        open.pop_back();
        continue;
      }
      if (top.next != nodes_[top.node].children.cbegin()) text += ',';
      const size_t node = top.next->second;
      ++top.next;
      begin(node);
    }
  }

  std::vector<Node> nodes_;
  std::map<std::string, size_t> scripts_;
};

bool is_shown(const report::StackLine& stack) {
  return stack.heap == read::Heap::kManaged && !stack.live_bytes.empty() && !stack.frames.empty();
}

}  // namespace

std::string heapprofile_unavailable(const report::Report& report) {
  for (const report::StackLine& stack : report.stacks) {
    if (is_shown(stack)) return "";
  }
  return "the recording knows of no heap of this kind; 'pprof' and 'speedscope' tell of all others";
}

std::string render_heapprofile(const report::Report& report) {
  Tree tree;
  const size_t last = judged_count(report);
  for (const report::StackLine& stack : report.stacks) {
    if (!is_shown(stack)) continue;
    const size_t at = std::min(last == 0 ? 0 : last - 1, stack.live_bytes.size() - 1);
    tree.add(stack.frames, stack.live_bytes[at]);
  }
  return tree.text();
}

}  // namespace silt::render
