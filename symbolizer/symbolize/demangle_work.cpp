// SPDX-License-Identifier: Apache-2.0
//
// The C++ part walks as d_print_comp of libiberty's cp-demangle.c does; what that does without
// printing (looking for the pack of an expansion) counts too.

#include "symbolizer/symbolize/demangle_work.h"

// <cstring> has it: another file of one unit may include that.
#define HAVE_DECL_BASENAME 1
#include <libiberty/demangle.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace silt::symbolize {
namespace {

using Component = demangle_component;

// libiberty's printer gives up there.
constexpr unsigned kDeepestName = 1024;

struct Children {
  const Component* left = nullptr;
  const Component* right = nullptr;
};

// Only what is known to have children: a kind that a later libiberty adds may keep something else
// in their place.
Children children_of(const Component* part) {
  switch (part->type) {
    case DEMANGLE_COMPONENT_NAME:
    case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
    case DEMANGLE_COMPONENT_FUNCTION_PARAM:
    case DEMANGLE_COMPONENT_SUB_STD:
    case DEMANGLE_COMPONENT_BUILTIN_TYPE:
    case DEMANGLE_COMPONENT_OPERATOR:
    case DEMANGLE_COMPONENT_CHARACTER:
    case DEMANGLE_COMPONENT_NUMBER:
    case DEMANGLE_COMPONENT_UNNAMED_TYPE:
    case DEMANGLE_COMPONENT_EXTENDED_BUILTIN_TYPE:
      return {};
    case DEMANGLE_COMPONENT_CTOR:
      return {part->u.s_ctor.name, nullptr};
    case DEMANGLE_COMPONENT_DTOR:
      return {part->u.s_dtor.name, nullptr};
    case DEMANGLE_COMPONENT_EXTENDED_OPERATOR:
      return {part->u.s_extended_operator.name, nullptr};
    case DEMANGLE_COMPONENT_FIXED_TYPE:
      return {part->u.s_fixed.length, nullptr};
    case DEMANGLE_COMPONENT_LAMBDA:
    case DEMANGLE_COMPONENT_DEFAULT_ARG:
      return {part->u.s_unary_num.sub, nullptr};
    default:
      break;
  }
  if (part->type > DEMANGLE_COMPONENT_EXTENDED_BUILTIN_TYPE) return {};
  return {part->u.s_binary.left, part->u.s_binary.right};
}

class Walk {
 public:
  explicit Walk(uint64_t limit) : limit_(limit) {}

  void visit(const Component* part) {
    if (part == nullptr || over()) return;
    ++work_;
    if (depth_ >= kDeepestName) {
      work_ = limit_ + 1;
      return;
    }
    ++depth_;
    switch (part->type) {
      case DEMANGLE_COMPONENT_TYPED_NAME:
        visit_typed_name(part);
        break;
      case DEMANGLE_COMPONENT_TEMPLATE: {
        const Component* const outer = current_template_;
        current_template_ = part;
        visit_children(part);
        current_template_ = outer;
        break;
      }
      case DEMANGLE_COMPONENT_CONVERSION:
        if (current_template_ != nullptr) {
          templates_.push_back(current_template_->u.s_binary.right);
        }
        visit_children(part);
        if (current_template_ != nullptr) templates_.pop_back();
        break;
      case DEMANGLE_COMPONENT_TEMPLATE_PARAM:
        visit_parameter(part);
        break;
      case DEMANGLE_COMPONENT_PACK_EXPANSION:
        visit_expansion(part);
        break;
      default:
        visit_children(part);
    }
    --depth_;
  }

  uint64_t work() const { return work_; }

 private:
  bool over() const { return work_ > limit_; }

  void visit_children(const Component* part) {
    const Children children = children_of(part);
    visit(children.left);
    visit(children.right);
  }

  // A function's own template arguments are those that parameters in its type stand for.
  void visit_typed_name(const Component* part) {
    const Component* name = part->u.s_binary.left;
    for (unsigned steps = 0; name != nullptr && steps < kDeepestName; ++steps) {
      if (name->type == DEMANGLE_COMPONENT_LOCAL_NAME) {
        name = name->u.s_binary.right;
      } else if (name->type >= DEMANGLE_COMPONENT_RESTRICT_THIS &&
                 name->type <= DEMANGLE_COMPONENT_RVALUE_REFERENCE_THIS) {
        name = name->u.s_binary.left;
      } else {
        break;
      }
    }
    const bool is_template = name != nullptr && name->type == DEMANGLE_COMPONENT_TEMPLATE;
    if (is_template) templates_.push_back(name->u.s_binary.right);
    visit(part->u.s_binary.left);
    visit(part->u.s_binary.right);
    if (is_template) templates_.pop_back();
  }

  static const Component* argument(const Component* list, long number) {
    for (; list != nullptr && list->type == DEMANGLE_COMPONENT_TEMPLATE_ARGLIST;
         list = list->u.s_binary.right) {
      if (number-- <= 0) return list->u.s_binary.left;
    }
    return nullptr;
  }

  const Component* argument_of(const Component* parameter) const {
    return templates_.empty() ? nullptr : argument(templates_.back(), parameter->u.s_number.number);
  }

