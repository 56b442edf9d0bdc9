// SPDX-License-Identifier: Apache-2.0
//
// A simulated heap with names; see the header.

#include "test/symbolizer/report/named_heap.h"

namespace silt::test {

symbolize::Frame frame(const std::string& function, const std::string& file, uint32_t line,
                       const std::string& module) {
  symbolize::Frame result;
  result.function = function;
  result.file = file;
  result.line = line;
  result.module = module;
  return result;
}

const symbolize::Frame kMalloc = frame("malloc", "", 0, "/usr/lib/libsilt.so");
const symbolize::Frame kNew =
    frame("operator new(unsigned long)", "", 0, "/usr/lib/libstdc++.so.6");
const symbolize::Frame kEmplace = frame("std::_Rb_tree<int, int>::_M_emplace_unique<int>(int&&)",
                                        "/usr/include/c++/12/tree.h", 9);
const symbolize::Frame kMain = frame("main", "app.cpp", 100);

size_t leaks(const report::Report& report) {
  size_t count = 0;
  for (const report::Finding& finding : report.findings) {
    count += finding.verdict == report::Verdict::kLeak ? 1 : 0;
  }
  return count;
}

NamedHeap::NamedHeap(const std::vector<std::vector<symbolize::Frame>>& stacks, unsigned seed)
    : SimulatedHeap(stacks.size(), seed) {
  read::Recording& made = recording();
  made.nodes.resize(1);
  made.program = "shop";
  std::map<std::pair<read::NodeId, std::string>, read::NodeId> children;
  std::map<std::string, uint64_t> codes;  // one place of a program has one address
  for (size_t i = 0; i < stacks.size(); ++i) {
    read::NodeId parent = read::kRootNode;
    for (size_t f = stacks[i].size(); f > 0; --f) {
      const symbolize::Frame& named = stacks[i][f - 1];
      const std::string key = named.function + "\n" + named.file + "\n" +
                              std::to_string(named.line) + ":" + std::to_string(named.column);
      const auto [at, added] = children.try_emplace(std::pair(parent, key), made.nodes.next());
      if (added) {
        const uint64_t pc = codes.try_emplace(key, 0x10000 + 16 * codes.size()).first->second;
        made.nodes.push_back({parent, pc});
        symbolize::Frame placed = named;
        placed.pc = made.nodes.back().pc;
        placed.file_address = FileAddress{placed.pc};
        frames_[at->second] = {placed};
      }
      parent = at->second;
    }
    made.stacks[i].leaf = parent;
    made.stacks[i].id = read::StackId{number_of(parent)};
  }
}

report::Names NamedHeap::names() const {
  return {
      [this](read::NodeId node) -> const symbolize::FrameList& { return frames_.at(node); },
      [] { return std::vector<std::string>(); },
      [] { return std::vector<std::string>(); },
  };
}

report::Report NamedHeap::report(const report::Options& options) const {
  return report::build_report(const_cast<NamedHeap*>(this)->recording(), names(), options);
}

}  // namespace silt::test
