// SPDX-License-Identifier: Apache-2.0
//
// What both address spaces share; see the header. Hook context.

#include "interposer/unwind/libunwind.h"

#include <cstdint>

#include "interposer/base/arch.h"
#include "interposer/unwind/object.h"
#include "interposer/unwind/signing_marks.h"

namespace silt::unwind {

constinit Libunwind libunwind{};

namespace {

// A function's row in the table of .eh_frame_hdr, sorted by where functions begin; both are
// relative to the header.
struct Row {
  int32_t start;
  int32_t description;
};

// The last row that begins at or before `at`; rows.count where there is none.
uint32_t find_row(const Row* rows, uint32_t count, int64_t at) {
  uint32_t low = 0;
  uint32_t high = count;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (rows[middle].start <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low == 0 ? count : low - 1;
}

}  // namespace

int find_table(unw_addr_space_t space, unw_word_t ip, unw_proc_info_t* info, int need, void* arg) {
  Object object;
  if (!find_object(ip, &object) || object.eh_frame_header == nullptr) return -UNW_ENOINFO;
  // .eh_frame_hdr: version, encoding of the eh_frame pointer, of the count, of the table; then the
  // pointer, the count and the table sorted by address. Linkers write just this one form.
  uint8_t header[12];
  if (!read_object_memory(object.eh_frame_header, header, sizeof(header))) return -UNW_ENOINFO;
  constexpr uint8_t kSigned4PcRelative = 0x1b;
  constexpr uint8_t kUnsigned4 = 0x03;
  constexpr uint8_t kSigned4DataRelative = 0x3b;
  if (header[0] != 1 || header[1] != kSigned4PcRelative || header[2] != kUnsigned4 ||
      header[3] != kSigned4DataRelative) {
    return -UNW_ENOINFO;
  }
  uint32_t count;
  __builtin_memcpy(&count, header + 8, sizeof(count));
  // Looked up here: libunwind would read each row that it looks at by four calls of an accessor,
  // which is a quarter of what a rule takes in a program as large as node. It needs the next row
  // too, where the function ends at the latest.
  const auto base = reinterpret_cast<unw_word_t>(object.eh_frame_header);
  const auto* const rows = reinterpret_cast<const Row*>(base + sizeof(header));
  // Where maps tell, an object may just have been unloaded and another one have taken its place:
  // then this is no header, and the count could be anything.
  if (object.end - reinterpret_cast<unw_word_t>(rows) < uint64_t{count} * sizeof(Row)) {
    return -UNW_ENOINFO;
  }
  const uint32_t row = find_row(rows, count, static_cast<int64_t>(ip - base));
  if (row == count) return -UNW_ENOINFO;
  const uint32_t wanted = row + 1 < count ? 2 : 1;
  unw_dyn_info_t table{};
  table.start_ip = object.start;
  table.end_ip = object.end;
  table.format = UNW_INFO_FORMAT_REMOTE_TABLE;
  table.u.rti.segbase = base;
  table.u.rti.table_data = reinterpret_cast<unw_word_t>(rows + row);
  table.u.rti.table_len = wanted * sizeof(Row) / sizeof(unw_word_t);
  if constexpr (arch::kReturnsByRegister) {
    signing_marks.find(base + static_cast<uint64_t>(int64_t{rows[row].description}), object.start,
                       object.end);
  }
  return libunwind.search_unwind_table(space, ip, &table, info, need, arg);
}

bool has_guessed(unw_cursor_t* cursor, uint64_t pc) {
  if constexpr (arch::kReturnsByRegister) {
    unw_word_t now = 0;
    return libunwind.get_reg(cursor, arch::kDwarfPc, &now) < 0 || now != pc;
  } else {
    return false;
  }
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
