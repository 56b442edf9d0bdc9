// SPDX-License-Identifier: Apache-2.0
//
// Addresses as people write them.

#include "symbolizer/push/url.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::push {
namespace {

std::string parts(const std::string& text) {
  const auto url = parse_url(text);
  return url ? url->host + " " + url->port + " '" + url->path + "'" : "no: " + url.error().message;
}

}  // namespace

TEST_CASE("host, port and path are taken apart") {
  CHECK(parts("http://localhost:4040") == "localhost 4040 ''");
  CHECK(parts("http://pyroscope.svc/") == "pyroscope.svc 80 ''");
  CHECK(parts("http://10.0.0.1:80/a/b/") == "10.0.0.1 80 '/a/b'");
  CHECK(parts("http://[::1]:7070/x") == "::1 7070 '/x'");
  CHECK(parts("http://[::1]") == "::1 80 ''");
  CHECK(parse_url("http://[::1]:7070")->authority() == "[::1]:7070");
  CHECK(parse_url("http://a")->authority() == "a:80");
}

TEST_CASE("what would go elsewhere or say more than an address is refused") {
  for (const char* const text :
       {"", "localhost:4040", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:65536",
        "http://a:", "http://a:b", "http://[::1", "http://[::1]x", "http://u:p@a", "http://a/?x=1",
        "http://a/#x", "http://a/\r\nX: y", "http://a b", "http://a/\xc3\xa4"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text));
  }
  CHECK_THAT(parts("https://a"), Catch::Contains("https is not spoken"));
  CHECK_THAT(parts("http://u:p@a"), !Catch::Contains("u:p"));
}

TEST_CASE("what means something in a query is encoded") {
  CHECK(percent_encoded("shop{pod=a b&c,v=1.2}\xff") == "shop%7Bpod%3Da%20b%26c%2Cv%3D1.2%7D%FF");
}

}  // namespace silt::push
