// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/points.hpp"

#include <doctest/doctest.h>

using namespace edgehaul;
using namespace edgehaul::kubelet;
using metric::Batch;

namespace {

constexpr base::UnixNanos kSecond = 1'000'000'000;
constexpr base::UnixNanos kStart = 1'000 * kSecond;
constexpr base::UnixNanos kNow = 2'000 * kSecond;

Summary one_container(base::UnixNanos start, base::UnixNanos time, std::uint64_t core) {
  Summary summary;
  summary.node.name = "edge-1";
  Pod& pod = summary.pods.emplace_back();
  pod.uid = "uid-1";
  pod.usage.name = "web-0";
  pod.namespace_name = "shop";
  Usage& container = pod.containers.emplace_back();
  container.name = "app";
  container.start = start;
  container.cpu.time = time;
  container.cpu.set(static_cast<std::size_t>(Cpu::core_nanoseconds), core);
  return summary;
}

struct Rig {
  Options options;
  metric::Selection selection;
  Batch batch;
  Points points{options};

  void tick(const Summary& summary, base::UnixNanos asked = kNow) {
    batch.begin(asked + kSecond, 1, selection);
    points.add(summary, asked, batch);
  }
  const metric::Point* find(metric::Id metric) const {
    for (const metric::Point& point : batch.points()) {
      if (point.metric == metric) return &point;
    }
    return nullptr;
  }
  std::string attribute(const metric::Point& point, std::string_view key) const {
    for (const auto& [name, value] : batch.resource(point.resource)) {
      if (name == key) return std::get<std::string>(value);
    }
    return {};
  }
};

constexpr auto kCpuTime = metric::id("container.cpu.time");

}  // namespace

