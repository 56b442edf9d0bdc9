// SPDX-License-Identifier: Apache-2.0
//
// Sections through the writer's one buffer: offsets, sizes and checksums as the format says, and
// the first failure kept.

#include "interposer/snapshot/section_writer.h"

#include <fcntl.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "interposer/format/snapshot.h"
#include "symbolizer/base/cursor.h"
#include "test/interposer/snapshot/memory_file.h"

namespace silt::snapshot {
namespace {

using format::SectionEntry;
using format::SectionType;

struct Parsed {
  format::FileHeader header{};
  std::vector<SectionEntry> sections;
};

Parsed parse(const std::string& bytes) {
  Parsed parsed;
  REQUIRE(bytes.size() >= sizeof(parsed.header));
  std::memcpy(&parsed.header, bytes.data(), sizeof(parsed.header));
  parsed.sections.resize(parsed.header.section_count);
  std::memcpy(parsed.sections.data(), bytes.data() + sizeof(parsed.header),
              parsed.sections.size() * sizeof(SectionEntry));
  return parsed;
}

}  // namespace

TEST_CASE("sections of every size come back, aligned and with their checksums") {
  test::MemoryFile file;
  SectionWriter writer(file.fd());
  std::mt19937_64 random(20);
  std::vector<std::string> contents;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{131071}, size_t{131072}, size_t{131073},
                            size_t{1'000'003}, size_t{7}}) {
    std::string content(size, '\0');
    for (char& c : content) c = static_cast<char>(random());
    contents.push_back(content);
    writer.begin(static_cast<SectionType>(contents.size()));
    for (size_t at = 0; at < size;) {
      const size_t part = std::min<size_t>(size - at, 1 + random() % 200'000);
      writer.add(content.data() + at, part);
      at += part;
    }
    CHECK(writer.section_bytes() == size);
    writer.end(static_cast<uint32_t>(size));
  }
  REQUIRE(writer.finish() == 0);
  const std::string bytes = file.bytes();
  const Parsed parsed = parse(bytes);
  CHECK(std::memcmp(parsed.header.magic, format::kMagic, 8) == 0);
  CHECK(parsed.header.version == format::kVersion);
  CHECK(parsed.header.header_size == 64);
  CHECK(parsed.header.entry_size == 32);
  CHECK(parsed.header.file_size == bytes.size());
  REQUIRE(parsed.sections.size() == contents.size());
  for (size_t i = 0; i < contents.size(); ++i) {
    const SectionEntry& section = parsed.sections[i];
    CHECK(section.type == i + 1);
    CHECK(section.offset % 8 == 0);
    CHECK(section.count == contents[i].size());
    REQUIRE(section.size == contents[i].size());
    REQUIRE(section.offset + section.size <= bytes.size());
    CHECK(bytes.compare(section.offset, section.size, contents[i]) == 0);
    CHECK(section.checksum == XXH64(contents[i].data(), contents[i].size(), 0));
  }
  std::string front = bytes.substr(0, 64 + 32 * contents.size());
  std::memset(front.data() + offsetof(format::FileHeader, header_checksum), 0, 8);
  CHECK(parsed.header.header_checksum == XXH64(front.data(), front.size(), 0));
}

TEST_CASE("numbers of every length come back") {
  test::MemoryFile file;
  SectionWriter writer(file.fd());
  std::mt19937_64 random(21);
  std::vector<uint64_t> values = {0, 1, 127, 128, 16383, 16384, UINT64_MAX, uint64_t{1} << 63};
  for (int i = 0; i < 5000; ++i) values.push_back(random() >> (random() % 64));
  writer.begin(SectionType::kNodes);
  for (const uint64_t value : values) {
    writer.add_varint(value);
    writer.add_signed_varint(static_cast<int64_t>(value));
    writer.add_signed_varint(-static_cast<int64_t>(value & INT64_MAX));
  }
  writer.end(1);
  REQUIRE(writer.finish() == 0);
  const std::string bytes = file.bytes();
  const Parsed parsed = parse(bytes);
  Cursor cursor(std::string_view(bytes).substr(parsed.sections[0].offset, parsed.sections[0].size));
  uint64_t wrong = 0;
  for (const uint64_t value : values) {
    wrong += cursor.varint() != value ? 1 : 0;
    wrong += unzigzag(cursor.varint()) != value ? 1 : 0;
    wrong += unzigzag(cursor.varint()) != uint64_t{0} - (value & INT64_MAX) ? 1 : 0;
  }
  CHECK(wrong == 0);
  CHECK(cursor.ok());
}

TEST_CASE("the first failure is what finish answers, whatever is added after it") {
  const int full = open("/dev/full", O_WRONLY);
  REQUIRE(full >= 0);
  SectionWriter writer(full);
  const std::string content(500'000, 'x');
  writer.begin(SectionType::kNodes);
  writer.add(content.data(), content.size());
  writer.end(1);
  writer.begin(SectionType::kStacks);
  writer.add(content.data(), content.size());
  writer.end(1);
  CHECK(writer.finish() == -ENOSPC);
  close(full);
}

TEST_CASE("a file that may not be written is an error") {
  const int null = open("/dev/null", O_RDONLY);
  REQUIRE(null >= 0);
  SectionWriter writer(null);
  writer.begin(SectionType::kMeta);
  writer.add("abc", 3);
  writer.end(1);
  CHECK(writer.finish() == -EBADF);
  close(null);
}

TEST_CASE("more sections than there is room for are an error") {
  test::MemoryFile file;
  SectionWriter writer(file.fd());
  for (uint32_t i = 0; i < SectionWriter::kSections + 3; ++i) {
    writer.begin(SectionType::kCosts);
    writer.add("abc", 3);
    writer.end(1);
  }
  CHECK(writer.finish() == -EINVAL);
}

}  // namespace silt::snapshot
