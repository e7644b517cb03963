// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "config/expand.hpp"
#include "config/load.hpp"
#include "loading.hpp"

using namespace edgehaul::config;
using namespace edgehaul::config::test;
using namespace std::chrono_literals;
namespace codec = edgehaul::codec;
namespace metric = edgehaul::metric;

TEST_CASE("load: without any file the built-in defaults hold") {
  Case none;
  const Loaded loaded = none.load();
  CHECK(loaded.ok());
  CHECK(loaded.files.empty());
  CHECK(none.faults() == "");
  const Config& config = loaded.config;
  CHECK(config.collect.interval == 10s);
  CHECK(config.spool.max_size == 256ULL << 20);
  CHECK(config.spool.max_age == std::chrono::hours(30 * 24));
  CHECK(config.spool.directory == "/var/lib/edgehaul");
  CHECK(config.status.socket == "/run/edgehaul/status.sock");
  CHECK(config.forward.destinations.empty());
  const edgehaul::forward::Destination standard;
  CHECK(standard.compression == codec::Coding::gzip);
  CHECK(standard.protocol == edgehaul::forward::Protocol::grpc);
}

TEST_CASE("load: a file that was asked for must be there and be a file") {
  edgehaul::test::TempDir dir;
  Request request;
  request.file = dir.at("x.yaml");
  request.is_file_required = true;
  CHECK(report(load(request).faults, Severity::note) == dir.at("x.yaml") + ": no such file\n");
  request.file = dir.path();
  request.is_file_required = false;
  CHECK(report(load(request).faults, Severity::warning) == dir.path() + ": not a plain file\n");
}

TEST_CASE("load: every kind of setting reaches its place") {
  const Case all(R"(
mode: agent
log_level: warning
resource: {site: store-0042, rack: 7}
state_dir: /data
stop_grace: 2s
collect:
  interval: 250ms
  metrics: {system.cpu.time: false}
  host:
    enabled: on
    load: {per_cpu: yes}
    disk: {include: [sda, "nvme*"], exclude: []}
    filesystem: {deadline: 50ms}
    sensors: {every: 2m}
    process: {enabled: true, max_processes: 5}
spool: {max_size: 1.5GiB, max_age: 1w, commit_delay: 20ms}
forward:
  - name: a
    endpoint: https://c:4317
    compression: zstd
    headers: {x-b: '1', x-a: '2'}
    timeout: 5s
    max_request: 1MiB
    backoff: {initial: 2s, max: 8s}
    backlog: {max_rate: 256KiB/s}
status: {socket: /tmp/s}
)");
  CHECK(all.faults() == "");
  const Config config = all.load().config;
  CHECK(config.log_level == edgehaul::log::Level::warning);
  CHECK(config.resource == Pairs{{"site", "store-0042"}, {"rack", "7"}});
  CHECK(config.spool.directory == "/data");
  CHECK(config.forward.stop_grace == 2s);
  CHECK(config.collect.interval == 250ms);
  CHECK_FALSE(config.collect.selection.on(metric::id("system.cpu.time")));
  CHECK(config.collect.host.load.per_cpu);
  CHECK(config.collect.host.devices.disk.include == std::vector<std::string>{"sda", "nvme*"});
  CHECK(config.collect.host.devices.disk.exclude.empty());
  CHECK(config.collect.host.devices.filesystem.deadline == 50ms);
  CHECK(config.collect.host.devices.sensors.every == 120s);
  CHECK(config.collect.host.process.max_processes == 5);
  CHECK(config.spool.max_size == 1536ULL << 20);
  CHECK(config.spool.max_age == std::chrono::hours(7 * 24));
  CHECK(config.spool.commit_delay == 20ms);
  REQUIRE(config.forward.destinations.size() == 1);
  const auto& to = config.forward.destinations[0];
  CHECK(to.compression == codec::Coding::zstd);
  CHECK(to.headers == Pairs{{"x-b", "1"}, {"x-a", "2"}});
  CHECK(to.timeout == 5s);
  CHECK(to.max_request == 1ULL << 20);
  CHECK(to.backoff_initial == 2s);
  CHECK(to.backoff_max == 8s);
  CHECK(to.backlog_max_rate == 256 * 1024);
  CHECK(config.status.socket == "/tmp/s");
}