TEST_CASE("points: a container's counter has its resource, its start and the block's time") {
  Rig rig;
  rig.tick(one_container(kStart, kNow - 5 * kSecond, 1'500'000'000));
  const metric::Point* point = rig.find(kCpuTime);
  REQUIRE(point != nullptr);
  CHECK(point->real == 1.5);
  CHECK(point->start == kStart);
  CHECK(point->time == kNow - 5 * kSecond);
  CHECK(rig.attribute(*point, "k8s.pod.uid") == "uid-1");
  CHECK(rig.attribute(*point, "k8s.pod.name") == "web-0");
  CHECK(rig.attribute(*point, "k8s.namespace.name") == "shop");
  CHECK(rig.attribute(*point, "k8s.container.name") == "app");
  CHECK(rig.attribute(*point, "k8s.node.name") == "edge-1");
  CHECK(rig.batch.points().size() == 1);  // absent is not zero
}

TEST_CASE("points: a block that was not measured anew is emitted once") {
  Rig rig;
  rig.tick(one_container(kStart, kNow, 1));
  CHECK(rig.batch.points().size() == 1);
  rig.tick(one_container(kStart, kNow, 1));
  CHECK(rig.batch.points().empty());
  rig.tick(one_container(kStart, kNow - kSecond, 1));  // time never goes back
  CHECK(rig.batch.points().empty());
  rig.tick(one_container(kStart, kNow + kSecond, 2), kNow + kSecond);
  CHECK(rig.batch.points().size() == 1);
}

TEST_CASE("points: a container that restarts begins a new sequence, even at an older time") {
  Rig rig;
  rig.tick(one_container(kStart, kNow, 9'000'000'000));
  rig.tick(one_container(kStart + 100 * kSecond, kNow - kSecond, 1'000'000'000));
  const metric::Point* point = rig.find(kCpuTime);
  REQUIRE(point != nullptr);
  CHECK(point->real == 1.0);
  CHECK(point->start == kStart + 100 * kSecond);
}

TEST_CASE("points: an unknown start is the first point's time, as is one after the point") {
  for (const base::UnixNanos said : {base::UnixNanos{0}, kNow + 60 * kSecond}) {
    Rig rig;
    rig.tick(one_container(said, kNow, 5));
    REQUIRE(rig.find(kCpuTime) != nullptr);
    CHECK(rig.find(kCpuTime)->start == kNow);
    rig.tick(one_container(said, kNow + 10 * kSecond, 6), kNow + 10 * kSecond);
    REQUIRE(rig.find(kCpuTime) != nullptr);
    CHECK(rig.find(kCpuTime)->start == kNow);
    CHECK(rig.find(kCpuTime)->time == kNow + 10 * kSecond);
  }
}

TEST_CASE("points: a block without a time has that of the question") {
  Rig rig;
  rig.tick(one_container(kStart, 0, 5));
  REQUIRE(rig.find(kCpuTime) != nullptr);
  CHECK(rig.find(kCpuTime)->time == kNow);
}

TEST_CASE("points: of an object that is named twice the first is believed") {
  Rig rig;
  Summary summary = one_container(kStart, kNow, 7);
  summary.pods.push_back(one_container(kStart, kNow + kSecond, 8).pods[0]);
  summary.pods[0].containers.push_back(
      one_container(kStart + kSecond, kNow, 9).pods[0].containers[0]);
  rig.tick(summary);
  std::size_t found = 0;
  for (const metric::Point& point : rig.batch.points())
    found += point.metric == kCpuTime ? 1U : 0U;
  CHECK(found == 1);
  CHECK(rig.find(kCpuTime)->real == doctest::Approx(7e-9));
}

TEST_CASE("points: an object that left and came back is emitted again") {
  Rig rig;
  rig.tick(one_container(kStart, kNow, 1));
  rig.tick(Summary{});
  rig.tick(one_container(kStart, kNow, 1));
  CHECK(rig.batch.points().size() == 1);
}

TEST_CASE("points: counts beyond int64 are clamped") {
  Summary summary = one_container(kStart, kNow, UINT64_MAX);
  Usage& container = summary.pods[0].containers[0];
  container.memory.set(static_cast<std::size_t>(Memory::usage), UINT64_MAX);
  Rig rig;
  rig.tick(summary);
  CHECK(rig.find(metric::id("container.memory.usage"))->integer == INT64_MAX);
  CHECK(rig.find(kCpuTime)->real == doctest::Approx(18446744073.709551615));
}

TEST_CASE("points: network, volumes, uptime and parts of the node") {
  Summary summary;
  summary.node.name = "edge-1";
  summary.node.start = kStart;
  summary.node.interface = "eth0";
  summary.node.network.time = kNow;
  summary.node.network.set(static_cast<std::size_t>(Net::received), 7);
  summary.node.network.set(static_cast<std::size_t>(Net::sent), 8);
  Usage& part = summary.system_containers.emplace_back();
  part.name = "kubelet";
  part.memory.set(static_cast<std::size_t>(Memory::usage), 4096);
  Pod& pod = summary.pods.emplace_back();
  pod.uid = "uid-1";
  Volume& volume = pod.volumes.emplace_back();
  volume.name = "data";
  volume.claim = "data-web-0";
  volume.fs.time = kNow;
  volume.fs.set(static_cast<std::size_t>(Fs::capacity), 1000);
  Rig rig;
  rig.selection.set_all(true);
  rig.tick(summary);

  const metric::Point* io = rig.find(metric::id("k8s.node.network.io"));
  REQUIRE(io != nullptr);
  REQUIRE(io->attr_count == 2);
  CHECK(rig.batch.attr(*io, 0).text == "eth0");
  CHECK(rig.batch.attr(*io, 1).text == "receive");
  CHECK(rig.find(metric::id("k8s.node.network.errors")) == nullptr);
  CHECK(rig.find(metric::id("k8s.node.uptime"))->integer == 1000);
  const metric::Point* system = rig.find(metric::id("k8s.node.system_container.memory.usage"));
  REQUIRE(system != nullptr);
  CHECK(rig.attribute(*system, "k8s.node.system_container.name") == "kubelet");
  const metric::Point* capacity = rig.find(metric::id("k8s.volume.capacity"));
  REQUIRE(capacity != nullptr);
  CHECK(capacity->integer == 1000);
  CHECK(rig.attribute(*capacity, "k8s.volume.name") == "data");
  CHECK(rig.attribute(*capacity, "k8s.persistentvolumeclaim.name") == "data-web-0");
  CHECK(rig.batch.resource(capacity->resource).size() == 4);  // no empty names
}

TEST_CASE("points: names for the cgroup source, and claims on what the kubelet gives") {
  Rig rig;
  rig.tick(one_container(kStart, kNow, 1));
  rig.tick(one_container(kStart, kNow, 1));  // nothing new, but still the kubelet's
  const auto pods = rig.points.take_pods();
  REQUIRE(pods.size() == 1);
  CHECK(pods[0].name == "web-0");
  const auto claims = rig.points.take_claims();
  REQUIRE(claims.size() == 1);
  CHECK(claims[0].pod_uid == "uid-1");
  CHECK(claims[0].container == "app");
  CHECK(claims[0].metrics.test(static_cast<std::size_t>(kCpuTime)));
  CHECK(claims[0].metrics.test(static_cast<std::size_t>(metric::id("container.uptime"))));
  CHECK_FALSE(
      claims[0].metrics.test(static_cast<std::size_t>(metric::id("container.memory.usage"))));
}

TEST_CASE("points: groups that are switched off claim and emit nothing") {
  Options options;
  options.containers = false;
  Points points(options);
  const metric::Selection selection;
  Batch batch;
  batch.begin(kNow, 1, selection);
  points.add(one_container(kStart, kNow, 1), kNow, batch);
  CHECK(batch.points().empty());
  CHECK(points.take_claims().empty());
  CHECK(points.take_pods().size() == 1);
}
