// SPDX-License-Identifier: Apache-2.0
#include "metric/workloads.hpp"

#include <doctest/doctest.h>

using namespace edgehaul::metric;

namespace {

MetricSet set_of(std::initializer_list<Id> ids) {
  MetricSet set;
  for (const Id id : ids)
    set.set(static_cast<std::size_t>(id));
  return set;
}

constexpr Id kTime = id("container.cpu.time");
constexpr Id kRss = id("container.memory.rss");

}  // namespace

TEST_CASE("workloads: the kubelet is believed more than log folders") {
  Workloads workloads;
  CHECK_FALSE(workloads.pod("u1"));
  workloads.tell(Teller::logs, {{"u1", "web", "shop"}, {"u2", "db", "shop"}},
                 {{"c1", "u1", "app"}});
  workloads.tell(Teller::kubelet, {{"u1", "web-7", "shop"}}, {});
  CHECK(workloads.pod("u1")->name == "web-7");
  CHECK(workloads.pod("u2")->namespace_name == "shop");
  CHECK(workloads.container("c1")->name == "app");
  workloads.tell(Teller::kubelet, {}, {});
  CHECK(workloads.pod("u1")->name == "web");
}

TEST_CASE("workloads: the version grows with what is told, not with its repetition") {
  Workloads workloads;
  const auto tell = [&] {
    workloads.tell(Teller::logs, {{"u1", "web", "shop"}}, {{"c", "u1", "x"}});
  };
  const auto before = workloads.version();
  tell();
  const auto told = workloads.version();
  CHECK(told > before);
  tell();
  CHECK(workloads.version() == told);
  workloads.claim({{"u1", "x", set_of({kTime})}});
  const auto claimed = workloads.version();
  CHECK(claimed > told);
  workloads.claim({{"u1", "x", set_of({kTime})}});
  CHECK(workloads.version() == claimed);
  workloads.claim({{"u1", "x", set_of({kTime, kRss})}});
  CHECK(workloads.version() > claimed);
}

TEST_CASE(
    "workloads: claims count by container, by pod where its name is unknown, until withdrawn") {
  Workloads workloads;
  workloads.claim({{"u1", "a", set_of({kTime})}, {"u1", "b", set_of({kRss})}});
  CHECK((workloads.claimed("u1", "a") == set_of({kTime})));
  CHECK((workloads.claimed("u1", "") == set_of({kTime, kRss})));
  CHECK(workloads.claimed("u1", "c").none());
  CHECK(workloads.claimed("u2", "").none());
  workloads.claim({});
  CHECK(workloads.claimed("u1", "a").none());
}

TEST_CASE("workloads: bounded, whatever is told") {
  Workloads workloads;
  std::vector<PodNames> pods;
  std::vector<Claim> claims;
  for (std::size_t i = 0; i < Workloads::kMost + 10; ++i) {
    pods.push_back({"u" + std::to_string(i), "p", "n"});
    claims.push_back({"u" + std::to_string(i), "c", set_of({kTime})});
  }
  workloads.tell(Teller::kubelet, pods, {});
  workloads.claim(claims);
  CHECK(workloads.pod("u" + std::to_string(Workloads::kMost - 1)));
  CHECK_FALSE(workloads.pod("u" + std::to_string(Workloads::kMost)));
  CHECK(workloads.claimed("u" + std::to_string(Workloads::kMost - 1), "c").any());
  CHECK(workloads.claimed("u" + std::to_string(Workloads::kMost), "c").none());
}
