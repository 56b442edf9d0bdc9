// SPDX-License-Identifier: Apache-2.0
//
// By which names allocators go that are linked into programs, and where each function has the
// block and its size among its arguments: from the manuals of jemalloc 5 (jemalloc(3), whose public
// prefix is a choice of whoever builds it: none, je_, or Rust's _rjem_), mimalloc 2 (mimalloc.h),
// gperftools 2 (gperftools/tcmalloc.h), and the Itanium C++ ABI's names of operators new and
// delete. Any context.

#ifndef SILT_INTERPOSER_DETOUR_NAMES_H_
#define SILT_INTERPOSER_DETOUR_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace silt::detour {

// Arguments are counted from 0; block and size say which they are.
enum class Shape : uint8_t {
  kSize0,             // malloc(size, …)
  kSize1,             // memalign(alignment, size)
  kProduct01,         // calloc(count, size)
  kProduct12,         // mi_heap_calloc(heap, count, size)
  kText,              // mi_strdup: what comes back is a text of the block's size
  kOut,               // posix_memalign(&block, alignment, size)
  kResize01,          // realloc(block, size)
  kResize12,          // mi_heap_realloc(heap, block, size)
  kResizeProduct12,   // reallocarray(block, count, size)
  kResizeProduct123,  // mi_heap_recalloc(heap, block, count, size)
  kInPlace,           // xallocx(block, size, extra, flags): the size that it has then
  kExpand,            // mi_expand(block, size): the block, or nothing
  kRelease,           // free(block, …)
  kCount,
};

constexpr bool is_release(Shape shape) { return shape == Shape::kRelease; }
constexpr bool hands_out(Shape shape) { return shape <= Shape::kOut; }

struct Entry {
  std::string_view name;  // without the prefix
  Shape shape;
};

// In front of each name of a family. Of one some functions count only where the others are there.
struct Family {
  std::string_view prefix;
  const Entry* entries;
  size_t count;
};

// What C and POSIX have, and what is in jemalloc beside it.
inline constexpr Entry kCommonEntries[] = {
    {"malloc", Shape::kSize0},       {"calloc", Shape::kProduct01},
    {"realloc", Shape::kResize01},   {"reallocarray", Shape::kResizeProduct12},
    {"free", Shape::kRelease},       {"cfree", Shape::kRelease},
    {"free_sized", Shape::kRelease}, {"free_aligned_sized", Shape::kRelease},
    {"posix_memalign", Shape::kOut}, {"aligned_alloc", Shape::kSize1},
    {"memalign", Shape::kSize1},     {"valloc", Shape::kSize0},
    {"pvalloc", Shape::kSize0},      {"mallocx", Shape::kSize0},
    {"rallocx", Shape::kResize01},   {"xallocx", Shape::kInPlace},
    {"dallocx", Shape::kRelease},    {"sdallocx", Shape::kRelease},
};

inline constexpr Entry kMimallocEntries[] = {
    {"malloc", Shape::kSize0},
    {"malloc_small", Shape::kSize0},
    {"mallocn", Shape::kProduct01},
    {"calloc", Shape::kProduct01},
    {"zalloc", Shape::kSize0},
    {"zalloc_small", Shape::kSize0},
    {"realloc", Shape::kResize01},
    {"reallocn", Shape::kResizeProduct12},
    {"reallocf", Shape::kResize01},
    {"rezalloc", Shape::kResize01},
    {"recalloc", Shape::kResizeProduct12},
    {"reallocarray", Shape::kResizeProduct12},
    {"expand", Shape::kExpand},
    {"free", Shape::kRelease},
    {"cfree", Shape::kRelease},
    {"free_size", Shape::kRelease},
    {"free_size_aligned", Shape::kRelease},
    {"free_aligned", Shape::kRelease},
    {"strdup", Shape::kText},
    {"strndup", Shape::kText},
    {"realpath", Shape::kText},
    {"malloc_aligned", Shape::kSize0},
    {"malloc_aligned_at", Shape::kSize0},
    {"zalloc_aligned", Shape::kSize0},
    {"zalloc_aligned_at", Shape::kSize0},
    {"calloc_aligned", Shape::kProduct01},
    {"calloc_aligned_at", Shape::kProduct01},
    {"realloc_aligned", Shape::kResize01},
    {"realloc_aligned_at", Shape::kResize01},
    {"rezalloc_aligned", Shape::kResize01},
    {"rezalloc_aligned_at", Shape::kResize01},
    {"recalloc_aligned", Shape::kResizeProduct12},
    {"recalloc_aligned_at", Shape::kResizeProduct12},
    {"aligned_recalloc", Shape::kResizeProduct12},
    {"aligned_offset_recalloc", Shape::kResizeProduct12},
    {"posix_memalign", Shape::kOut},
    {"memalign", Shape::kSize1},
    {"aligned_alloc", Shape::kSize1},
    {"valloc", Shape::kSize0},
    {"pvalloc", Shape::kSize0},
    {"new", Shape::kSize0},
    {"new_nothrow", Shape::kSize0},
    {"new_aligned", Shape::kSize0},
    {"new_aligned_nothrow", Shape::kSize0},
    {"new_n", Shape::kProduct01},
    {"new_realloc", Shape::kResize01},
    {"new_reallocn", Shape::kResizeProduct12},
    {"heap_malloc", Shape::kSize1},
    {"heap_malloc_small", Shape::kSize1},
    {"heap_mallocn", Shape::kProduct12},
    {"heap_calloc", Shape::kProduct12},
    {"heap_zalloc", Shape::kSize1},
    {"heap_realloc", Shape::kResize12},
    {"heap_reallocn", Shape::kResizeProduct123},
    {"heap_reallocf", Shape::kResize12},
    {"heap_rezalloc", Shape::kResize12},
    {"heap_recalloc", Shape::kResizeProduct123},
    {"heap_strdup", Shape::kText},
    {"heap_strndup", Shape::kText},
    {"heap_realpath", Shape::kText},
    {"heap_malloc_aligned", Shape::kSize1},
    {"heap_malloc_aligned_at", Shape::kSize1},
    {"heap_zalloc_aligned", Shape::kSize1},
    {"heap_zalloc_aligned_at", Shape::kSize1},
    {"heap_calloc_aligned", Shape::kProduct12},
    {"heap_calloc_aligned_at", Shape::kProduct12},
    {"heap_realloc_aligned", Shape::kResize12},
    {"heap_realloc_aligned_at", Shape::kResize12},
    {"heap_rezalloc_aligned", Shape::kResize12},
    {"heap_rezalloc_aligned_at", Shape::kResize12},
    {"heap_recalloc_aligned", Shape::kResizeProduct123},
};

