// SPDX-License-Identifier: Apache-2.0
//
// See variables.h.

#include "interposer/runtime/python/variables.h"

#include "interposer/base/text.h"
#include "interposer/runtime/python/dicts.h"

namespace silt::python {
namespace {

using owners::Kept;
using owners::LabelId;

constexpr size_t kOwnerRoom = owners::Labels::kLongest + 1;
using Name = base::TextBuffer<kOwnerRoom>;

// More than any process has, and an end where a list is a circle.
constexpr int kMostInterpreters = 256;
constexpr int kMostThreads = 1 << 16;
constexpr int kMostFrames = 1 << 18;
constexpr int64_t kMostModules = 1 << 20;
// From a variable to the next object that is known: through what was made before silt joined.
constexpr int kDeepestUnknown = 4;
constexpr int64_t kMostItems = 1 << 20;
// All that is told; a big program has some hundred thousand variables. Torn lists have an end too.
constexpr int64_t kMostValues = int64_t{1} << 24;

constinit size_t g_modules_offset = 0;
constinit size_t g_interpreters_offset = 0;
constinit const Peek* g_peek = nullptr;
constinit const owners::BlockIndex* g_objects = nullptr;
constinit Types* g_types = nullptr;
constinit owners::Labels* g_labels = nullptr;

class Variables {
 public:
  explicit Variables(Kept kept, bool doubtful) : kept_(kept), doubtful_(doubtful) {}

  void visit_interpreter(uint64_t state) {
    if (!doubtful_) visit_all_modules(g_peek->at(state, g_modules_offset));
    uint64_t thread = g_peek->at(state, kFirstThread);
    for (int i = 0; i < kMostThreads && thread != 0 && budget_ > 0; ++i) {
      visit_thread(thread);
      thread = g_peek->at(thread, kNextThread);
    }
  }

 private:
  void visit_all_modules(uint64_t modules) {
    // Modules first: others have variables for them too.
    visit_modules(modules, [&](LabelId module, uint64_t object, uint64_t variables) {
      kept_(object, module);
      kept_(variables, module);
      kept_.by(g_peek->at(variables, kDictKeys), module);
    });
    visit_modules(modules, [&](LabelId module, uint64_t, uint64_t variables) {
      visit_scope(module, variables, true);
    });
  }

  template <typename Visit>
  void visit_modules(uint64_t modules, Visit&& visit) {
    visit_entries(
        *g_peek, modules,
        [&](uint64_t key, uint64_t object) {
          const Type* const type = g_types->of(object);
          if (type != nullptr && type->shape == Shape::kModule) {
            visit(g_types->label_of(key), object, g_peek->at(object, kModuleDict));
          }
          return true;
        },
        kMostModules);
  }

  // The variables of a module, or the attributes of a class in it.
  void visit_scope(LabelId owner, uint64_t dict, bool with_classes) {
    visit_entries(*g_peek, dict, [&](uint64_t key, uint64_t value) {
      if (--budget_ <= 0) return false;
      const Type* const type = g_types->of(value);
      if (type == nullptr) return true;
      if (type->shape == Shape::kType && with_classes) {
        const Type* const made = g_types->find(value);
        if (made != nullptr && made->is_own) {
          tell(value, made->label);
          visit_scope(made->label, g_peek->at(value, kTypeDict), false);
        }
      }
      tell(value, is_told_by_name(value, *type) ? name_in(owner, key) : owner);
      return true;
    });
  }

  void visit_thread(uint64_t thread) {
    const uint64_t anchor = g_peek->at(thread, kThreadAnchor);
    uint64_t frame = anchor == 0 ? 0 : g_peek->at(anchor, kCurrentFrame);
    for (int i = 0; i < kMostFrames && frame != 0 && budget_ > 0; ++i) {
      visit_function(frame);
      frame = g_peek->at(frame, kFramePrevious);
    }
  }

  void visit_function(uint64_t frame) {
    const uint64_t code = g_peek->at(frame, kFrameCode);
    char function[kOwnerRoom];
    g_types->copy(g_peek->at(code, kCodeName), function, sizeof(function));
    if (function[0] == '\0') return;
    Name text;
    text.add(function).add("()");
    const LabelId owner = g_labels->add(text.c_str());
    visit_frame(*g_peek, frame, doubtful_, [&](uint64_t name, uint64_t value) {
      --budget_;
      const Type* const type = value == 0 ? nullptr : g_types->of(value);
      if (type == nullptr) return;
      tell(value, name != 0 && is_told_by_name(value, *type) ? name_in(owner, name) : owner);
    });
    if (doubtful_) return;
    kept_(g_peek->at(frame, kFrameLocals), owner);
    kept_(g_peek->at(frame, 0), owner);
    kept_(code, owner);
  }

