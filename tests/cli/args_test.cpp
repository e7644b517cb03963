// SPDX-License-Identifier: Apache-2.0
#include "cli/args.hpp"

#include <array>

#include <doctest/doctest.h>

using edgehaul::Errc;
using edgehaul::cli::Args;
using edgehaul::cli::OptionSpec;

namespace {
constexpr std::array kOptions{OptionSpec{"--config", "FILE", ""},
                              OptionSpec{"--set", "KEY=VALUE", ""}, OptionSpec{"--json", "", ""}};

auto parse(std::initializer_list<std::string_view> words) {
  return Args::parse({words.begin(), words.size()}, kOptions);
}
}  // namespace

TEST_CASE("args: values by space and by equals sign, flags, repeats and the rest") {
  const auto args =
      parse({"--config", "a", "--set=x=1", "ls", "--set", "y=2", "--json", "--", "--z"});
  REQUIRE(args.has_value());
  CHECK(args->value("--config") == "a");
  CHECK(args->all("--set") == std::vector<std::string>{"x=1", "y=2"});
  CHECK(args->has("--json"));
  CHECK(args->rest() == std::vector<std::string>{"ls", "--z"});
}

TEST_CASE("args: the last value wins, an absent one is absent") {
  const auto args = parse({"--config", "a", "--config", "b"});
  CHECK(args->value("--config") == "b");
  CHECK_FALSE(args->value("--set").has_value());
  CHECK_FALSE(args->has("--json"));
}

TEST_CASE("args: faults say what and suggest") {
  CHECK(parse({"--confg", "a"}).error().message == "no option --confg; did you mean --config?");
  CHECK(parse({"--config"}).error().message == "--config needs a value (FILE)");
  CHECK(parse({"--json=1"}).error().message == "--json takes no value");
  CHECK(parse({"--zzzzzzzzzz"}).error().code == Errc::invalid);
}
