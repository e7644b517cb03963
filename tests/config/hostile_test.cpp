// SPDX-License-Identifier: Apache-2.0
// YAML that no one means well with: refused with one fault, quickly and in little memory.
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "config/yaml.hpp"
#include "loading.hpp"

using namespace edgehaul::config;
using namespace edgehaul::config::test;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

}  // namespace

TEST_CASE("yaml: hostile texts end in one fault") {
  struct Row {
    std::string yaml;
    std::string_view fault;
  };
  const std::vector<Row> rows{
      {"a: &x [1, 1]\nb: [*x, *x]\n",
       "edgehaul.yaml:2: aliases (*name) are not supported (write the value out)\n"},
      {repeat("[", 500'000), "edgehaul.yaml: more than 20000 brackets and commas\n"},
      {"a: " + repeat("[", 17) + repeat("]", 17), "edgehaul.yaml:1: nested more than 16 deep\n"},
      {repeat("- ", 1000), "edgehaul.yaml:1: nested more than 16 deep\n"},
      {"a: [" + repeat("x,", 30'000) + "]", "edgehaul.yaml: more than 20000 brackets and commas\n"},
      {"a:\n" + repeat("- x\n", 30'000), "edgehaul.yaml:20000: more than 20000 values\n"},
      {repeat("#", kMaxYamlBytes + 1), "edgehaul.yaml: larger than 1 MiB\n"},
      {std::string("a: 1\nb: \0", 9), "edgehaul.yaml:2: not text in UTF-8\n"},
      {"a: 1\n\nb: \xff\n", "edgehaul.yaml:3: not text in UTF-8\n"},
      {"spool:\n\tmax_size: 1GiB\n", "edgehaul.yaml:2: indented with a tab (YAML wants spaces)\n"},
      {"a: 1\n---\nb: 2\n",
       "edgehaul.yaml:3: a second document begins here (one document per file)\n"},
      {"[a, b]: c\n", "edgehaul.yaml:1: a key must be plain text (or is a bracket left open?)\n"},
      {": 1\n", "edgehaul.yaml:1: a key is missing before ':'\n"},
      {repeat("k", 257) + ": 1\n", "edgehaul.yaml:1: a key of more than 256 bytes\n"},
      {"- a\n- b\n", "edgehaul.yaml: no settings in it: KEY: VALUE is wanted\n"},
      {"just words\n", "edgehaul.yaml: no settings in it: KEY: VALUE is wanted\n"},
      {"a: 'x\n", "edgehaul.yaml:1: not valid YAML: illegal EOF in scalar\n"},
      {"a: \"x\nb: y\n\n", "edgehaul.yaml:2: not valid YAML: illegal EOF in scalar\n"},
      {"<<: {a: 1}\n",
       "edgehaul.yaml:1: <<: unknown key (known here: mode, log_level, resource, "
       "identity, state_dir, stop_grace, status, spool, collect, forward, receive)\n"},
      {"resource: {" +
           [] {
             std::string entries;
             for (int i = 0; i < 300; ++i)
               entries += "k" + std::to_string(i) + ": v, ";
             return entries;
           }() +
           "}",
       "edgehaul.yaml:1: resource: more than 256 entries\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml.substr(0, 60));
    CHECK(Case(row.yaml).faults_from(Severity::note).substr(0, row.fault.size()) == row.fault);
    CHECK(Case(row.yaml).faults() == row.fault);
  }
}

TEST_CASE("yaml: empty texts and comments are no faults") {
  for (const char* yaml : {"\n", "# nothing\n", "---\n", "---\n...\n", "\xEF\xBB\xBF# mark\n",
                           "spool:\n", "spool: ~\n", "forward: []\n", "a_file: 1\n"}) {
    CAPTURE(yaml);
    const bool is_known = std::string_view(yaml).find("a_file") == std::string_view::npos;
    CHECK(Case(yaml).load().ok() == is_known);
  }
}
