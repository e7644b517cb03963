// SPDX-License-Identifier: Apache-2.0
#include "forward/words.hpp"

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "fakes.hpp"

using namespace edgehaul;
using namespace edgehaul::forward;

TEST_CASE("words: tidy") {
  CHECK(tidy("  a \r\n\t b \x01 c  ") == "a b c");
  CHECK(tidy("") == "");
  CHECK(tidy("\n\n") == "");
  CHECK(tidy("12345678", 4) == "1234…");
  CHECK(tidy("aäöü", 4) == "aä…");  // never half a letter
  const std::string broken = tidy(std::string(5'000, '\xff'));
  CHECK(text::is_utf8(broken));
  CHECK(broken.size() <= 303);
}

TEST_CASE("words: endpoints without secrets") {
  CHECK(shown_endpoint("https://gw:4317") == "https://gw:4317");
  CHECK(shown_endpoint("https://u:p@gw:4317/a?k=v#f") == "https://gw:4317/a");
  CHECK(shown_endpoint("https://u:p@q@gw/a@b") == "https://gw/a@b");
  CHECK(shown_endpoint("gw/x@y") == "gw/x@y");
  CHECK(shown_endpoint("") == "");
  auto destination = test::http_destination("gw");
  destination.endpoint = "https://u:p@gw:4318/base";
  CHECK(shown_target(destination, otlp::Signal::metrics) == "POST https://gw:4318/base/v1/metrics");
  destination.protocol = Protocol::grpc;
  CHECK(shown_target(destination, otlp::Signal::logs) == "gRPC https://gw:4318/base logs");
}

TEST_CASE("words: header values do not come back through the server's words") {
  auto destination = test::http_destination();
  destination.headers = {{"authorization", "Basic dXNlcjpwYXNz"}, {"x-flag", "1"}};
  CHECK(without_secrets("bad token 'dXNlcjpwYXNz' (Basic dXNlcjpwYXNz), 1", destination) ==
        "bad token '***' (***), 1");
}

TEST_CASE("words: why a server refused items, for people") {
  CHECK(explain_refusal("Too old data, only last 5 hours data can be ingested. Data discarded.")
            .find("ZO_INGEST_ALLOWED_UPTO") != std::string_view::npos);
  CHECK(explain_refusal("Too far data, only future 24 hours data can be ingested. Data discarded.")
            .find("look at the clocks") != std::string_view::npos);
  CHECK(explain_refusal("metric has no data").empty());
}

TEST_CASE("words: the same but for numbers") {
  CHECK(without_numbers("17 s too old, id 4711") == without_numbers("3 s too old, id 1"));
  CHECK(without_numbers("a1b") != without_numbers("ab"));
}