TEST_CASE("load: drop-ins in order of their names win key by key, lists replace") {
  Case one(
      "collect: {interval: 1s, host: {disk: {include: [a, b]}}}\n"
      "resource: {site: one, rack: two}\n"
      "forward: [{name: x, endpoint: 'https://x:4317'}, {name: y, endpoint: 'https://y:4317'}]\n"
      "spool: {max_age: 1h}\n");
  one.dir.write("conf.d/20-b.yaml", "collect: {interval: 3s}\nspool:\n");
  one.dir.write("conf.d/10-a.yaml",
                "collect: {interval: 2s, host: {disk: {include: [c]}}}\nresource: {site: three}\n");
  one.dir.write("conf.d/30-c.yaml", "forward: [{name: z, endpoint: 'https://z:4317'}]\n");
  one.dir.write("conf.d/.hidden.yaml", "bad: [");
  one.dir.write("conf.d/README", "bad: [");
  one.dir.write("conf.d/40-d.yml", "bad: [");
  CHECK(one.faults() == "conf.d/40-d.yml: warning: not read (drop-ins end in .yaml)\n");
  const Loaded loaded = one.load();
  CHECK(loaded.files.size() == 4);
  CHECK(loaded.files[1].ends_with("conf.d/10-a.yaml"));
  CHECK(loaded.config.collect.interval == 3s);
  CHECK(loaded.config.spool.max_age == 1h);
  CHECK(loaded.config.collect.host.devices.disk.include == std::vector<std::string>{"c"});
  CHECK(loaded.config.resource == Pairs{{"site", "three"}, {"rack", "two"}});
  CHECK(loaded.config.spool.destinations == std::vector<std::string>{"z"});
}

TEST_CASE("load: faults of drop-ins name them, and an empty value is the default again") {
  Case one("collect: {interval: 1s}\n");
  one.dir.write("conf.d/a.yaml", "collect: {interval: }\n");
  one.dir.write("conf.d/b.yaml", "\nspool: {max_age: x}\n");
  CHECK(one.faults() ==
        "conf.d/b.yaml:2: spool.max_age = x: not a duration (try 500ms, 30s, 5m)\n");
  CHECK(one.load().config.collect.interval == 10s);
}

TEST_CASE("load: overrides of the command line come last") {
  Case one("collect: {interval: 1s}\nforward: [{name: x, endpoint: 'https://x:4317'}]\n");
  one.sets = {"collect.interval=2s",
              "forward.0.endpoint=http://127.0.0.1:4318",
              "forward[1].endpoint = https://y:4317",
              "forward.1.name=y",
              "forward.1.headers.x-note=a: b #c",
              "resource.k8s.node.name=node-1",
              "collect.metrics.system.cpu.*=false",
              "collect.host.disk.include=[sda, sdb]",
              "status.socket=",
              "receive.http.listen=",
              "spool.max_age=",
              "state_dir='/a b'"};
  CHECK(one.faults() == "");
  const Config config = one.load().config;
  CHECK(config.collect.interval == 2s);
  REQUIRE(config.forward.destinations.size() == 2);
  CHECK(config.forward.destinations[0].name == "x");
  CHECK(config.forward.destinations[0].endpoint == "http://127.0.0.1:4318");
  CHECK(config.forward.destinations[0].protocol == edgehaul::forward::Protocol::http);
  CHECK(config.forward.destinations[1].headers == Pairs{{"x-note", "a: b #c"}});
  CHECK(config.resource == Pairs{{"k8s.node.name", "node-1"}});
  CHECK_FALSE(config.collect.selection.on(metric::id("system.cpu.time")));
  CHECK(config.collect.host.devices.disk.include == std::vector<std::string>{"sda", "sdb"});
  CHECK(config.state_dir == "/a b");
  CHECK(config.status.socket.empty());
  CHECK(config.receive.http.listen.empty());
  CHECK(config.spool.max_age == Case("").load().config.spool.max_age);  // none: as it is by itself

  const std::vector<std::pair<std::string, std::string>> faults{
      {"bogus", "--set: bogus: not KEY=VALUE (such as collect.interval=5s)\n"},
      {"=1", "--set: not KEY=VALUE (such as collect.interval=5s)\n"},
      {"forward.5.name=x",
       "--set: forward.5.name: skips an entry of the list (entries count from 0, without gaps)\n"},
      {"spool.max_age=x", "--set: spool.max_age = x: not a duration (try 500ms, 30s, 5m)\n"},
      {"colect.interval=1s", "--set: colect: unknown key (did you mean collect?)\n"},
      {"collect.host.disk.include=[sda",
       "--set: collect.host.disk.include: a key must be plain text (or is a bracket left open?)\n"},
      {"spool=1",
       "--set: spool: settings are wanted below it, not a value (write KEY: VALUE below "
       "it, indented)\n"},
      {"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r=1",
       "--set: a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r: nested "
       "too deep\n"},
  };
  for (const auto& [set, fault] : faults) {
    Case other;
    other.sets = {set};
    CHECK(other.faults() == fault);
  }
}