inline constexpr Entry kTcmallocEntries[] = {
    {"malloc", Shape::kSize0},
    {"malloc_skip_new_handler", Shape::kSize0},
    {"calloc", Shape::kProduct01},
    {"realloc", Shape::kResize01},
    {"free", Shape::kRelease},
    {"cfree", Shape::kRelease},
    {"free_sized", Shape::kRelease},
    {"memalign", Shape::kSize1},
    {"posix_memalign", Shape::kOut},
    {"valloc", Shape::kSize0},
    {"pvalloc", Shape::kSize0},
    {"new", Shape::kSize0},
    {"newarray", Shape::kSize0},
    {"new_nothrow", Shape::kSize0},
    {"newarray_nothrow", Shape::kSize0},
    {"new_aligned", Shape::kSize0},
    {"new_aligned_nothrow", Shape::kSize0},
    {"newarray_aligned", Shape::kSize0},
    {"newarray_aligned_nothrow", Shape::kSize0},
    {"delete", Shape::kRelease},
    {"deletearray", Shape::kRelease},
    {"delete_sized", Shape::kRelease},
    {"deletearray_sized", Shape::kRelease},
    {"delete_nothrow", Shape::kRelease},
    {"deletearray_nothrow", Shape::kRelease},
    {"delete_aligned", Shape::kRelease},
    {"deletearray_aligned", Shape::kRelease},
    {"delete_sized_aligned", Shape::kRelease},
    {"deletearray_sized_aligned", Shape::kRelease},
    {"delete_aligned_nothrow", Shape::kRelease},
    {"deletearray_aligned_nothrow", Shape::kRelease},
};

inline constexpr Entry kOperatorEntries[] = {
    {"nwm", Shape::kSize0},
    {"nam", Shape::kSize0},
    {"nwmRKSt9nothrow_t", Shape::kSize0},
    {"namRKSt9nothrow_t", Shape::kSize0},
    {"nwmSt11align_val_t", Shape::kSize0},
    {"namSt11align_val_t", Shape::kSize0},
    {"nwmSt11align_val_tRKSt9nothrow_t", Shape::kSize0},
    {"namSt11align_val_tRKSt9nothrow_t", Shape::kSize0},
    {"dlPv", Shape::kRelease},
    {"daPv", Shape::kRelease},
    {"dlPvRKSt9nothrow_t", Shape::kRelease},
    {"daPvRKSt9nothrow_t", Shape::kRelease},
    {"dlPvm", Shape::kRelease},
    {"daPvm", Shape::kRelease},
    {"dlPvSt11align_val_t", Shape::kRelease},
    {"daPvSt11align_val_t", Shape::kRelease},
    {"dlPvmSt11align_val_t", Shape::kRelease},
    {"daPvmSt11align_val_t", Shape::kRelease},
    {"dlPvSt11align_val_tRKSt9nothrow_t", Shape::kRelease},
    {"daPvSt11align_val_tRKSt9nothrow_t", Shape::kRelease},
};

// clang-format off
#define SILT_FAMILY(prefix, entries) {prefix, entries, sizeof(entries) / sizeof(Entry)}
// clang-format on
inline constexpr Family kFamilies[] = {
    SILT_FAMILY("", kCommonEntries),       SILT_FAMILY("je_", kCommonEntries),
    SILT_FAMILY("_rjem_", kCommonEntries), SILT_FAMILY("mi_", kMimallocEntries),
    SILT_FAMILY("tc_", kTcmallocEntries),  SILT_FAMILY("_Z", kOperatorEntries),
};
#undef SILT_FAMILY
inline constexpr size_t kFamilyCount = sizeof(kFamilies) / sizeof(Family);
inline constexpr size_t kOperatorFamily = kFamilyCount - 1;

inline constexpr size_t kEntryCount = [] {
  size_t count = 0;
  for (const Family& family : kFamilies) count += family.count;
  return count;
}();

}  // namespace silt::detour

#endif  // SILT_INTERPOSER_DETOUR_NAMES_H_
