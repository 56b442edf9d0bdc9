// SPDX-License-Identifier: Apache-2.0
//
// What a gzipped output format holds.

#ifndef SILT_TEST_SYMBOLIZER_RENDER_GUNZIP_H_
#define SILT_TEST_SYMBOLIZER_RENDER_GUNZIP_H_

#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>

namespace silt::test {

inline std::string gunzip(const std::string& bytes) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  std::string result(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  REQUIRE(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  result.resize(stream.total_out);
  inflateEnd(&stream);
  return result;
}

}  // namespace silt::test

#endif  // SILT_TEST_SYMBOLIZER_RENDER_GUNZIP_H_
