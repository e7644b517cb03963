// SPDX-License-Identifier: Apache-2.0
// The table describes itself truthfully, and so do the shipped files that are made of it.
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "config/describe.hpp"
#include "config/keys.hpp"
#include "config/value.hpp"
#include "loading.hpp"

using namespace edgehaul::config;
using namespace edgehaul::config::test;

namespace {

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string shipped(const char* name) {
  return contents(edgehaul::test::source_file(std::string("../packaging/") + name));
}

// The sample with every setting switched on: '#' goes from "#name:" and "#  - item".
std::string uncommented(const std::string& sample) {
  std::istringstream lines(sample);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t mark = line.find_first_not_of(' ');
    const bool is_setting = mark != std::string::npos && line[mark] == '#' &&
                            mark + 1 < line.size() &&
                            (line[mark + 1] != ' ' || line.compare(mark + 1, 2, "  ") == 0);
    if (is_setting) line.erase(mark, 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("keys: paths are unique, every row is documented, names do not clash with sections") {
  std::set<std::string> paths;
  for (const Key& key : keys()) {
    CAPTURE(key.path);
    CHECK(paths.insert(key.path).second);
    CHECK(key.help.ends_with('.'));
    CHECK(key.help.find("  ") == std::string::npos);
    CHECK_FALSE(is_section(key.path));
    CHECK(key.path.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.[]") == std::string::npos);
  }
  CHECK(key_names().size() == keys().size());
  CHECK(find_key("forward[].endpoint") != nullptr);
  CHECK(find_key("forward.endpoint") == nullptr);
  CHECK(children("spool") == std::vector<std::string>{"max_size", "max_age", "memory_queue",
                                                      "set_aside_size", "thin", "drop_first",
                                                      "commit_delay", "loss_window"});
}

TEST_CASE("keys: every default is within its row's limits and reads back as written") {
  for (const Key& key : keys()) {
    CAPTURE(key.path);
    Config config;
    Draft draft;
    const std::string text = write_value(key, {config, draft});
    std::string path = key.path;
    if (const std::size_t at = path.find("[]"); at != std::string::npos) path.replace(at, 2, ".0");
    Case one;
    one.sets = {"forward.0.endpoint=https://c:4317", path + "=" + text};
    if (key.path == "forward[].endpoint") continue;
    CHECK(one.faults() == "");
    CHECK(changed_keys(one.load().config,
                       [&] {
                         Case standard;
                         standard.sets = {"forward.0.endpoint=https://c:4317"};
                         return standard.load().config;
                       }())
              .empty());
  }
}

TEST_CASE("keys: each row sets a member of its own") {
  std::set<std::string> seen;
  for (const Key& key : keys()) {
    if (key.type != Type::flag) continue;
    CAPTURE(key.path);
    Config config;
    Draft draft;
    bool& flag = std::get<bool& (*)(Slot)>(key.target)({config, draft});
    flag = !flag;
    std::vector<std::string> changed;
    Config standard;
    Draft standard_draft;
    for (const Key& other : keys()) {
      if (write_value(other, {config, draft}) != write_value(other, {standard, standard_draft})) {
        changed.push_back(other.path);
      }
    }
    CHECK(changed == std::vector<std::string>{key.path});
  }
}

TEST_CASE("sample: the shipped file is the table's, loads, and states every default truthfully") {
  const std::string sample = shipped("edgehaul.yaml");
  CHECK(sample == describe_sample());
  CHECK(Case(sample).faults_from(Severity::note).find("edgehaul.yaml:") == std::string::npos);
  CHECK(changed_keys(Case(sample).load().config, Config{Case().load().config}).empty());

  const Case all(uncommented(sample));
  CHECK(all.faults() == "");
  Case standard;
  standard.sets = {"forward.0.name=central", "forward.0.endpoint=https://central.example:4317"};
  CHECK(changed_keys(all.load().config, standard.load().config).empty());
  for (const Key& key : keys()) {
    CAPTURE(key.path);
    const std::string name = key.path.substr(key.path.rfind('.') + 1);
    CHECK(sample.find("#" + name + ":") + sample.find(" " + name + ":") != 2 * std::string::npos);
  }
}

TEST_CASE("describe: each key and metric has its row") {
  const std::string table = describe_markdown();
  const std::string man = shipped("man/edgehaul.yaml.5");
  for (const Key& key : keys()) {
    CAPTURE(key.path);
    CHECK(table.find("| `" + key.path + "` | ") != std::string::npos);
  }
  CHECK(table.find("| `collect.interval` | duration | `10s` | Time between two samples. (100ms to "
                   "1h.) |\n") != std::string::npos);
  CHECK(man.find(describe_man()) != std::string::npos);
  const std::string metrics = metrics_markdown();
  CHECK(metrics.find("| `system.disk.io` | `By` | counter | device, direction{read,write} | ") !=
        std::string::npos);
}