  // What holds others, or is large. Functions without a memory of their own, classes, modules and
  // the like are told as their module's: there are tens of thousands of them.
  static bool is_told_by_name(uint64_t value, const Type& type) {
    constexpr int64_t kLarge = 1024;
    switch (type.shape) {
      case Shape::kPlainData:
        return g_peek->at<int64_t>(value, kObjectSize) >= kLarge;
      case Shape::kFunction:
        return g_peek->at(value, kFunctionDefaults) != 0 ||
               g_peek->at(value, kFunctionKeywordDefaults) != 0 ||
               g_peek->at(value, kFunctionClosure) != 0 || g_peek->at(value, kFunctionDict) != 0;
      case Shape::kType:
      case Shape::kModule:
        return false;
      default:
        return type.head_bytes != 0;
    }
  }

  static LabelId name_in(LabelId owner, uint64_t key) {
    Name text;
    text.add(g_labels->text(owner)).add('.').add(g_labels->text(g_types->label_of(key)));
    return g_labels->add(text.c_str());
  }

  void tell(uint64_t value, LabelId name) {
    kept_(value, name);
    follow_unknown(value, name, 0);
  }

  // Objects that were made before silt joined are no known blocks: what they keep is kept by the
  // variable all the same.
  void follow_unknown(uint64_t object, LabelId name, int depth) {
    owners::LiveBlock block;
    if (object == 0 || depth == kDeepestUnknown || budget_ <= 0 ||
        g_objects->find(object, &block)) {
      return;
    }
    const Type* const type = g_types->of(object);
    if (type == nullptr || type->head_bytes == 0 || type->shape == Shape::kModule ||
        type->shape == Shape::kType) {
      return;
    }
    const auto next = [&](uint64_t value) {
      kept_(value, name);
      follow_unknown(value, name, depth + 1);
      return --budget_ > 0;
    };
    const auto entries = [&](uint64_t dict) {
      const auto both = [&](uint64_t key, uint64_t value) {
        next(key);
        return next(value);
      };
      if (!is_dict(*g_peek, dict)) return;
      kept_.by(g_peek->at(dict, kDictKeys), name);
      visit_entries(*g_peek, dict, both, kMostItems);
    };
    if (type->shape == Shape::kDict) return entries(object);
    const bool is_list = (type->flags & kIsList) != 0;
    if (is_list || (type->flags & kIsTuple) != 0) {
      const auto count = g_peek->at<int64_t>(object, kObjectSize);
      const uint64_t items = is_list ? g_peek->at(object, kListItems) : object + kTupleItems;
      kept_.by(items, name);
      for (int64_t i = 0; i < count && i < kMostItems; ++i) {
        if (!next(g_peek->at(items, static_cast<size_t>(i) * 8))) return;
      }
      return;
    }
    if (type->dict_offset > 0) {
      const uint64_t dict = g_peek->at(object, static_cast<size_t>(type->dict_offset));
      kept_(dict, name);
      entries(dict);
    }
    if (type->keys == 0) return;
    const uint64_t values = g_peek->at(object - kValuesBefore, 0);
    kept_.by(values, name);
    if (values != 0) {
      visit_keys(*g_peek, type->keys, values,
                 [&](uint64_t, uint64_t value) { return next(value); });
    }
    const uint64_t dict = g_peek->at(object - kDictBefore, 0);
    kept_(dict, name);
    entries(dict);
  }

  Kept kept_;
  bool doubtful_;
  int64_t budget_ = kMostValues;
};

}  // namespace

bool find_variables() {
  const uint64_t state = interpreter.main_interpreter();
  const uint64_t newest = interpreter.first_interpreter();
  const uint64_t modules = interpreter.modules();
  if (state == 0 || modules == 0 ||
      field<uint64_t>(state, kFirstThread) != interpreter.first_thread(state)) {
    return false;
  }
  // How large the locks are that lie before these depends on the platform.
  constexpr size_t kEndOfRuntime = 256;
  constexpr size_t kEndOfInterpreter = 4096;
  g_interpreters_offset = 0;
  for (size_t offset = 8; offset < kEndOfRuntime && g_interpreters_offset == 0; offset += 8) {
    if (field<uint64_t>(interpreter.state, offset) == newest &&
        field<uint64_t>(interpreter.state, offset + 8) == state) {
      g_interpreters_offset = offset;
    }
  }
  g_modules_offset = 0;
  for (size_t offset = kFirstThread; offset < kEndOfInterpreter; offset += 8) {
    if (field<uint64_t>(state, offset) != modules) continue;
    g_modules_offset = offset;
    break;
  }
  return g_interpreters_offset != 0 && g_modules_offset != 0;
}

void start_variables(const Peek& peek, Types& types, const owners::BlockIndex& objects,
                     owners::Labels& labels) {
  g_peek = &peek;
  g_types = &types;
  g_objects = &objects;
  g_labels = &labels;
}

void visit_variables(Kept kept, bool doubtful) {
  Variables variables(kept, doubtful);
  uint64_t state = g_peek->at(interpreter.state, g_interpreters_offset);
  for (int i = 0; i < kMostInterpreters && state != 0; ++i) {
    variables.visit_interpreter(state);
    state = g_peek->at(state, kNextInterpreter);
  }
}

}  // namespace silt::python
