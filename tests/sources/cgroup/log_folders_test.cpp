// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/log_folders.hpp"

#include <string>

#include <doctest/doctest.h>

#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace edgehaul::cgroup;

namespace {
const std::string kId(64, 'b');
}

TEST_CASE("log folders: names that the kubelet makes, and others") {
  const auto pod = parse_pod_folder("kube-system_etcd-node1_0123456789abcdef0123456789abcdef");
  REQUIRE(pod);
  CHECK(pod->namespace_name == "kube-system");
  CHECK(pod->name == "etcd-node1");
  CHECK(pod->uid == "0123456789abcdef0123456789abcdef");
  for (const char* bad : {"", "_", "__", "a_b", "a__c", "_b_c", "a_b_", "\xff_b_c"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_pod_folder(bad));
  }
  const auto container = parse_container_log("web-0_shop_nginx-proxy-" + kId + ".log");
  REQUIRE(container);
  CHECK(container->id == kId);
  CHECK(container->name == "nginx-proxy");
  for (const std::string& bad :
       {std::string(), kId + ".log", "a_b_-" + kId + ".log", "a_b_c-" + kId, "a_b_c" + kId + ".log",
        "a-b-c-" + kId + ".log", "a_b_\xff-" + kId + ".log"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_container_log(bad));
  }
}

TEST_CASE("log folders: told when they change, gone with their folders") {
  const test::TempDir dir;
  const auto workloads = std::make_shared<metric::Workloads>();
  LogFolders logs(dir.roots(), workloads);
  logs.refresh();
  CHECK_FALSE(workloads->pod("u1"));
  dir.write("var/log/pods/shop_web-0_u1/nginx/0.log", "");
  dir.write("var/log/containers/web-0_shop_nginx-" + kId + ".log", "");
  logs.refresh();
  REQUIRE(workloads->pod("u1"));
  CHECK(workloads->pod("u1")->name == "web-0");
  CHECK(workloads->container(kId)->name == "nginx");
  const auto version = workloads->version();
  logs.refresh();
  CHECK(workloads->version() == version);
  dir.remove("var/log/pods");
  logs.refresh();
  CHECK_FALSE(workloads->pod("u1"));
  CHECK(workloads->container(kId));
}
