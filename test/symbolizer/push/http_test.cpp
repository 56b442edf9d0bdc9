// SPDX-License-Identifier: Apache-2.0
//
// Headers that are sent along, and answers of servers that mean well or not. Sending itself is
// tested end to end (test_push.py).

#include "symbolizer/push/http.h"

#include <catch2/catch.hpp>
#include <string>

namespace silt::push {
namespace {

std::string answer(const std::string& bytes) {
  const auto response = parse_response(bytes);
  if (!response) return "no: " + response.error().message;
  return std::to_string(response->status) + "|" + response->location + "|" + response->body;
}

}  // namespace

TEST_CASE("status, location and body of an answer") {
  CHECK(answer("HTTP/1.1 200 OK\r\n\r\n") == "200||");
  CHECK(answer("HTTP/1.0 422 \r\nContent-Length: 3\r\n\r\nbad") == "422||bad");
  CHECK(answer("HTTP/1.1 301 Moved\r\nlocation:  http://b/\r\n\r\n") == "301|http://b/|");
  CHECK(answer("HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n"
               "\r\n") == "400||abcde");
}

TEST_CASE("what is cut short or no HTTP is no answer") {
  for (const char* const bytes :
       {"", "HTTP/1.1", "HTTP/1.1 2x0 OK\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\n", "HTTP/1.1 099 OK\r\n\r\n"}) {
    CAPTURE(bytes);
    CHECK_FALSE(parse_response(bytes));
  }
}

TEST_CASE("chunks that lie about their size end the body") {
  for (const char* const chunks :
       {"ffffffffffffffff\r\nabc", "5\r\nab", "zz\r\nabc", "3", "-1\r\nabc\r\n"}) {
    CAPTURE(chunks);
    CHECK(parse_response(std::string("HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n") +
                         chunks)
              .ok());
  }
}

TEST_CASE("a header has a name that HTTP allows and a value in one line") {
  const auto header = parse_header("X-Scope-OrgID:  team-a");
  REQUIRE(header);
  CHECK(header->first == "X-Scope-OrgID");
  CHECK(header->second == "team-a");
  for (const char* const line : {"", ":", "novalue", "a b: c", "a: b\r\nc: d", "\r\na: b"}) {
    CAPTURE(line);
    CHECK_FALSE(parse_header(line));
  }
}

}  // namespace silt::push
