// SPDX-License-Identifier: Apache-2.0
// The way of the identity from a host's files into the records of the spool.
#include "daemon/flow.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include <doctest/doctest.h>

#include "spool/reader.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace std::chrono_literals;

namespace {

// A thousand times as fast as the system's, so that a minute between two looks passes in a test.
class FastClock final : public base::Clock {
 public:
  base::UnixNanos wall() const override { return start_ + passed().count(); }
  base::Steady steady() const override { return begun_ + passed(); }
  std::chrono::nanoseconds since_boot() const override { return 1h + passed(); }

 private:
  std::chrono::nanoseconds passed() const { return 1000 * (clock_.steady() - begun_); }

  const base::SystemClock clock_;
  const base::UnixNanos start_ = clock_.wall();
  const base::Steady begun_ = clock_.steady();
};

std::string value(const identity::Identity& who, std::string_view key) {
  for (const auto* attributes : {&who.attributes, &who.details}) {
    for (const auto& [name, stated] : *attributes) {
      if (name == key) return std::get<std::string>(stated);
    }
  }
  return "-";
}

struct Bench {
  test::TempDir state;
  config::Config config;
  FastClock clock;

  Bench() {
    config.collect.interval = 100ms;
    config.spool.directory = state.at("spool");
  }

  template <class Condition>
  static bool wait_for(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition() && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(5ms);
    return condition();
  }

  static bool wait_for_ticks(const daemon::Flow& flow, std::uint64_t more) {
    const std::uint64_t wanted = flow.sampled().ticks + more;
    return wait_for([&] { return flow.sampled().ticks >= wanted; });
  }

  // Bodies of the stopped spool, in order.
  std::vector<std::string> bodies() const {
    std::vector<std::string> found;
    auto reader = spool::Reader::open(config.spool.directory);
    REQUIRE(reader.has_value());
    const auto entries = reader->records(0, 10'000);
    REQUIRE(entries.has_value());
    for (const auto& entry : *entries) {
      auto record = reader->record(entry.id);
      REQUIRE(record.has_value());
      found.push_back(std::move(record->body));
    }
    return found;
  }
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string whole_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("flow: Kubernetes as the kubelet room finds it is part of the identity") {
  struct Row {
    const char* machine;
    const char* distribution;
    const char* node;
  };
  for (const Row& row :
       {Row{"kubeadm", "kubeadm", "node-a1"}, Row{"k3s", "k3s", "k3s-edge-2"},
        Row{"rke2", "rke2", "rke2-node-1"}, Row{"docker", "-", "-"}, Row{"maas", "-", "-"}}) {
    CAPTURE(row.machine);
    const std::string folder = test::source_file("fixtures/" + std::string(row.machine));
    config::Config config;
    const identity::Identity who = daemon::identify(base::Roots::below(folder), config);
    CHECK(value(who, "palette.kubernetes.distribution") == row.distribution);
    CHECK(value(who, "k8s.node.name") == row.node);
    config.identity.detectors = {"host"};
    const identity::Identity less = daemon::identify(base::Roots::below(folder), config);
    CHECK(value(less, "k8s.node.name") == "-");
  }
}

TEST_CASE("flow: a running agent reads a changed identity, later samples carry it") {
  const test::TempDir machine;
  machine.write("oem/90_custom.yaml", "stylus:\n  site:\n    name: edge-before\n");
  machine.write("etc/hostname", "host-before\n");
  Bench bench;
  bench.config.collect.host_enabled = false;
  bench.config.collect.cgroup.enabled = false;
  daemon::Flow flow(bench.clock, machine.roots(), {});
  REQUIRE(flow.start(bench.config).has_value());
  CHECK(value(*flow.identity(), "palette.edge_host.id") == "edge-before");
  REQUIRE(Bench::wait_for_ticks(flow, 2));

  machine.write("oem/90_custom.yaml", "stylus:\n  site:\n    name: edge-after\n");
  machine.write("etc/kubernetes/kubelet.conf", "");
  REQUIRE(Bench::wait_for([&] {
    return value(*flow.identity(), "palette.edge_host.id") == "edge-after" &&
           value(*flow.identity(), "k8s.node.name") == "host-before";
  }));
  REQUIRE(Bench::wait_for_ticks(flow, 2));
  flow.stop();

  const std::vector<std::string> bodies = bench.bodies();
  REQUIRE(bodies.size() >= 4);
  CHECK(has(bodies.front(), "edge-before"));
  CHECK(has(bodies.back(), "edge-after"));
  CHECK(has(bodies.back(), "k8s.node.name"));
  bool is_after = false;
  for (const std::string& body : bodies) {
    is_after = is_after || has(body, "edge-after");
    CHECK(has(body, is_after ? "edge-after" : "edge-before"));
    CHECK(!has(body, is_after ? "edge-before" : "edge-after"));
  }
}

TEST_CASE("flow: nothing of the secrets in user-data reaches the spool's files") {
  constexpr std::string_view kMark = "s3cr3t-";  // all secrets of recorded machines begin with it
  const std::string folder = test::source_file("fixtures/palette-appliance");
  REQUIRE(has(whole_file(folder + "/oem/90_custom.yaml"), kMark));
  Bench bench;
  bench.config.identity.include = {"*"};
  daemon::Flow flow(bench.clock, base::Roots::below(folder), {});
  REQUIRE(flow.start(bench.config).has_value());
  REQUIRE(Bench::wait_for_ticks(flow, 3));
  flow.stop();

  const std::vector<std::string> bodies = bench.bodies();
  REQUIRE(bodies.size() >= 3);
  for (const std::string& body : bodies) {
    CHECK(has(body, "shop-f1c0d6a23b4e5f60817293a4b5c6d7e8"));  // the same file's edge host id
    CHECK(!has(body, kMark));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(bench.state.path())) {
    if (entry.is_regular_file()) CHECK(!has(whole_file(entry.path()), kMark));
  }
}
