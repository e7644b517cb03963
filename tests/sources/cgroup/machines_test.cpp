// SPDX-License-Identifier: Apache-2.0
// The recorded machines of tests/fixtures that run containers or units.
#include <cmath>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "sources/cgroup/ticks.hpp"

using namespace edgehaul;
using test::Ticks;

namespace {

constexpr const char* kMachines[] = {"kubeadm", "k3s",  "hybrid-v1",         "rke2",
                                     "docker",  "maas", "palette-appliance", "palette-agent",
                                     "jetson"};

cgroup::Options everything() {
  cgroup::Options options;
  options.pods = options.others = true;
  options.exclude.clear();
  return options;
}

// "namespace/pod/container runtime" of each container.
std::set<std::string> workloads(Ticks& ticks) {
  std::set<std::string> out;
  for (const auto& point : ticks.probe.batch().points()) {
    if (point.resource == metric::kHost) continue;
    const auto text = [&](const char* key) { return ticks.resource_text(point, key); };
    out.insert(text("k8s.namespace.name") + "/" + text("k8s.pod.name") + "/" +
               text("k8s.container.name") + " " + text("container.runtime.name"));
  }
  return out;
}

}  // namespace

TEST_CASE("machines: every metric, three ticks: nothing twice, kinds as the catalogue says") {
  for (const char* name : kMachines) {
    CAPTURE(name);
    Ticks ticks(test::machine(name), everything());
    for (int tick = 0; tick < 3; ++tick) {
      REQUIRE(ticks.next());
      CHECK(ticks.probe.size() > 50);
      CHECK(ticks.probe.duplicate() == "");
      for (const auto& point : ticks.probe.batch().points()) {
        const metric::Def& def = metric::def(point.metric);
        CAPTURE(def.name);
        CHECK((def.source == "cgroup" || def.source == "container"));
        CHECK(point.start <= point.time);
        CHECK((point.start != 0) == (def.kind != metric::Kind::gauge));
        CHECK(point.is_real == (def.number == metric::Number::real));
      }
    }
  }
}

TEST_CASE("machines: every metric of a cgroup comes from one of them") {
  std::set<std::string_view> seen;
  for (const char* name : kMachines) {
    Ticks ticks(test::machine(name), everything());
    for (int tick = 0; tick < 2; ++tick) {
      REQUIRE(ticks.next());
      for (const auto& point : ticks.probe.batch().points())
        seen.insert(metric::def(point.metric).name);
    }
  }
  for (const metric::Def& row : metric::kCgroupRows) {
    CAPTURE(row.name);
    CHECK(seen.contains(row.name));
  }
  for (const metric::Def& row : metric::kContainerRows) {
    CAPTURE(row.name);
    CHECK(seen.contains(row.name));
  }
}

