// SPDX-License-Identifier: Apache-2.0
//
// See redaction.h. The file is read twice: the graph says which texts are names, and then
// everything is copied but the texts that are none. V8 writes the list of texts last, after lists
// of numbers alone, so where it begins is found by its key.

#include "symbolizer/heap/redaction.h"

#include <algorithm>
#include <string>
#include <vector>

#include "symbolizer/heap/graph.h"
#include "symbolizer/heap/snapshot_reader.h"

namespace silt::heap {
namespace {

std::vector<bool> names_of(const Graph& graph) {
  std::vector<bool> is_name(graph.texts.size());
  for (NodeIndex node = 0; node < graph.node_count(); ++node) {
    if (graph.types[node] != NodeType::kString) is_name[graph.names[node]] = true;
  }
  for (EdgeIndex edge = 0; edge < graph.edge_count(); ++edge) {
    if (graph.is_named(edge)) is_name[graph.edge_names[edge]] = true;
  }
  return is_name;
}

constexpr std::string_view kKey = "\"strings\":[";

// Takes the file piece by piece, and gives it on without the texts that are no names.
class Redactor {
 public:
  Redactor(const std::vector<bool>& is_name, const std::function<bool(std::string_view)>& write)
      : is_name_(is_name), write_(write) {}

  bool take(std::string_view piece) {
    out_.clear();
    for (const char c : piece) step(c);
    return out_.empty() || write_(out_);
  }
  bool seen_all() const { return state_ == State::kAfter && index_ == is_name_.size(); }

 private:
  enum class State { kBefore, kBetween, kInside, kEscaped, kAfter };

  void step(char c) {
    switch (state_) {
      case State::kBefore:
        matched_ = c == kKey[matched_] ? matched_ + 1 : size_t{c == kKey[0]};
        if (matched_ == kKey.size()) state_ = State::kBetween;
        out_ += c;
        return;
      case State::kBetween:
        if (c == '"') state_ = State::kInside;
        if (c == ']') state_ = State::kAfter;
        out_ += c;
        return;
      case State::kInside:
        if (c == '"') {
          state_ = State::kBetween;
          ++index_;
          out_ += c;
          return;
        }
        if (c == '\\') state_ = State::kEscaped;
        break;
      case State::kEscaped:
        state_ = State::kInside;
        break;
      case State::kAfter:
        out_ += c;
        return;
    }
    if (index_ < is_name_.size() && is_name_[index_]) out_ += c;
  }

  const std::vector<bool>& is_name_;
  const std::function<bool(std::string_view)>& write_;
  State state_ = State::kBefore;
  size_t matched_ = 0;
  size_t index_ = 0;
  std::string out_;
};

}  // namespace

std::optional<Error> redact_heap_snapshot(const ByteSource& source,
                                          const std::function<bool(std::string_view)>& write) {
  std::vector<bool> is_name;
  {
    auto graph = read_heap_snapshot(source);
    if (!graph) return graph.error();
    is_name = names_of(*graph);
  }
  Redactor redactor(is_name, write);
  constexpr uint64_t kPiece = uint64_t{1} << 20;
  for (uint64_t offset = 0; offset < source.size(); offset += kPiece) {
    const auto piece = source.read(offset, std::min(kPiece, source.size() - offset));
    if (!piece) return piece.error();
    if (!redactor.take(*piece)) return Error{"the file cannot be written"};
  }
  if (!redactor.seen_all()) return Error{"its strings are not where V8 puts them"};
  return std::nullopt;
}

}  // namespace silt::heap