  void visit_parameter(const Component* part) {
    const Component* found = argument_of(part);
    if (found == nullptr) return;
    if (found->type == DEMANGLE_COMPONENT_TEMPLATE_ARGLIST && pack_index_ >= 0) {
      found = argument(found, pack_index_);
    }
    // What stands for the parameter means the arguments one level further out.
    const Component* const own = templates_.back();
    templates_.pop_back();
    visit(found);
    templates_.push_back(own);
  }

  void visit_expansion(const Component* part) {
    const Component* const pattern = part->u.s_binary.left;
    // The search goes through shared parts as often as they are referred to.
    work_ = std::min(limit_ + 1, work_ + size_of(pattern));
    if (over()) return;
    const Component* pack = find_pack(pattern);
    if (pack == nullptr) return visit(pattern);
    const long before = pack_index_;
    pack_index_ = 0;
    for (; pack != nullptr && pack->type == DEMANGLE_COMPONENT_TEMPLATE_ARGLIST &&
           pack->u.s_binary.left != nullptr && !over();
         pack = pack->u.s_binary.right, ++pack_index_) {
      visit(pattern);
    }
    pack_index_ = before;
  }

  // Of bounded size: size_of was within the limit.
  const Component* find_pack(const Component* part) const {
    if (part == nullptr) return nullptr;
    if (part->type == DEMANGLE_COMPONENT_TEMPLATE_PARAM) {
      const Component* const found = argument_of(part);
      return found != nullptr && found->type == DEMANGLE_COMPONENT_TEMPLATE_ARGLIST ? found
                                                                                    : nullptr;
    }
    if (part->type == DEMANGLE_COMPONENT_PACK_EXPANSION) return nullptr;
    const Children children = children_of(part);
    const Component* const found = find_pack(children.left);
    return found != nullptr ? found : find_pack(children.right);
  }

  // Of the tree that is meant, in which each reference is a part of its own.
  uint64_t size_of(const Component* part, unsigned depth = 0) {
    if (part == nullptr) return 0;
    if (depth >= kDeepestName) return limit_ + 1;
    const auto known = sizes_.find(part);
    if (known != sizes_.end()) return known->second;
    const Children children = children_of(part);
    const uint64_t size = std::min(
        limit_ + 1, 1 + size_of(children.left, depth + 1) + size_of(children.right, depth + 1));
    sizes_.emplace(part, size);
    return size;
  }

  const uint64_t limit_;
  uint64_t work_ = 0;
  unsigned depth_ = 0;
  long pack_index_ = -1;
  const Component* current_template_ = nullptr;
  std::vector<const Component*> templates_;  // argument lists, the innermost last
  std::unordered_map<const Component*, uint64_t> sizes_;
};

}  // namespace

uint64_t cxx_print_work(const demangle_component* name, uint64_t limit) {
  Walk walk(limit);
  walk.visit(name);
  return walk.work();
}

bool cxx_reads_often(std::string_view mangled) {
  // Each one that is inside another doubles the work: 256 readings of the longest name are a
  // fraction of a second. Names have one or two.
  constexpr unsigned kMost = 8;
  unsigned count = 0;
  for (size_t at = 0; (at = mangled.find("cvT", at)) != std::string_view::npos; ++at) ++count;
  return count > kMost;
}

// `Q` and a number in base 26 (capital letters, the last one small) leads so many letters back, to
// a type or an identifier that is read again up to here at the most. And the length of a symbol
// among template arguments is tried with one digit less after another when it might be the
// beginning of the symbol itself; such symbols nest.
uint64_t d_work(std::string_view mangled) {
  constexpr uint64_t kUnbounded = UINT64_MAX / 4;
  std::vector<uint64_t> before(mangled.size() + 1);  // work up to each letter
  uint64_t readings = 1;
  for (size_t at = 0; at < mangled.size(); ++at) {
    uint64_t work = 1;
    if (mangled[at] == 'Q') {
      uint64_t distance = 0;
      size_t digit = at + 1;
      for (; digit < mangled.size() && mangled[digit] >= 'A' && mangled[digit] <= 'Z' &&
             distance <= mangled.size();
           ++digit) {
        distance = distance * 26 + static_cast<uint64_t>(mangled[digit] - 'A');
      }
      if (digit < mangled.size() && mangled[digit] >= 'a' && mangled[digit] <= 'z') {
        distance = distance * 26 + static_cast<uint64_t>(mangled[digit] - 'a');
        if (distance > 0 && distance <= at) work += before[at] - before[at - distance];
      }
    } else if (mangled[at] == 'S') {
      size_t digits = 0;
      while (at + 1 + digits < mangled.size() && mangled[at + 1 + digits] >= '0' &&
             mangled[at + 1 + digits] <= '9') {
        ++digits;
      }
      if (digits > 1) readings = std::min(kUnbounded, readings * digits);
    }
    before[at + 1] = std::min(kUnbounded, before[at] + work);
  }
  const uint64_t letters = before[mangled.size()];
  return letters > kUnbounded / readings ? kUnbounded : letters * readings;
}

}  // namespace silt::symbolize
