// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/cgroup.hpp"

#include <filesystem>
#include <string>

#include <doctest/doctest.h>

#include "sources/cgroup/ticks.hpp"

using namespace edgehaul;
using namespace edgehaul::cgroup;
using test::CgroupFolder;
using test::Ticks;

namespace {

const std::string kId(64, 'a');
const std::string kUid = "12345678-9abc-def0-1234-56789abcdef0";
const std::string kPod = "/kubepods/burstable/pod" + kUid;
const std::string kContainer = kPod + "/" + kId;
const std::string kService = "/system.slice/web.service";

Options at_most(std::uint64_t count) {
  Options options;
  options.max_cgroups = count;
  return options;
}

}  // namespace

TEST_CASE("cgroup: no hierarchy is no failure") {
  const test::TempDir dir;
  Ticks ticks(dir.roots());
  const auto result = ticks.next();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::absent);
}

TEST_CASE("cgroup: rates, working set, available memory and limits are derived") {
  const CgroupFolder folder;
  folder.put(kService, 1'000'000, 10'000);
  folder.write(kService, "memory.max", "12000\n");
  folder.write(kService, "cpu.max", "50000 100000\n");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.cpu.time") == 1.0);
  CHECK_FALSE(ticks.of_path(kService, "linux.cgroup.cpu.usage"));
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.working_set") == 9904);
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.available") == 2096);
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.limit") == 12000);
  CHECK(ticks.of_path(kService, "linux.cgroup.cpu.limit") == 0.5);
  CHECK(ticks.of_path("web.service", "linux.cgroup.cpu.time") == 1.0);
  folder.put(kService, 6'000'000, 10'000);
  REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.cpu.usage") == 0.5);
}

TEST_CASE("cgroup: no limit, no point; more cache than memory is a working set of 0") {
  const CgroupFolder folder;
  folder.put(kService, 1, 90);
  folder.write(kService, "memory.max", "max\n");
  folder.write(kService, "cpu.stat",
               "usage_usec 1\nnr_periods 0\nnr_throttled 0\nthrottled_usec 0\n");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.working_set") == 0);
  for (const char* absent : {"linux.cgroup.memory.limit", "linux.cgroup.memory.available",
                             "linux.cgroup.cpu.limit", "linux.cgroup.cpu.cfs.periods"}) {
    CAPTURE(absent);
    CHECK_FALSE(ticks.of_path(kService, absent));
  }
}

TEST_CASE("cgroup: a cgroup that sleeps is read again after a minute, one that runs at once") {
  const CgroupFolder folder;
  folder.put(kService, 5, 1000);
  folder.write(kService, "memory.max", "5000\n");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  folder.put(kService, 5, 2000);  // reclaim by others, say
  REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.usage") == 1000);
  CHECK(ticks.of_path(kService, "linux.cgroup.cpu.usage") == 0);
  folder.put(kService, 6, 3000);
  folder.write(kService, "memory.max", "6000\n");
  REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.usage") == 3000);
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.limit") == 5000);  // limits: once a minute
  folder.put(kService, 6, 4000);
  for (int tick = 0; tick < 6; ++tick)
    REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.usage") == 4000);
  CHECK(ticks.of_path(kService, "linux.cgroup.memory.limit") == 6000);
}

TEST_CASE("cgroup: the costly file waits until the memory in use has changed") {
  const CgroupFolder folder;
  folder.put(kService, 1, 1000);
  Ticks ticks(folder.dir.roots());
  Ticks anonymous_only(folder.dir.roots());
  anonymous_only.probe.selection().set_all(false);
  anonymous_only.probe.selection().set(metric::id("linux.cgroup.memory.rss"), true);
  const auto rss = [&](Ticks& of) { return of.of_path(kService, "linux.cgroup.memory.rss"); };
  REQUIRE(ticks.next());
  REQUIRE(anonymous_only.next());
  CHECK(rss(ticks) == 1000);
  folder.put(kService, 2, 1000);
  folder.write(kService, "memory.stat", "anon 7\n");
  REQUIRE(ticks.next());
  REQUIRE(anonymous_only.next());
  CHECK(rss(ticks) == 1000);
  CHECK(rss(anonymous_only) == 7);  // it has nothing to tell a change by
  folder.put(kService, 3, 1001);
  folder.write(kService, "memory.stat", "anon 8\n");
  REQUIRE(ticks.next());
  CHECK(rss(ticks) == 8);
}

TEST_CASE("cgroup: what cannot have changed is read again after some minutes") {
  const CgroupFolder folder;
  folder.put(kService, 1, 1000, 3);
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  folder.put(kService, 1, 1000, 4);  // asleep, as much memory as before
  folder.write(kService, "memory.stat", "anon 7\n");
  const auto rss = [&] { return ticks.of_path(kService, "linux.cgroup.memory.rss"); };
  const auto pids = [&] { return ticks.of_path(kService, "linux.cgroup.pid.count"); };
  for (int tick = 0; tick < 29; ++tick)
    REQUIRE(ticks.next());
  CHECK(rss() == 1000);
  CHECK(pids() == 3);
  REQUIRE(ticks.next());
  CHECK(rss() == 7);
  CHECK(pids() == 4);
  folder.put(kService, 1, 1001);
  folder.write(kService, "memory.stat", "anon 8\n");
  for (int tick = 0; tick < 6; ++tick)
    REQUIRE(ticks.next());
  CHECK(rss() == 8);  // the memory in use told
}

TEST_CASE("cgroup: block I/O is read where what is above says that there was some") {
  const CgroupFolder folder;
  const std::string slice = "/system.slice";
  const auto count = [&](const std::string& path, int bytes) {
    folder.write(path, "io.stat", "8:0 rbytes=" + std::to_string(bytes) + " wbytes=0\n");
  };
  std::uint64_t cpu = 0;
  const auto run = [&] {
    ++cpu;
    for (const char* name : {"/a.service", "/b.service", "/c.service", "/d.service"})
      folder.put(slice + name, cpu);
  };
  run();
  for (const char* name : {"", "/a.service", "/b.service", "/c.service", "/d.service"})
    count(slice + name, 100);
  Ticks ticks(folder.dir.roots());
  const auto read = [&](const std::string& name) {
    return ticks.of_path(slice + name, "linux.cgroup.disk.io", "read");
  };
  REQUIRE(ticks.next());
  run();
  REQUIRE(ticks.next());  // the first look at the slice
  CHECK(read("/a.service") == 100);
  run();
  count(slice + "/a.service", 200);  // before the slice counted it
  REQUIRE(ticks.next());
  CHECK(read("/a.service") == 100);
  run();
  count(slice, 300);
  count(slice + "/b.service", 200);
  folder.put(slice + "/b.service", cpu - 1);  // asleep: not read now,
  REQUIRE(ticks.next());
  CHECK(read("/a.service") == 200);
  CHECK(read("/b.service") == 100);
  run();
  REQUIRE(ticks.next());
  CHECK(read("/b.service") == 200);  // but when it runs, as it has missed a change
  run();
  count(slice + "/c.service", 300);
  folder.dir.remove("sys/fs/cgroup" + slice + "/io.stat");
  REQUIRE(ticks.next());
  CHECK(read("/c.service") == 300);  // nothing to tell by
}

TEST_CASE("cgroup: sandboxes are left out, containers that start are waited for") {
  const CgroupFolder folder;
  const std::string pause = kPod + "/" + std::string(64, 'b');
  folder.put(kContainer, 1);
  folder.put(pause, 1);
  folder.process(kContainer, 20, "runc:[2:INIT]");
  folder.process(pause, 21, "pause");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  CHECK(ticks.containers().empty());
  folder.process(kContainer, 20, "nginx");
  REQUIRE(ticks.next());
  CHECK(ticks.containers() == std::set<std::string>{kId});
}

TEST_CASE("cgroup: a container whose processes cannot be seen is reported all the same") {
  const CgroupFolder folder;
  folder.put(kContainer, 1);
  folder.write(kContainer, "cgroup.procs", "0\n");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  REQUIRE(ticks.next());
  CHECK(ticks.containers().empty());
  REQUIRE(ticks.next());
  CHECK(ticks.containers() == std::set<std::string>{kId});
}

TEST_CASE("cgroup: a workload that is called pause and has children is no sandbox") {
  const CgroupFolder folder;
  folder.put(kContainer, 1);
  folder.process(kContainer, 20, "pause");
  folder.write(kContainer, "cgroup.procs", "20\n21\n");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  CHECK(ticks.containers().size() == 1);
}

TEST_CASE("cgroup: names come when the log folders have them") {
  const CgroupFolder folder;
  folder.put(kContainer, 1);
  folder.process(kContainer, 20, "nginx");
  Ticks ticks(folder.dir.roots());
  const auto text = [&](std::string_view key) {
    for (const auto& point : ticks.probe.batch().points()) {
      if (point.resource != metric::kHost) return ticks.resource_text(point, key);
    }
    return std::string("none");
  };
  REQUIRE(ticks.next());
  CHECK(text("k8s.pod.uid") == kUid);
  CHECK(text("container.id") == kId);
  CHECK(text("k8s.pod.name") == "");
  folder.dir.write("var/log/pods/shop_web-0_" + kUid + "/nginx/0.log", "");
  folder.dir.write("var/log/containers/web-0_shop_nginx-" + kId + ".log", "");
  REQUIRE(ticks.next());
  CHECK(text("k8s.pod.name") == "web-0");
  CHECK(text("k8s.namespace.name") == "shop");
  CHECK(text("k8s.container.name") == "nginx");
}

TEST_CASE("cgroup: what the kubelet claims is left to it, for as long as it does") {
  const CgroupFolder folder;
  folder.put(kContainer, 1);
  folder.process(kContainer, 20, "nginx");
  folder.dir.write("var/log/containers/web-0_shop_nginx-" + kId + ".log", "");
  Ticks ticks(folder.dir.roots());
  metric::MetricSet claimed;
  claimed.set(static_cast<std::size_t>(metric::id("container.cpu.time")));
  ticks.workloads->claim({{kUid, "nginx", claimed}});
  REQUIRE(ticks.next());
  CHECK_FALSE(ticks.of_container(kId, "container.cpu.time"));
  CHECK(ticks.of_container(kId, "container.memory.usage"));
  CHECK(ticks.of_container(kId, "linux.cgroup.pid.count"));
  ticks.workloads->claim({{kUid, "sidecar", claimed}});
  REQUIRE(ticks.next());
  CHECK(ticks.of_container(kId, "container.cpu.time"));
  ticks.workloads->claim({{kUid, "nginx", claimed}});
  REQUIRE(ticks.next());
  CHECK_FALSE(ticks.of_container(kId, "container.cpu.time"));
  ticks.workloads->claim({});
  REQUIRE(ticks.next());
  CHECK(ticks.of_container(kId, "container.cpu.time"));
}

TEST_CASE("cgroup: vanishing is normal, in every stage of it") {
  const CgroupFolder folder;
  folder.put(kService, 1);
  folder.put("/system.slice/other.service", 2);
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  folder.dir.remove("sys/fs/cgroup" + kService + "/cpu.stat");
  REQUIRE(ticks.next());
  CHECK_FALSE(ticks.of_path(kService, "linux.cgroup.cpu.time"));
  folder.remove(kService);
  REQUIRE(ticks.next());
  CHECK(ticks.paths() == std::set<std::string>{"/system.slice/other.service"});
  folder.put(kService, 7);
  REQUIRE(ticks.next());
  CHECK(ticks.of_path(kService, "linux.cgroup.cpu.time") == 7e-6);
  folder.remove("/system.slice");
  REQUIRE(ticks.next());
  CHECK(ticks.paths().empty());
}

TEST_CASE("cgroup: kinds and globs choose; what is below a container is its own") {
  const CgroupFolder folder;
  for (const char* path : {"/system.slice", "/system.slice/web.service", "/system.slice/boot.mount",
                           "/user.slice/user-1.slice/session-3.scope", "/lxc/c1"})
    folder.put(path, 1);
  folder.put(kPod, 1);
  folder.put(kContainer, 1);
  folder.put(kContainer + "/inner.service", 1);
  folder.process(kContainer, 20, "systemd");

  Ticks standard(folder.dir.roots());
  REQUIRE(standard.next());
  CHECK(standard.paths() == std::set<std::string>{"/system.slice", kService});
  CHECK(standard.containers().size() == 1);

  Options all;
  all.pods = all.others = true;
  all.exclude.clear();
  Ticks everything(folder.dir.roots(), all);
  REQUIRE(everything.next());
  CHECK(everything.paths() ==
        std::set<std::string>{"/system.slice", kService, "/system.slice/boot.mount",
                              "/user.slice/user-1.slice/session-3.scope", "/lxc/c1", kPod});
  CHECK(everything.of_path(kUid, "linux.cgroup.cpu.time"));
  CHECK(everything.of_path("burstable", "linux.cgroup.cpu.time"));

  Options few;
  few.include = {"/system.slice/*"};
  few.units = true;
  Ticks chosen(folder.dir.roots(), few);
  REQUIRE(chosen.next());
  CHECK(chosen.paths() == std::set<std::string>{kService});
  CHECK(chosen.containers().empty());
}

TEST_CASE("cgroup: past the bound the rest is summed, said and let in when there is room") {
  const CgroupFolder folder;
  for (int i = 0; i < 5; ++i)
    folder.put("/u" + std::to_string(i) + ".service", 1'000'000, 1000, 2);
  folder.put("/u4.service/inner", 500'000);  // in its parent's numbers already
  Ticks ticks(folder.dir.roots(), at_most(2));
  const auto count = [&](const char* state) {
    return ticks.probe.integer("linux.cgroup.count", {{"linux.cgroup.state", state}});
  };
  REQUIRE(ticks.next());
  CHECK(ticks.paths().size() == 3);
  CHECK(count("reported") == 2);
  CHECK(count("other") == 3);
  CHECK(ticks.of_path("other", "linux.cgroup.cpu.time") == 0);  // from now on
  CHECK(ticks.of_path("other", "linux.cgroup.memory.usage") == 3000);
  CHECK(ticks.of_path("other", "linux.cgroup.pid.count") == 6);
  folder.put("/u2.service", 1'250'000);
  folder.put("/u3.service", 1'250'000);
  REQUIRE(ticks.next());
  CHECK(ticks.of_path("other", "linux.cgroup.cpu.time") == 0.5);
  CHECK(ticks.find_path("other", "linux.cgroup.cpu.time")->start <
        ticks.find_path("other", "linux.cgroup.cpu.time")->time);
  folder.remove("/u0.service");
  REQUIRE(ticks.next());
  CHECK(count("reported") == 2);
  CHECK(count("other") == 2);
  CHECK(ticks.of_path("other", "linux.cgroup.cpu.time") == 0.5);  // never falls
  folder.remove("/u1.service");
  folder.remove("/u2.service");
  REQUIRE(ticks.next());
  CHECK(count("other") == 0);
  CHECK_FALSE(ticks.of_path("other", "linux.cgroup.cpu.time"));
}

TEST_CASE("cgroup: containers are reported before units and slices") {
  const CgroupFolder folder;
  folder.put("/a.service", 1);
  folder.put("/b.slice", 1);
  folder.put("/docker/" + kId, 1);
  Ticks ticks(folder.dir.roots(), at_most(1));
  REQUIRE(ticks.next());
  CHECK(ticks.containers().size() == 1);
  CHECK(ticks.paths() == std::set<std::string>{"other"});
}

TEST_CASE("cgroup: names that are no text stay apart and are text in the end") {
  const CgroupFolder folder;
  folder.put("/a\xff.service", 1);
  folder.put("/a\xfe.service", 2);
  folder.put("/a\n\x01.service", 3);
  folder.put("/caf\xc3\xa9\\x2d.service", 4);
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  CHECK(ticks.paths() == std::set<std::string>{"/a\\xff.service", "/a\\xfe.service",
                                               "/a\\x0a\\x01.service",
                                               "/caf\xc3\xa9\\x2d.service"});
  CHECK(ticks.probe.duplicate() == "");
}

TEST_CASE("cgroup: half-written files give what they have, are counted and named") {
  const CgroupFolder folder;
  folder.put(kService, 1);
  folder.put("/good.service", 2);
  folder.write(kService, "cpu.stat", "usage_us");
  folder.write(kService, "memory.current", "12x\n");
  folder.write(kService, "memory.stat", std::string(300'000, 'x'));  // larger than any real one
  folder.write(kService, "io.stat", std::string("\xff\xfe\n8:0 rbytes=\n", 14));
  folder.write(kService, "pids.current", "");
  Ticks ticks(folder.dir.roots());
  const auto result = ticks.next();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::malformed);
  CHECK(result.error().message.find(kService) != std::string::npos);
  CHECK(ticks.of_path("/good.service", "linux.cgroup.cpu.time") == 2e-6);
  CHECK_FALSE(ticks.of_path(kService, "linux.cgroup.cpu.time"));
  CHECK(ticks.probe.duplicate() == "");
}

TEST_CASE("cgroup: links and files in the place of directories are not followed") {
  const CgroupFolder folder;
  folder.put(kService, 1);
  const std::string root = folder.dir.at("sys/fs/cgroup");
  std::filesystem::create_directory_symlink(root, root + "/loop.slice");
  folder.dir.write("sys/fs/cgroup/file.service", "x");
  Ticks ticks(folder.dir.roots());
  REQUIRE(ticks.next());
  CHECK(ticks.paths() == std::set<std::string>{kService});
}

TEST_CASE("cgroup: ten thousand cgroups: the bound holds, nothing is silent") {
  const CgroupFolder folder;
  for (int i = 0; i < 10'000; ++i)
    folder.write("/s" + std::to_string(i) + ".service", "cpu.stat", "usage_usec 1000000\n");
  Ticks ticks(folder.dir.roots(), at_most(1000));
  for (int tick = 0; tick < 2; ++tick)
    REQUIRE(ticks.next());
  CHECK(ticks.paths().size() == 1001);
  CHECK(ticks.probe.integer("linux.cgroup.count", {{"linux.cgroup.state", "other"}}) == 9000);
  CHECK(ticks.probe.duplicate() == "");
}

TEST_CASE("cgroup: too deep and too long is left out and said") {
  const CgroupFolder folder;
  std::string deep = "/top.slice";
  for (std::size_t i = 0; i < Tree::kMaxDepth + 2; ++i)
    deep += "/d";
  folder.put(deep, 1);
  folder.put("/" + std::string(250, 'a') + "/" + std::string(250, 'b') + "/" +
                 std::string(250, 'c') + "/" + std::string(250, 'd') + "/" + std::string(250, 'e'),
             1);
  folder.put("/top.slice", 3);
  Ticks ticks(folder.dir.roots());
  const auto result = ticks.next();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::too_large);
  CHECK(ticks.probe.integer("linux.cgroup.count", {{"linux.cgroup.state", "left_out"}}) == 2);
  CHECK(ticks.of_path("/top.slice", "linux.cgroup.cpu.time") == 3e-6);
}
