// SPDX-License-Identifier: Apache-2.0
#include "sources/host/filesystem.hpp"

#include <sys/statfs.h>
#include <atomic>
#include <cerrno>

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "sources/host/gate.hpp"
#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

Filesystem make(const base::Roots& roots, FilesystemOptions options = {}) {
  options.deadline = std::chrono::seconds(60);  // nothing hangs: waiting is for slow test machines
  return {roots, options, std::make_shared<Offload>(), make_statfs(roots)};
}

constexpr std::string_view kTwoMounts =
    "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
    "2 1 0:9 / /mnt/dead rw - nfs4 server:/x rw\n";

FilesystemOptions with_nfs() {
  FilesystemOptions options;
  options.virtual_types = {"nfs*"};
  return options;
}

}  // namespace

TEST_CASE("filesystem: a virtual machine: values as df shows them") {
  test::Probe probe;
  Filesystem filesystem = make(test::machine("debian12-vm"));
  REQUIRE(probe.tick(filesystem));
  const metric::Attr root("mountpoint", "/");
  const metric::Attr device("device", "/dev/vda1");
  const metric::Attr type("type", "ext4");
  const metric::Attr mode("mode", "rw");
  const auto usage = [&](const char* state) {
    return probe.integer("system.filesystem.usage", {root, device, type, mode, {"state", state}});
  };
  CHECK(usage("used") == 1600000L * 4096);
  CHECK(usage("free") == 770000L * 4096);
  CHECK(usage("reserved") == 130000L * 4096);
  CHECK(probe.integer("system.filesystem.inodes.usage", {root, {"state", "used"}}) == 140000);
  CHECK(probe.integer("system.filesystem.inodes.usage", {root, {"state", "free"}}) == 500000);
  CHECK(probe.real("system.filesystem.utilization", {root}).value_or(0) ==
        doctest::Approx(1600000.0 / 2370000.0));
  CHECK(probe.integer("system.filesystem.readonly", {root}) == 0);
  // btrfs has no inodes; overlay, tmpfs and the bind mount are not there.
  CHECK(probe.count("system.filesystem.inodes.usage") == 2);
  CHECK(probe.count("system.filesystem.readonly") == 2);
}

TEST_CASE("filesystem: a server with a thousand pod mounts shows its own five") {
  test::Probe probe;
  Filesystem filesystem = make(test::machine("big-server"));
  REQUIRE(probe.tick(filesystem));
  CHECK(probe.count("system.filesystem.readonly") == 3);  // those that statfs knows
  // Links of the device mapper are followed, escapes undone.
  CHECK(probe.integer("system.filesystem.usage",
                      {{"device", "/dev/dm-0"}, {"mountpoint", "/"}, {"state", "used"}}) ==
        13107200L * 4096);
  const metric::Attr full("mountpoint", "/mnt/readonly");
  CHECK(probe.integer("system.filesystem.usage", {full, {"mode", "ro"}, {"state", "used"}}) ==
        4096000);
  CHECK(probe.real("system.filesystem.utilization", {full}) == 1.0);
  CHECK(probe.integer("system.filesystem.readonly", {full}) == 1);
}

TEST_CASE("filesystem: an immutable edge host: /dev/root has a name, binds are not repeated") {
  test::Probe probe;
  Filesystem filesystem = make(test::machine("arm-edge"));
  REQUIRE(probe.tick(filesystem));
  CHECK(probe.integer("system.filesystem.readonly",
                      {{"device", "/dev/mmcblk0p2"}, {"mountpoint", "/"}}) == 1);
  CHECK(probe.integer("system.filesystem.readonly", {{"mountpoint", "/usr/local"}}) == 0);
  CHECK(probe.find("system.filesystem.readonly", {{"mountpoint", "/var/lib/rancher"}}) == nullptr);
  CHECK(probe.count("system.filesystem.readonly") == 3);
}

TEST_CASE("filesystem: hostile: more free than there is, broken lines, foreign bytes") {
  test::Probe probe;
  Filesystem filesystem = make(test::machine("hostile"));
  CHECK(probe.tick(filesystem).error().code == Errc::malformed);
  CHECK(probe.duplicate() == "");
  const metric::Attr root("mountpoint", "/");
  CHECK(probe.integer("system.filesystem.usage", {root, {"state", "used"}}) == 0);
  CHECK(probe.integer("system.filesystem.usage", {root, {"state", "reserved"}}) == 0);
  CHECK(probe.integer("system.filesystem.inodes.usage", {root, {"state", "used"}}) == 0);
}

TEST_CASE("filesystem: names are valid UTF-8 whatever the mount table holds") {
  test::TempDir dir;
  dir.write("proc/1/mountinfo", "1 0 8:1 / /l\xe9 rw - ext4 /dev/\xff rw\n");
  test::Probe probe;
  Filesystem filesystem(dir.roots(), {}, std::make_shared<Offload>(),
                        [](const std::string& mountpoint, FsUsage& out) {
                          out = {4096, 10, 5, 5, 0, 0};
                          return mountpoint == "/l\xe9" ? 0 : ENOENT;  // asked by its real name
                        });
  REQUIRE(probe.tick(filesystem));
  REQUIRE(probe.size() == 5);
  for (const auto& point : probe.batch().points())
    for (std::uint32_t i = 0; i < point.attr_count; ++i)
      CHECK(text::is_utf8(probe.batch().attr(point, i).text));
}

