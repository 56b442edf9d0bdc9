// SPDX-License-Identifier: Apache-2.0
//
// The sorted table of .eh_frame_hdr; see the header.

#include "symbolizer/symbolize/function_ranges.h"

#include <algorithm>
#include <cstring>

namespace silt::symbolize {
namespace {

// version, encodings of the pointer to .eh_frame, of the count and of the table; then both values.
constexpr size_t kHeader = 12;
constexpr uint8_t kPointerRelative4 = 0x1b;  // DW_EH_PE_pcrel | DW_EH_PE_sdata4
constexpr uint8_t kCount4 = 0x03;            // DW_EH_PE_udata4
constexpr uint8_t kTableRelative4 = 0x3b;    // DW_EH_PE_datarel | DW_EH_PE_sdata4
constexpr size_t kRow = 8;                   // begin of the function, its description

template <typename Value>
Value value_at(std::span<const uint8_t> bytes, size_t offset) {
  Value value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

}  // namespace

std::vector<uint64_t> function_begins(std::span<const uint8_t> table, uint64_t address) {
  std::vector<uint64_t> begins;
  if (table.size() < kHeader || table[0] != 1 || table[1] != kPointerRelative4 ||
      table[2] != kCount4 || table[3] != kTableRelative4) {
    return begins;
  }
  const size_t rows =
      std::min<size_t>(value_at<uint32_t>(table, 8), (table.size() - kHeader) / kRow);
  begins.reserve(rows);
  for (size_t i = 0; i < rows; ++i) {
    const int64_t distance = value_at<int32_t>(table, kHeader + i * kRow);
    begins.push_back(address + static_cast<uint64_t>(distance));
  }
  // Linkers sort it; who made it otherwise gets no wrong answers.
  if (!std::is_sorted(begins.begin(), begins.end())) begins.clear();
  return begins;
}

FunctionRanges::FunctionRanges(Dwfl_Module* module) {
  GElf_Addr bias = 0;
  Elf* elf = dwfl_module_getelf(module, &bias);
  size_t headers = 0;
  if (elf == nullptr || elf_getphdrnum(elf, &headers) != 0) return;
  size_t file_size = 0;
  const char* file = elf_rawfile(elf, &file_size);
  if (file == nullptr) return;
  for (size_t i = 0; i < headers; ++i) {
    GElf_Phdr header;
    if (gelf_getphdr(elf, static_cast<int>(i), &header) == nullptr) continue;
    if (header.p_offset > file_size || header.p_filesz > file_size - header.p_offset) continue;
    const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(file) + header.p_offset,
                                         header.p_filesz);
    if (header.p_type == PT_LOAD && (header.p_flags & PF_X) != 0) {
      end_ = std::max(end_, header.p_vaddr + header.p_memsz);
      segments_.push_back({header.p_vaddr, bytes});
    }
    if (header.p_type == PT_GNU_EH_FRAME) begins_ = function_begins(bytes, header.p_vaddr);
  }
}

std::optional<FileAddress> FunctionRanges::begin_of(FileAddress file_address) const {
  const uint64_t address = number_of(file_address);
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), address);
  if (next == begins_.begin() || address >= end_) return std::nullopt;
  return FileAddress{*(next - 1)};
}

std::span<const uint8_t> FunctionRanges::code_at(uint64_t address, size_t size) const {
  for (const Segment& segment : segments_) {
    if (address < segment.address || address - segment.address >= segment.bytes.size()) continue;
    const std::span<const uint8_t> rest = segment.bytes.subspan(address - segment.address);
    return rest.first(std::min(size, rest.size()));
  }
  return {};
}

bool FunctionRanges::is_operator_new(FileAddress function) const {
  const uint64_t begin = number_of(function);
  const auto next = std::upper_bound(begins_.begin(), begins_.end(), begin);
  const uint64_t end = next == begins_.end() ? end_ : *next;
  return end > begin && looks_like_operator_new(code_at(begin, end - begin));
}

bool looks_like_operator_new(std::span<const uint8_t> code) {
  // GCC's is 56 bytes long, clang's 70; libc++'s is no longer.
  constexpr size_t kLongest = 128;
  // The size is looked at before anything else is done.
  constexpr size_t kFirstSteps = 24;
  if (code.size() < kFirstSteps || code.size() > kLongest) return false;
  const auto one_at = [&](size_t i) {  // mov $1, %r32
    return (code[i] & 0xf8) == 0xb8 && code[i + 1] == 1 && code[i + 2] == 0 && code[i + 3] == 0 &&
           code[i + 4] == 0;
  };
  size_t one = 0;
  while (one + 5 <= kFirstSteps && !one_at(one)) ++one;
  if (one + 5 > kFirstSteps) return false;
  size_t call = one;  // of malloc, then of the handler's getter
  size_t calls = 0;
  for (size_t i = one + 5; i + 5 <= code.size(); ++i) {
    if (code[i] != 0xe8) continue;
    calls += 1;
    call = i;
    i += 4;
  }
  if (calls < 2) return false;
  // call *%rax, and back to malloc.
  for (size_t i = call + 5; i + 4 <= code.size(); ++i) {
    if (code[i] == 0xff && code[i + 1] == 0xd0 && code[i + 2] == 0xeb && code[i + 3] >= 0x80) {
      return true;
    }
  }
  return false;
}

}  // namespace silt::symbolize
