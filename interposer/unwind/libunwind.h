// SPDX-License-Identifier: Apache-2.0
//
// What silt uses of libunwind, and what its two address spaces have in common: the one in which
// rules are derived (derive.cpp) and the one it walks in itself (libunwind_walk.cpp). Only for the
// files that call libunwind. Hook context.

#ifndef SILT_INTERPOSER_UNWIND_LIBUNWIND_H_
#define SILT_INTERPOSER_UNWIND_LIBUNWIND_H_

#include <libunwind.h>

#include <cstdint>

// Its functions have the machine in their names: UNW_OBJ(step) is such a name.
#define SILT_UNWIND_TEXT(name) #name
#define SILT_UNWIND_TEXT_OF(name) SILT_UNWIND_TEXT(name)
#define SILT_UNWIND_NAME(function) SILT_UNWIND_TEXT_OF(UNW_OBJ(function))

extern "C" int UNW_OBJ(dwarf_search_unwind_table)(unw_addr_space_t, unw_word_t, unw_dyn_info_t*,
                                                  unw_proc_info_t*, int, void*);

namespace silt::unwind {

// The functions that are used, found by name in the private handle.
struct Libunwind {
  decltype(&unw_create_addr_space) create_addr_space;
  decltype(&unw_set_caching_policy) set_caching_policy;
  decltype(&unw_init_remote) init_remote;
  decltype(&unw_step) step;
  decltype(&unw_get_reg) get_reg;
  decltype(&UNW_OBJ(dwarf_search_unwind_table)) search_unwind_table;
  unw_addr_space_t probe_space;
  unw_addr_space_t walk_space;
};
extern Libunwind libunwind;  // filled by open_unwinder

extern unw_accessors_t probe_accessors;  // in derive.cpp
extern unw_accessors_t walk_accessors;   // in libunwind_walk.cpp

// Finds the unwind information for `ip` in the object that holds it: the part of find_proc_info
// that is the same in both spaces. Their arguments have no field in common, so each notes for
// itself that there was none.
int find_table(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg);

// After a step. Where the unwind information for a frame cannot be made out, libunwind for some
// processors goes on with the link register as if that were the caller's pc, and says that all is
// well. It then has what it took for the pc in the pc's own place, which a step leaves alone
// otherwise: `pc` is what stood there before.
bool has_guessed(unw_cursor_t* cursor, uint64_t pc);

// The accessors of which silt has no use: they do nothing or refuse.
void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*);
int no_dynamic_list(unw_addr_space_t, unw_word_t*, void*);
int no_fp_register(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*);
int no_resume(unw_addr_space_t, unw_cursor_t*, void*);
int no_name(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*);

}  // namespace silt::unwind

#endif  // SILT_INTERPOSER_UNWIND_LIBUNWIND_H_
