// SPDX-License-Identifier: Apache-2.0
//
// See hooks.h. All of them mark the thread, since an allocator's functions call one another: what
// an entry point does is counted once, at the outermost. Each hands on five words, whatever of them
// its function takes. As with operator new's own hooks (hook/new.cpp) an exception may fly through.
// Hook context.

#include "interposer/detour/hooks.h"

#include "interposer/hook/guard.h"
#include "interposer/hook/resize.h"

// Defined in hook/new.cpp; 0x1b: relative to the place, four signed bytes.
#define SILT_UNMARK_WHEN_THROWN_THROUGH asm volatile(".cfi_personality 0x1b, silt_new_personality")

namespace silt::detour {
namespace {

using hook::Mode;
using track::recorder;
using track::ThreadLocal;

struct Arguments {
  Word a, b, c, d, e;

  Word at(unsigned index) const {
    const Word all[] = {a, b, c, d, e};
    return all[index];
  }
  void* block(unsigned index) const { return reinterpret_cast<void*>(at(index)); }
};

// Whether a record is at an address that was just handed out; it is gone then.
SILT_ALWAYS_INLINE bool take_stale(Mode mode, const void* address) {
  const auto at = reinterpret_cast<uint64_t>(address);
  if (mode == Mode::kExact) return recorder.live.take(at).stack != track::kNoStack;
  if (recorder.fell_back.load(std::memory_order_relaxed)) [[unlikely]]
    return track::take_from_either(address).any();
  return recorder.sampled.perhaps(at) && recorder.sampled.take(at).stack != track::kNoStack;
}

// An overflowing product fails in the original, and nothing is recorded.
template <unsigned kFirst, unsigned kCount>
SILT_ALWAYS_INLINE size_t product(const Arguments& arguments) {
  size_t size = 1;
  for (unsigned i = kFirst; i < kFirst + kCount; ++i) size *= arguments.at(i);
  return size;
}

// A compiler that sees an allocator's source may put its release into the callers, where nobody
// sees it. Its blocks are noticed when they are handed out again.
SILT_ALWAYS_INLINE void record_new(ThreadLocal& local, Mode mode, void* address, size_t size_bytes,
                                   const hook::HookFrame& hook_frame) {
  if (address != nullptr && take_stale(mode, address)) [[unlikely]]
    recorder.reissued_blocks.fetch_add(1, std::memory_order_relaxed);
  hook::record(local, mode, address, size_bytes, hook_frame);
}

// What a hook does, in the frame that is its function's.
// Each stands in two hooks; the compiler would share it, which costs a call.
#define SILT_INLINED __attribute__((always_inline))
#define SILT_DETOUR_HOOK                                                                        \
  static SILT_ALWAYS_INLINE Word run(const hook::HookFrame& hook_frame, Word a, Word b, Word c, \
                                     Word d, Word e, Original original)

// What a hook does once the thread is marked: `marked(local, mode)`.
template <typename Marked>
SILT_ALWAYS_INLINE Word within(const hook::HookFrame& hook_frame, const Arguments& with,
                               Original original, Marked&& marked) {
  ThreadLocal& local = track::thread_local_part;
  const Mode mode = hook::enter(local, hook_frame);
  if (mode == Mode::kOff) [[unlikely]]
    return original(with.a, with.b, with.c, with.d, with.e);
  const Word result = marked(local, mode);
  hook::leave(local, mode);
  return result;
}

// Of which the size is the product of kCount arguments.
template <unsigned kFirst, unsigned kCount>
struct Allocate {
  SILT_DETOUR_HOOK {
    const Arguments with{a, b, c, d, e};
    return within(hook_frame, with, original, [&](ThreadLocal& local, Mode mode) SILT_INLINED {
      const Word block = original(a, b, c, d, e);
      record_new(local, mode, reinterpret_cast<void*>(block), product<kFirst, kCount>(with),
                 hook_frame);
      return block;
    });
  }
};

struct Text {
  SILT_DETOUR_HOOK {
    return within(hook_frame, {a, b, c, d, e}, original,
                  [&](ThreadLocal& local, Mode mode) SILT_INLINED {
                    const Word block = original(a, b, c, d, e);
                    // mi_realpath may be given the room for its text, which is no block of its own
                    // then.
                    if (block != 0 && block != b && block != c) {
                      auto* const text = reinterpret_cast<char*>(block);
                      record_new(local, mode, text, __builtin_strlen(text) + 1, hook_frame);
                    }
                    return block;
                  });
  }
};

struct Out {
  SILT_DETOUR_HOOK {
    return within(hook_frame, {a, b, c, d, e}, original,
                  [&](ThreadLocal& local, Mode mode) SILT_INLINED {
                    const Word result = original(a, b, c, d, e);
                    if (static_cast<int>(result) == 0) {
                      record_new(local, mode, *reinterpret_cast<void* const*>(a), c, hook_frame);
                    }
                    return result;
                  });
  }
};

template <unsigned kBlock, unsigned kFirst, unsigned kCount>
struct Resize {
  SILT_DETOUR_HOOK {
    const Arguments with{a, b, c, d, e};
    return reinterpret_cast<Word>(
        hook::resize(with.block(kBlock), product<kFirst, kCount>(with), hook_frame,
                     [=] { return reinterpret_cast<void*>(original(a, b, c, d, e)); }));
  }
};

// Of a block that stays where it is. `grown(result)`: whether it has its new size.
template <typename Grown>
SILT_ALWAYS_INLINE Word resize_in_place(const hook::HookFrame& hook_frame, const Arguments& with,
                                        Original original, Grown&& grown) {
  return within(hook_frame, with, original, [&](ThreadLocal& local, Mode mode) SILT_INLINED {
    const track::Taken known = hook::take_for_resize(local, mode, with.block(0));
    const Word result = original(with.a, with.b, with.c, with.d, with.e);
    if (grown(result)) {
      hook::record(local, mode, with.block(0), with.b, hook_frame);
    } else if (known.any()) {
      track::restore(with.block(0), known);
    }
    return result;
  });
}

struct InPlace {
  SILT_DETOUR_HOOK {
    return resize_in_place(hook_frame, {a, b, c, d, e}, original,
                           [=](Word has_bytes) { return has_bytes >= b; });
  }
};

struct Expand {
  SILT_DETOUR_HOOK {
    return resize_in_place(hook_frame, {a, b, c, d, e}, original,
                           [](Word block) { return block != 0; });
  }
};

struct Release {
  SILT_DETOUR_HOOK {
    hook::release(reinterpret_cast<void*>(a), hook_frame, [=] { original(a, b, c, d, e); });
    return 0;
  }
};

template <typename Does>
Word plain_hook(Word a, Word b, Word c, Word d, Word e, Original original) {
  SILT_UNMARK_WHEN_THROWN_THROUGH;
  return Does::run(SILT_HOOK_FRAME, a, b, c, d, e, original);
}

template <typename Does>
Word careful_hook(Word a, Word b, Word c, Word d, Word e, Original original, const void* record) {
  SILT_UNMARK_WHEN_THROWN_THROUGH;
  return Does::run(hook::HookFrame(record), a, b, c, d, e, original);
}

struct Hooks {
  Hook plain;
  CarefulHook careful;
};
template <typename Does>
constexpr Hooks kHooksOf{plain_hook<Does>, careful_hook<Does>};

constexpr Hooks kHooks[] = {
    kHooksOf<Allocate<0, 1>>,
    kHooksOf<Allocate<1, 1>>,
    kHooksOf<Allocate<0, 2>>,
    kHooksOf<Allocate<1, 2>>,
    kHooksOf<Text>,
    kHooksOf<Out>,
    kHooksOf<Resize<0, 1, 1>>,
    kHooksOf<Resize<1, 2, 1>>,
    kHooksOf<Resize<0, 1, 2>>,
    kHooksOf<Resize<1, 2, 2>>,
    kHooksOf<InPlace>,
    kHooksOf<Expand>,
    kHooksOf<Release>,
};
static_assert(sizeof(kHooks) / sizeof(kHooks[0]) == static_cast<size_t>(Shape::kCount));

}  // namespace

Hook hook_of(Shape shape) { return kHooks[static_cast<size_t>(shape)].plain; }
CarefulHook careful_hook_of(Shape shape) { return kHooks[static_cast<size_t>(shape)].careful; }

}  // namespace silt::detour
