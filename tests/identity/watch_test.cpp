// SPDX-License-Identifier: Apache-2.0
#include "identity/watch.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "identity/info_source.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using identity::Watch;

namespace {

struct Bench {
  explicit Bench(std::chrono::milliseconds interval = std::chrono::seconds(10)) : tick(interval) {}

  std::chrono::milliseconds tick;
  test::TempDir machine;
  base::ManualClock clock{1'000'000'000};
  int resolved = 0;
  Watch watch{machine.roots(), clock, tick, [this] {
                ++resolved;
                return identity::resolve(machine.roots(), {});
              }};

  bool later() {
    clock.advance(identity::kLookEvery);
    return watch.refresh();
  }
  std::string name() {
    const auto now = watch.current();
    for (const auto& [key, value] : now->attributes) {
      if (key == "palette.edge_host.id") return std::get<std::string>(value);
    }
    return "-";
  }
  void write(std::string_view id) {
    machine.write("oem/90_custom.yaml", "stylus:\n  site:\n    name: " + std::string(id) + "\n");
  }
};

}  // namespace

TEST_CASE("watch: nothing changes, nothing is read again") {
  Bench bench;
  CHECK(!bench.watch.refresh());
  CHECK(!bench.later());
  CHECK(!bench.later());
  CHECK(bench.resolved == 1);
}

TEST_CASE("watch: a changed file is read once it lies still") {
  Bench bench;
  CHECK(bench.name() == "-");
  bench.write("first");
  CHECK(!bench.watch.refresh());  // not time to look yet
  CHECK(!bench.later());
  bench.write("first-and-more");  // still being written
  CHECK(!bench.later());
  CHECK(bench.resolved == 1);
  CHECK(bench.later());
  CHECK(bench.name() == "first-and-more");
  CHECK(!bench.later());
  CHECK(bench.resolved == 2);
  bench.machine.remove("oem");
  bench.later();
  CHECK(bench.later());
  CHECK(bench.name() == "-");
}

TEST_CASE("watch: fast ticks look sooner, slow ones no later") {
  for (const int millis : {200, 60'000}) {
    CAPTURE(millis);
    const std::chrono::milliseconds tick(millis);
    Bench bench(tick);
    bench.write("first");
    const auto after =
        std::min<std::chrono::milliseconds>(identity::kLookEvery, identity::kLookTicks * tick);
    bench.clock.advance(after - std::chrono::milliseconds(1));
    CHECK(!bench.watch.refresh());
    bench.clock.advance(std::chrono::milliseconds(1));
    CHECK(!bench.watch.refresh());  // seen, and whether it lies still is not known
    bench.clock.advance(after);
    CHECK(bench.watch.refresh());
    CHECK(bench.name() == "first");
  }
}

TEST_CASE("watch: a change that means nothing is no news") {
  Bench bench;
  bench.write("same");
  bench.later();
  CHECK(bench.later());
  bench.machine.write("oem/90_custom.yaml", "stylus:\n  site:\n    name: same # and a comment\n");
  bench.later();
  CHECK(!bench.later());
  CHECK(bench.resolved == 3);
}

TEST_CASE("watch: what is read before stays valid for who holds it") {
  Bench bench;
  const Watch::Shared before = bench.watch.current();
  bench.write("next");
  bench.later();
  CHECK(bench.later());
  CHECK(before->attributes != bench.watch.current()->attributes);
}

TEST_CASE("watch: files of every detector count, and a kubelet that started anew") {
  for (const char* path :
       {"etc/machine-id", "etc/hostname", "etc/os-release", "etc/kairos-release",
        "run/cos/passive_mode", "run/stylus/userdata", "oem/90_custom.yaml",
        "etc/spectro/environment", "run/cloud-init/instance-data.json",
        "var/lib/cloud/data/instance-id", "etc/kubernetes/kubelet.conf",
        "etc/rancher/k3s/config.yaml", "etc/rancher/rke2/config.yaml",
        "var/snap/k8s/common/args/kubelet", "var/lib/kubelet/device-plugins/kubelet.sock"}) {
    CAPTURE(path);
    const test::TempDir machine;
    const std::uint64_t before = identity::fingerprint(machine.roots());
    CHECK(identity::fingerprint(machine.roots()) == before);
    machine.write(path, "x");
    CHECK(identity::fingerprint(machine.roots()) != before);
  }
}

TEST_CASE("info source: one point with what is not on every sample") {
  const test::TempDir machine;
  machine.write("etc/os-release", "NAME=Debian\nVERSION_ID=12\n");
  const base::ManualClock clock{1'000'000'000};
  const auto watch =
      std::make_shared<const Watch>(machine.roots(), clock, std::chrono::seconds(10),
                                    [&] { return identity::resolve(machine.roots(), {}); });
  identity::InfoSource source(watch);
  metric::Batch batch;
  const metric::Selection selection;
  batch.begin(2, 1, selection);
  REQUIRE(source.read(batch).has_value());
  REQUIRE(batch.points().size() == 1);
  const metric::Point& point = batch.points()[0];
  CHECK(metric::def(point.metric).name == "edgehaul.host.info");
  CHECK(point.integer == 1);
  REQUIRE(point.attr_count == 3);  // os.description is made of both
  CHECK(batch.attr(point, 0).key == "os.name");
  CHECK(batch.attr(point, 0).text == "Debian");
  CHECK(batch.attr(point, 1).key == "os.version");
  const auto nobody = std::make_shared<const Watch>(
      machine.roots(), clock, std::chrono::seconds(10), [] { return identity::Identity(); });
  identity::InfoSource silent(nobody);
  CHECK(silent.read(batch).error().code == Errc::absent);
}