TEST_CASE("machines: containers have their names and runtimes, sandboxes and conmon are left out") {
  struct Row {
    const char* machine;
    std::set<std::string> containers;
  };
  const Row rows[] = {
      {"kubeadm",
       {"kube-system/etcd-kubeadm/etcd containerd",
        "kube-system/kube-apiserver-kubeadm/kube-apiserver containerd",
        "kube-system/coredns-5dd5756b68-x2x7v/coredns containerd", "shop/db-0/postgres containerd",
        "shop/db-0/exporter containerd", "shop/batch-28391-q9/job containerd"}},
      {"k3s",
       {"kube-system/local-path-provisioner-7b7dc8d6f5-k2n4d/local-path-provisioner containerd",
        "default/web-6d4cf56db6-aaaaa/nginx containerd", "default/guaranteed-0/app containerd"}},
      {"hybrid-v1", {"kube-system/kube-proxy-7xk2p/kube-proxy docker", "shop/web-0/nginx docker"}},
      {"rke2",
       {"kube-system/etcd-rke2/etcd containerd",
        "cattle-system/cattle-cluster-agent-5f7c8d9b-2jx8k/cluster-register containerd",
        "nested/inner-0/app containerd"}},
      {"docker", {"// docker", "// podman"}},
      {"maas", {}},
      {"palette-appliance",
       {"kube-system/kube-apiserver-palette-appliance/kube-apiserver containerd",
        "spectro-system/palette-manager-6c8d7-zz9/manager containerd"}},
      {"palette-agent", {"default/edge-app-0/app cri-o"}},
      {"jetson", {"vision/inference-0/triton containerd"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.machine);
    Ticks ticks(test::machine(row.machine));
    REQUIRE(ticks.next());
    CHECK(workloads(ticks) == row.containers);
  }
  Ticks docker(test::machine("docker"));
  REQUIRE(docker.next());
  CHECK(docker.containers().size() == 4);
}

TEST_CASE("machines: units have their names, those without a workload's meaning are left out") {
  Ticks ticks(test::machine("maas"));
  REQUIRE(ticks.next());
  CHECK(ticks.paths() ==
        std::set<std::string>{
            "/init.scope", "/machine.slice", "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
            "/system.slice", "/system.slice/chrony.service",
            "/system.slice/snap.lxd.daemon.service", "/system.slice/snapd.service",
            "/system.slice/ssh.service", "/system.slice/systemd-journald.service", "/user.slice"});
  CHECK(ticks.of_path("snap.lxd.daemon.service", "linux.cgroup.cpu.time"));
}

TEST_CASE("machines: one container in numbers, v2") {
  Ticks ticks(test::machine("kubeadm"), everything());
  REQUIRE(ticks.next());
  const std::string id = "9cf03bb6e0f9591e";  // shop/db-0/postgres: n = 962
  const double n = 962;
  const auto value = [&](const char* name, const char* attribute = "") {
    return ticks.of_container(id, name, attribute);
  };
  CHECK(value("container.cpu.time") == doctest::Approx(n * 1.000003));
  CHECK(value("container.memory.usage") == n * 1048576);
  CHECK(value("container.memory.working_set") == n * 1048576 - n * 100000);
  CHECK(value("container.memory.rss") == n * 500000);
  CHECK(value("container.memory.available") == 2147483648.0 - (n * 1048576 - n * 100000));
  CHECK(value("container.disk.io", "read") == n * 4096);
  CHECK(value("container.disk.io", "write") == n * 8192);
  CHECK(value("container.disk.io", "nvme0n1") == n * 4096);
  CHECK_FALSE(value("container.disk.io", "loop3"));
  CHECK_FALSE(value("container.disk.io", "254:0"));
  CHECK(value("linux.cgroup.disk.operations", "write") == n * 2);
  CHECK(value("container.paging.faults", "minor") == n * 999);
  CHECK(value("linux.cgroup.cpu.limit") == 1.5);
  CHECK(value("linux.cgroup.cpu.cfs.throttled_time") == 0.9);
  CHECK(value("linux.cgroup.memory.limit") == 2147483648.0);
  CHECK(value("linux.cgroup.memory.oom_kills") == 2);
  CHECK(value("linux.cgroup.memory.events", "max") == 10);
  CHECK(value("linux.cgroup.memory.stat", "kernel_stack") == n * 16);
  CHECK(value("linux.cgroup.pid.count") == 1);
  CHECK(value("linux.cgroup.pid.limit") == 100);
  CHECK(value("linux.cgroup.pid.limit_hits") == 3);
  CHECK(value("linux.cgroup.io.pressure.time", "full") == doctest::Approx(n * 12 / 1e6));
  CHECK(value("linux.cgroup.irq.pressure.time", "full") == doctest::Approx(n / 1e6));
  CHECK(ticks.probe.integer("linux.cgroup.descendants", {{"linux.cgroup.state", "dying"}}) == 3);
}

TEST_CASE("machines: one container in numbers, v1; a missing controller is missing, not zero") {
  Ticks ticks(test::machine("hybrid-v1"), everything());
  REQUIRE(ticks.next());
  const std::string id = "b1ff9078632688";  // shop/web-0/nginx: n = 941
  const double n = 941;
  const auto value = [&](const char* name, const char* attribute = "") {
    return ticks.of_container(id, name, attribute);
  };
  CHECK(value("container.cpu.time") == doctest::Approx(n * 1.000003));
  CHECK(value("container.memory.usage") == n * 1048576);
  CHECK(value("container.memory.working_set") == n * 1048576 - n * 100000);
  CHECK(value("container.memory.rss") == n * 500000);
  CHECK(value("container.disk.io", "sda") == n * 4096);
  CHECK(value("linux.cgroup.cpu.limit") == 0.25);
  CHECK(value("linux.cgroup.memory.limit") == 268435456.0);
  CHECK(value("linux.cgroup.memory.oom_kills") == 1);
  CHECK(value("linux.cgroup.cpu.cfs.throttled_time") == 0.9);

  Ticks jetson(test::machine("jetson"));
  REQUIRE(jetson.next());
  CHECK(jetson.of_container("c5aad517", "container.cpu.time"));
  CHECK_FALSE(jetson.of_container("c5aad517", "container.memory.usage"));
}
