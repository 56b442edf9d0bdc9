// SPDX-License-Identifier: Apache-2.0
//
// Whose code PHP's functions are, and what a report says of how PHP was recorded.

#include "symbolizer/runtime/php/php.h"

#include <catch2/catch.hpp>
#include <string>

#include "interposer/format/snapshot.h"
#include "symbolizer/report/site.h"

namespace silt::runtime {
namespace {

using report::Origin;

Origin of(const char* function, const char* file) {
  symbolize::Frame frame;
  frame.function = function;
  frame.file = file;
  frame.kind = symbolize::FrameKind::kPhp;
  return report::origin_of(frame);
}

TEST_CASE("what Composer, Debian or PEAR have installed is not the user's code") {
  CHECK(of("Cart::add", "/srv/shop/src/Cart.php") == Origin::kUser);
  CHECK(of("{main}", "/srv/shop/worker.php") == Origin::kUser);
  CHECK(of("{main}", "Command line code") == Origin::kUser);
  CHECK(of("{main}", "/srv/shop/worker.php(3) : eval()'d code") == Origin::kUser);
  CHECK(of("Logger::log", "/srv/shop/vendor/monolog/monolog/src/Logger.php") == Origin::kLibrary);
  CHECK(of("Mail::factory", "/usr/share/php/Mail.php") == Origin::kLibrary);
  CHECK(of("run", "phar:///usr/bin/composer/src/main.php") == Origin::kLibrary);
  CHECK(of("array_map", "") == Origin::kRuntime);
}

read::Recording recording_of(const std::string& why_not, uint32_t flags) {
  read::Recording recording;
  recording.snapshots.resize(2);
  recording.snapshots.back().runtimes.emplace_back();
  read::Snapshot::Runtime& runtime = recording.snapshots.back().runtimes.back();
  runtime.name = "php";
  runtime.version = "8.2.36";
  runtime.why_not = why_not;
  runtime.flags = flags;
  return recording;
}

std::string note(const read::Recording& recording) {
  const auto notes = kPhp.notes(recording, report::Report());
  REQUIRE(notes.size() <= 1);
  return notes.empty() ? "" : notes[0];
}

bool has(const std::string& text, const char* part) { return text.find(part) != text.npos; }

TEST_CASE("the report says what of PHP was not seen, and what would show it") {
  CHECK(note(recording_of("", format::kRuntimeFrames)).empty());
  const std::string hides = note(recording_of("", format::kRuntimeFrames | format::kRuntimeHides));
  CHECK(has(hides, "PHP 8.2.36 cuts its blocks out of chunks"));
  CHECK(has(hides, "USE_ZEND_ALLOC=0"));
  const std::string refused = note(recording_of("it is another one", 0));
  CHECK(has(refused, "PHP 8.2.36 was not joined: it is another one; "));
  CHECK(has(refused, "USE_ZEND_ALLOC=0"));
  CHECK(has(note(recording_of("", 0)), "had not run anything yet"));
}

TEST_CASE("a program that nothing was said of is known by its name") {
  const auto told = [](const char* module) {
    read::Recording recording;
    recording.snapshots.resize(1);
    recording.modules.emplace_back();
    recording.modules.back().path = module;
    return note(recording);
  };
  CHECK(has(told("/usr/sbin/php-fpm8.2"), "this program runs PHP"));
  CHECK(has(told("/usr/bin/php8.2"), "this program runs PHP"));
  CHECK(has(told("/usr/lib/apache2/modules/libphp8.2.so"), "this program runs PHP"));
  CHECK(told("/srv/vendor/bin/phpunit").empty());
  CHECK(told("/usr/bin/node").empty());
}

}  // namespace
}  // namespace silt::runtime
