// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "loading.hpp"

using namespace edgehaul::config;
using namespace edgehaul::config::test;

namespace {

struct Row {
  std::string_view yaml;
  std::string_view fault;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(Case(row.yaml).faults() == std::string(row.fault) + "\n");
  }
}

}  // namespace

TEST_CASE("faults: values of the wrong type or out of range name line, value and a way out") {
  check_rows({
      {"spool:\n  max_age: 5parsecs\n",
       "edgehaul.yaml:2: spool.max_age = 5parsecs: not a duration (try 500ms, 30s, 5m)"},
      {"spool: {max_size: big}",
       "edgehaul.yaml:1: spool.max_size = big: not a size (try 512KiB, 64MiB, 1.5GiB)"},
      {"spool: {max_size: 1000}",
       "edgehaul.yaml:1: spool.max_size = 1000: too small (1MiB to 16TiB)"},
      {"spool: {max_size: 99TiB}",
       "edgehaul.yaml:1: spool.max_size = 99TiB: too large (1MiB to 16TiB)"},
      {"collect: {interval: 10}",
       "edgehaul.yaml:1: collect.interval = 10: not a duration (try 500ms, 30s, 5m)"},
      {"collect: {interval: 99ms}",
       "edgehaul.yaml:1: collect.interval = 99ms: too small (100ms to 1h)"},
      {"collect: {interval: 2h}",
       "edgehaul.yaml:1: collect.interval = 2h: too large (100ms to 1h)"},
      {"collect: {host: {cpu: {enabled: perhaps}}}",
       "edgehaul.yaml:1: collect.host.cpu.enabled = perhaps: not a switch (true or false)"},
      {"collect: {host: {process: {max_processes: -1}}}",
       "edgehaul.yaml:1: collect.host.process.max_processes = -1: not a whole number (try 100)"},
      {"collect: {host: {disk: {include: sda}}}",
       "edgehaul.yaml:1: collect.host.disk.include = sda: not a list (write [sda])"},
      {"collect:\n  host:\n    disk:\n      include:\n        - sda\n        - {a: b}\n",
       "edgehaul.yaml:6: collect.host.disk.include[1]: one value is wanted, not a map"},
      {"mode: rely", "edgehaul.yaml:1: mode = rely: not one of the choices (agent, relay)"},
      {"log_level: loud",
       "edgehaul.yaml:1: log_level = loud: not one of the choices (debug, info, warning, error)"},
      {"state_dir: var",
       "edgehaul.yaml:1: state_dir = var: not an absolute path (begin it with /)"},
      {"state_dir: [a]", "edgehaul.yaml:1: state_dir: one value is wanted, not a list"},
      {"state_dir: \"\"",
       "edgehaul.yaml:1: state_dir: empty (name a directory that survives a "
       "reboot)"},
      {"resource: store-1",
       "edgehaul.yaml:1: resource = store-1: not a map (write NAME: VALUE below it)"},
      {"resource:\n  a: b\n  c: [d]\n",
       "edgehaul.yaml:3: resource.c: one value is wanted, not a list"},
      {"spool: 5",
       "edgehaul.yaml:1: spool: settings are wanted below it, not a value (write KEY: "
       "VALUE below it, indented)"},
      {"forward: {endpoint: x}",
       "edgehaul.yaml:1: forward: not a list of destinations (write '- "
       "endpoint: …' below it)"},
  });
}

TEST_CASE("faults: unknown keys and metrics suggest the nearest, and only warn at run") {
  check_rows({
      {"log_levle: info", "edgehaul.yaml:1: log_levle: unknown key (did you mean log_level?)"},
      {"\nspool:\n  max_sice: 1GiB\n",
       "edgehaul.yaml:3: spool.max_sice: unknown key (did you mean max_size?)"},
      {"max_size: 1GiB", "edgehaul.yaml:1: max_size: unknown key (did you mean spool.max_size?)"},
      {"forward: [{endpoint: 'http://a:4317', tls: {ca: /x}}]",
       "edgehaul.yaml:1: forward[0].tls.ca: unknown key (known here: ca_file, cert_file, key_file, "
       "server_name, insecure, insecure_skip_verify)"},
      {"collect:\n  metrics:\n    system.cpu.tiem: true\n",
       "edgehaul.yaml:3: collect.metrics.system.cpu.tiem: no metric has this name (did you mean "
       "system.cpu.time?)"},
      {"collect:\n  metrics:\n    system.cpu.time: often\n",
       "edgehaul.yaml:3: collect.metrics.system.cpu.time = often: not a switch (true or false)"},
  });
  Case unknown("log_levle: s3cret\ncollect: {metrics: {no.such: true}}\n");
  CHECK(unknown.faults().find("s3cret") == std::string::npos);
  unknown.is_strict = false;
  const Loaded loaded = unknown.load();
  CHECK(loaded.ok());
  CHECK(unknown.faults() ==
        "edgehaul.yaml:1: warning: log_levle: unknown key (did you mean log_level?)\n"
        "edgehaul.yaml:2: warning: collect.metrics.no.such: no metric has this name\n");
}