TEST_CASE("load: a lone override makes a destination") {
  Case one;
  one.sets = {"forward.0.endpoint=http://127.0.0.1:4318"};
  CHECK(one.faults() == "");
  CHECK(one.load().config.spool.destinations == std::vector<std::string>{"default"});
}

TEST_CASE("load: metrics are switched by the most exact pattern, whatever the order") {
  for (const char* yaml : {"collect: {metrics: {'system.*': false, 'system.cpu.*': true, "
                           "system.cpu.time: false}}",
                           "collect: {metrics: {system.cpu.time: false, 'system.cpu.*': true, "
                           "'system.*': false}}"}) {
    const metric::Selection selection = Case(yaml).load().config.collect.selection;
    CHECK_FALSE(selection.on(metric::id("system.disk.io")));
    CHECK(selection.on(metric::id("system.cpu.utilization")));
    CHECK_FALSE(selection.on(metric::id("system.cpu.time")));
  }
}

TEST_CASE("expand: references to variables and files") {
  Case one;
  one.dir.write("token", "s3cret\r\n\n");
  one.dir.write("dollar", "a${env:A}$$b");
  one.variables = {{"A", "1s"}, {"EMPTY", ""}, {"DIR", one.dir.path()}};
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = one.variables.find(name);
    return found == one.variables.end() ? std::nullopt : std::optional(found->second);
  };
  const std::vector<std::pair<std::string, std::string>> rows{
      {"plain", "plain"},
      {"", ""},
      {"${env:A}", "1s"},
      {"<${env:A}${env:A}>", "<1s1s>"},
      {"${env:EMPTY}", ""},
      {"${env:NONE:-5s}", "5s"},
      {"${env:A:-5s}", "1s"},
      {"${env:NONE:-}", ""},
      {"a$$b", "a$b"},
      {"$${env:A}", "${env:A}"},
      {"5$", "5$"},
      {"$A", "$A"},
      {"${file:" + one.dir.at("token") + "}", "s3cret"},
      {"${file:${env:DIR}/token}", "s3cret"},
      {"${file:" + one.dir.at("dollar") + "}", "a${env:A}$$b"},
  };
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    const auto value = expand(text, environment);
    REQUIRE(value);
    CHECK(*value == expected);
  }
  one.dir.write("large", std::string(kMaxReferencedFile + 1, 'x'));
  for (const std::string& text :
       {std::string("${env:NONE}"), std::string("${file:/no/such}"), std::string("${env:A"),
        std::string("${A}"), std::string("${file:/}"), std::string("${file:/dev/zero}"),
        "${file:" + one.dir.at("large") + "}",
        std::string("${file:${file:${file:${file:${file:x}}}}}")}) {
    CAPTURE(text);
    CHECK_FALSE(expand(text, environment));
  }
}

TEST_CASE("load: what references give never shows in a fault") {
  Case one(
      "collect: {interval: '${env:SECRET}'}\n"
      "forward:\n"
      "  - endpoint: ${env:SECRET}\n"
      "    name: ${env:SECRET}\n"
      "    proxy: ftp://${env:SECRET}\n"
      "    headers: {authorization: '${env:SECRET}', x-a: '${env:NONE}', x-b: '${file:/no/such}'}\n"
      "    tls: {ca_file: '/${env:SECRET}'}\n");
  one.variables = {{"SECRET", "hunter2 hunter2"}};
  const std::string faults = one.faults_from(Severity::note);
  CHECK(faults.find("hunter2") == std::string::npos);
  CHECK(faults.find("edgehaul.yaml:1: collect.interval = ${env:SECRET}: not a duration") !=
        std::string::npos);
  CHECK(faults.find("edgehaul.yaml:6: forward[0].headers.x-a: environment variable NONE is not "
                    "set\n") != std::string::npos);
  CHECK(
      faults.find("edgehaul.yaml:6: forward[0].headers.x-b: cannot read /no/such: No such file") !=
      std::string::npos);
  CHECK(faults.find("edgehaul.yaml:7: forward[0].tls.ca_file = /${env:SECRET}: cannot be read") !=
        std::string::npos);
}

TEST_CASE("changed_keys: names what a reload changes") {
  const Config before = Case("forward: [{endpoint: 'https://x:4317'}]").load().config;
  Case other(
      "forward: [{endpoint: 'https://x:4317', headers: {a: b}}]\n"
      "collect: {interval: 2s, metrics: {system.cpu.time: false}}\n");
  CHECK(changed_keys(before, before).empty());
  CHECK(changed_keys(before, other.load().config) ==
        std::vector<std::string>{"collect.interval", "collect.metrics", "forward[0].headers"});
  CHECK(changed_keys(before, Config()) == std::vector<std::string>{"forward"});
}
