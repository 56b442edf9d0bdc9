// SPDX-License-Identifier: Apache-2.0
//
// What both address spaces share; see the header. Hook context.

#include "interposer/unwind/libunwind.h"

#include <cstdint>

#include "interposer/unwind/object.h"

namespace silt::unwind {

constinit Libunwind libunwind{};

int find_table(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  Object object;
  if (!find_object(ip, &object) || object.eh_frame_header == nullptr) return -UNW_ENOINFO;
  // .eh_frame_hdr: version, encoding of the eh_frame pointer, of the count, of the table; then the
  // pointer, the count and the table sorted by address. Linkers write just this one form.
  const auto* const header = static_cast<const uint8_t*>(object.eh_frame_header);
  constexpr uint8_t kSigned4PcRelative = 0x1b;
  constexpr uint8_t kUnsigned4 = 0x03;
  constexpr uint8_t kSigned4DataRelative = 0x3b;
  if (header[0] != 1 || header[1] != kSigned4PcRelative || header[2] != kUnsigned4 ||
      header[3] != kSigned4DataRelative) {
    return -UNW_ENOINFO;
  }
  uint32_t count;
  __builtin_memcpy(&count, header + 8, sizeof(count));
  unw_dyn_info_t table{};
  table.start_ip = object.start;
  table.end_ip = object.end;
  table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  table.u.rti.segbase = reinterpret_cast<unw_word_t>(header);
  table.u.rti.table_data = reinterpret_cast<unw_word_t>(header + 12);
  table.u.rti.table_len = count * 8ul / sizeof(unw_word_t);
  return libunwind.search_unwind_table(space, ip, &table, info, need, arg);
}

void put_unwind_info(unw_addr_space_t, unw_proc_info_t*, void*) {}

int no_dynamic_list(unw_addr_space_t, unw_word_t*, void*) { return -UNW_ENOINFO; }

int no_fp_register(unw_addr_space_t, unw_regnum_t, unw_fpreg_t*, int, void*) {
  return -UNW_EBADREG;
}
int no_resume(unw_addr_space_t, unw_cursor_t*, void*) { return -UNW_EINVAL; }
int no_name(unw_addr_space_t, unw_word_t, char*, size_t, unw_word_t*, void*) {
  return -UNW_ENOINFO;
}

}  // namespace silt::unwind