TEST_CASE("faults: detectors go by their names; sources that are all off are worth a word") {
  check_rows({
      {"identity:\n  detectors: [host, pallete]\n",
       "edgehaul.yaml:2: identity.detectors: \"pallete\" is no detector (did you mean palette?)"},
      {"identity: {detectors: [xyzzyxyzzy]}",
       "edgehaul.yaml:1: identity.detectors: \"xyzzyxyzzy\" is no detector"},
      {"collect:\n  host: {enabled: false}\n  cgroup: {enabled: false}\n"
       "  kubelet: {enabled: false}\n",
       "edgehaul.yaml:2: warning: collect.host.enabled = false: nothing is sampled but who this "
       "host is"},
  });
  CHECK(Case("identity: {detectors: []}").faults().empty());
  CHECK(Case("collect: {host: {enabled: false}}").faults().empty());
}

TEST_CASE("faults: all at once, in the order of lines") {
  const Case all(
      "log_level: info\n"
      "log_level: debug\n"
      "spool: {max_age: soon}\n"
      "colect: {interval: 1s}\n"
      "collect: {interval: 1}\n");
  CHECK(all.faults() ==
        "edgehaul.yaml:2: log_level: written twice, first in line 1 (remove one of the two)\n"
        "edgehaul.yaml:3: spool.max_age = soon: not a duration (try 500ms, 30s, 5m)\n"
        "edgehaul.yaml:4: colect: unknown key (did you mean collect?)\n"
        "edgehaul.yaml:5: collect.interval = 1: not a duration (try 500ms, 30s, 5m)\n");
  CHECK(summary(all.load().faults) == "4 errors, 1 note");
  CHECK_FALSE(all.load().ok());
}

TEST_CASE("faults: a key that is written twice is found at any depth") {
  check_rows({
      {"collect:\n  host:\n    cpu:\n      enabled: true\n      enabled: false\n",
       "edgehaul.yaml:5: collect.host.cpu.enabled: written twice, first in line 4 (remove one of "
       "the two)"},
      {"forward:\n  - endpoint: http://a:4317\n    name: a\n    name: b\n",
       "edgehaul.yaml:4: forward[0].name: written twice, first in line 3 (remove one of the two)"},
  });
}

TEST_CASE("faults: more than a hundred are counted, errors first") {
  std::string yaml;
  for (int i = 0; i < 150; ++i)
    yaml += "unknown_" + std::to_string(i) + ": 1\n";
  yaml += "collect: {interval: 1}\n";
  Case many(yaml);
  many.is_strict = false;
  const Loaded loaded = many.load();
  CHECK_FALSE(loaded.ok());
  CHECK(loaded.faults.size() == kMaxFaults + 1);
  CHECK(many.faults().find("collect.interval = 1: not a duration") != std::string::npos);
  CHECK(many.faults().ends_with("and 52 more\n"));
}

TEST_CASE("report: one fault is one printable line, whatever was written") {
  const Fault fault{Severity::error, {"f", 3},   "k\x1b[1m", "a\nb\xff" + std::string(500, 'x'),
                    "bad\n",         "try\tthis"};
  const std::string line = fault_line(fault);
  CHECK(line.starts_with("f:3: k?[1m = a?b\xEF\xBF\xBDxxx"));
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.size() < 200);
  CHECK(summary({}) == "no faults");
  CHECK(report({fault, {Severity::note, {}, {}, {}, "n", {}}}, Severity::note)
            .ends_with("\nnote: n\n"));
}
