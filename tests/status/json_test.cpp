// SPDX-License-Identifier: Apache-2.0
#include "status/json.hpp"

#include <limits>

#include <doctest/doctest.h>
#include <boost/json.hpp>

#include "base/fd.hpp"
#include "status/filled.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
namespace json = boost::json;

TEST_CASE("status json: every field of a filled snapshot") {
  std::string buffer;
  const auto golden = base::read_file(test::source_file("status/filled.json"), buffer);
  REQUIRE(golden.has_value());
  const json::string_view text(golden->data(), golden->size());
  // Also the order of the keys: people read it.
  CHECK(status::to_json(test::filled()) == json::serialize(json::parse(text)));
}

TEST_CASE("status json: an empty snapshot") {
  const json::value document = json::parse(status::to_json({}));
  CHECK(document.at("program").at("state") == "starting");
  CHECK(document.at("program").at("last_reload").is_null());
  CHECK(document.at("spool").at("hours_left").is_null());
  CHECK(document.at("spool").at("oldest").is_null());
  CHECK(document.at("destinations").as_array().empty());
  CHECK(document.as_object().if_contains("receive") == nullptr);
}

TEST_CASE("status json: words and numbers that JSON cannot hold") {
  status::Snapshot snapshot = test::healthy();
  snapshot.destinations[0].last_error = "said \xff\"\n\x1b[31m";
  snapshot.spool.bytes_per_second = std::numeric_limits<double>::infinity();
  snapshot.spool.hours_left = std::numeric_limits<double>::infinity();
  snapshot.identity = {{"a\xff", std::numeric_limits<double>::quiet_NaN()}};
  snapshot.program.started = snapshot.now + test::kSecond;  // the clock was stepped back
  const json::value document = json::parse(status::to_json(snapshot));
  CHECK(document.at("destinations").at(0).at("last_error") == "said \xef\xbf\xbd\"\n\x1b[31m");
  CHECK(document.at("spool").at("bytes_per_second").is_null());
  CHECK(document.at("spool").at("hours_left").is_null());
  CHECK(document.at("identity").at("a\xef\xbf\xbd").is_null());
  CHECK(document.at("program").at("uptime_seconds") == 0.0);
}