TEST_CASE("filesystem: a mount that hangs costs one deadline, the others are read at every tick") {
  test::TempDir dir;
  dir.write("proc/1/mountinfo", kTwoMounts);
  test::Gate gate;
  FilesystemOptions options = with_nfs();
  options.deadline = std::chrono::milliseconds(50);
  const auto offload = std::make_shared<Offload>();
  std::atomic<int> asked_dead{0};
  Filesystem filesystem(dir.roots(), options, offload,
                        [&](const std::string& mountpoint, FsUsage& out) {
                          out = {4096, 100, 50, 40, 0, 0};
                          if (mountpoint == "/mnt/dead") {
                            ++asked_dead;
                            gate.pass();
                          }
                          return 0;
                        });
  test::Probe probe;
  for (int tick = 0; tick < 4; ++tick) {
    const auto result = probe.tick(filesystem);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == Errc::timeout);
    if (tick > 0) {  // a slow machine may need longer than the deadline to start the first thread
      CHECK(result.error().message == "/mnt/dead: does not answer");
      CHECK(probe.find("system.filesystem.usage", {{"mountpoint", "/"}}) != nullptr);
    }
    CHECK(probe.find("system.filesystem.usage", {{"mountpoint", "/mnt/dead"}}) == nullptr);
    // What the mount table says is known without asking.
    CHECK(probe.integer("system.filesystem.readonly", {{"mountpoint", "/mnt/dead"}}) == 0);
  }
  CHECK(asked_dead == 1);
  CHECK(offload->threads() == 2);
  gate.open();
  gate.await_passed(1);
  while (!probe.tick(filesystem))
    std::this_thread::yield();
  CHECK(probe.find("system.filesystem.usage", {{"mountpoint", "/mnt/dead"}}) != nullptr);
  while (offload->threads() > 1)
    std::this_thread::yield();
}

TEST_CASE("filesystem: a hanging mount that is unmounted is forgotten, the end does not wait") {
  test::TempDir dir;
  dir.write("proc/1/mountinfo", kTwoMounts);
  auto gate = std::make_shared<test::Gate>();
  {
    FilesystemOptions options = with_nfs();
    options.deadline = std::chrono::milliseconds(50);
    Filesystem filesystem(dir.roots(), options, std::make_shared<Offload>(),
                          [gate](const std::string& mountpoint, FsUsage& out) {
                            out = {4096, 100, 50, 40, 0, 0};
                            if (mountpoint == "/mnt/dead") gate->pass();
                            return 0;
                          });
    test::Probe probe;
    while (gate->inside() == 0)
      CHECK_FALSE(probe.tick(filesystem));
    dir.write("proc/1/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
    while (!probe.tick(filesystem))
      std::this_thread::yield();
    CHECK(probe.count("system.filesystem.readonly") == 1);
  }
  CHECK(gate->inside() == 1);
  gate->open();
  gate->await_passed(1);
}

TEST_CASE("filesystem: what statfs answers when it cannot") {
  test::TempDir dir;
  dir.write("proc/1/mountinfo", kTwoMounts);
  struct Row {
    int error;
    bool is_fault;
    std::size_t points;
  };
  // Unmounted since: nothing. Refused or failing: only what the mount table says.
  const Row rows[] = {{ENOENT, false, 5}, {EACCES, true, 6}, {EIO, true, 6}};
  for (const Row& row : rows) {
    CAPTURE(row.error);
    Filesystem filesystem(dir.roots(), with_nfs(), std::make_shared<Offload>(),
                          [&](const std::string& mountpoint, FsUsage& out) {
                            out = {4096, 100, 50, 40, 0, 0};
                            return mountpoint == "/" ? 0 : row.error;
                          });
    test::Probe probe;
    CHECK(probe.tick(filesystem).has_value() == !row.is_fault);
    CHECK(probe.size() == row.points);
  }
}

TEST_CASE("filesystem: the table falls back to our own view, and may be missing") {
  test::TempDir dir;
  test::Probe probe;
  Filesystem none = make(dir.roots());
  CHECK(probe.tick(none).error().code == Errc::absent);
  dir.write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n");
  dir.write("recorded/statfs", "/ 4096 10 5 5 0 0\n");
  Filesystem filesystem = make(dir.roots());
  REQUIRE(probe.tick(filesystem));
  CHECK(probe.size() == 5);
}

TEST_CASE("filesystem: this machine: / is what statfs says of it") {
  test::Probe probe;
  Filesystem filesystem = make(base::Roots());
  (void)probe.tick(filesystem);
  struct statfs raw {};
  REQUIRE(::statfs("/", &raw) == 0);
  FsUsage usage;
  REQUIRE(make_statfs(base::Roots())("/", usage) == 0);
  CHECK(usage.blocks == raw.f_blocks);
  CHECK(usage.unit == static_cast<std::uint64_t>(raw.f_frsize));
  CHECK(probe.duplicate() == "");
  CHECK(make_statfs(base::Roots())("/no/such/mount", usage) == ENOENT);
}
