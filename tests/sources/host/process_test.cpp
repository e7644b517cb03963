// SPDX-License-Identifier: Apache-2.0
#include "sources/host/process.hpp"

#include <filesystem>

#include <unistd.h>

#include <doctest/doctest.h>

#include "sources/host/probe.hpp"

using namespace edgehaul;
using namespace edgehaul::host;

namespace {

struct Bench {
  base::ManualClock clock;
  test::Probe probe;
  std::unique_ptr<Process> process;

  Bench(const base::Roots& roots, const ProcessOptions& options)
      : process(std::make_unique<Process>(roots, options, clock,
                                          std::make_shared<KernelFiles>(roots))) {}
  Result<void> tick() {
    clock.advance(std::chrono::seconds(10));
    return probe.tick(*process);
  }
  // The resource that has this PID; kHost when there is none.
  metric::ResourceRef resource(std::int64_t pid) {
    for (std::uint32_t i = 1; i < probe.batch().resource_count(); ++i) {
      const auto& attributes = probe.batch().resource(metric::ResourceRef(i));
      if (std::get<std::int64_t>(attributes.at(0).second) == pid) return metric::ResourceRef(i);
    }
    return metric::kHost;
  }
  std::string text(std::int64_t pid, std::string_view key) {
    for (const auto& [name, value] : probe.batch().resource(resource(pid))) {
      if (name == key) return std::get<std::string>(value);
    }
    return "";
  }
  const metric::Point* point(std::int64_t pid, std::string_view name, std::string_view attr = "") {
    const auto wanted = resource(pid);
    for (const auto& each : probe.batch().points()) {
      if (wanted == metric::kHost || each.resource != wanted) continue;
      if (metric::def(each.metric).name != name) continue;
      if (attr.empty() || probe.batch().attr(each, 0).text == attr) return &each;
    }
    return nullptr;
  }
  std::int64_t integer(std::int64_t pid, std::string_view name, std::string_view attr = "") {
    const auto* found = point(pid, name, attr);
    return found != nullptr && !found->is_real ? found->integer : -1;
  }
  double real(std::int64_t pid, std::string_view name, std::string_view attr = "") {
    const auto* found = point(pid, name, attr);
    return found != nullptr && found->is_real ? found->real : -1;
  }
};

ProcessOptions all() {
  ProcessOptions options;
  options.enabled = true;
  return options;
}

std::string stat_line(int pid, std::string_view comm, int user, int start) {
  return fmt::format("{} ({}) S 1 1 1 0 -1 0 10 0 2 0 {} 50 0 0 20 0 3 0 {} 8192 4 0\n", pid, comm,
                     user, start);
}

}  // namespace

TEST_CASE("process: big server: one process in full") {
  Bench bench(test::machine("big-server"), all());
  REQUIRE(bench.tick());
  const std::int64_t page = ::getpagesize();
  CHECK(bench.text(5000, "process.executable.name") == "postgres");
  CHECK(bench.text(5000, "process.command") == "postgres:");
  CHECK(bench.text(5000, "process.command_line") == "postgres: writer 0");
  CHECK(bench.text(5000, "process.owner") == "postgres");
  CHECK(bench.text(1, "process.owner") == "root");  // the first name of uid 0
  CHECK(bench.text(1, "process.command_line") == "/sbin/init");
  CHECK(bench.text(6000, "process.executable.name") == "qemu-system-x86_64");
  CHECK(bench.text(2, "process.command_line").empty());
  CHECK(bench.real(5000, "process.cpu.time", "user") == 5000.0);
  CHECK(bench.real(5000, "process.cpu.time", "system") == 200.0);
  CHECK(bench.real(5000, "process.cpu.time", "wait") == 0.07);
  CHECK(bench.integer(5000, "process.memory.usage") == 2000000 * page);
  CHECK(bench.integer(5000, "process.memory.virtual") == 17179869184);
  CHECK(bench.real(5000, "process.memory.utilization") ==
        doctest::Approx(2000000.0 * static_cast<double>(page) / (790000000.0 * 1024)));
  CHECK(bench.integer(5000, "process.disk.io", "read") == 4096000000);
  CHECK(bench.integer(5000, "process.disk.io", "write") == 8192);
  CHECK(bench.integer(5000, "process.disk.operations", "read") == 300);
  CHECK(bench.integer(5000, "process.paging.faults", "major") == 12);
  CHECK(bench.integer(5000, "process.paging.faults", "minor") == 1500);
  CHECK(bench.integer(5000, "process.context_switches", "voluntary") == 120);
  CHECK(bench.integer(5000, "process.context_switches", "involuntary") == 8);
  CHECK(bench.integer(5000, "process.threads") == 1);
  CHECK(bench.integer(5000, "process.signals_pending") == 2);
  CHECK(bench.real(5000, "process.uptime") == 8640000.25 - 700);
  CHECK(bench.point(5000, "process.cpu.time")->start ==
        test::Probe::kBoot + 700 * test::Probe::kSecond);
  CHECK(bench.probe.batch().resource_count() == 1 + 2 + 64 + 8 + 1);
}

TEST_CASE("process: brackets in a name, the start is the same at every tick") {
  Bench bench(test::machine("debian12-vm"), all());
  REQUIRE(bench.tick());
  CHECK(bench.text(413, "process.executable.name") == "nginx (worker)) x");
  CHECK(bench.text(413, "process.owner") == "www-data");
  const auto start = bench.point(413, "process.memory.usage")->start;
  const auto hash = bench.probe.batch().series_hash(*bench.point(413, "process.memory.usage"));
  REQUIRE(bench.tick());
  CHECK(bench.point(413, "process.memory.usage")->start == start);
  CHECK(bench.probe.batch().series_hash(*bench.point(413, "process.memory.usage")) == hash);
}

TEST_CASE("process: chosen by the globs over the executable's name") {
  ProcessOptions options = all();
  options.include = {"postgres", "qemu-*", "kworker*"};
  options.exclude = {"kworker*"};
  Bench bench(test::machine("big-server"), options);
  REQUIRE(bench.tick());
  CHECK(bench.probe.batch().resource_count() == 1 + 9);
  CHECK(bench.resource(6000) != metric::kHost);  // by its full name, past the 15 letters of comm
  CHECK(bench.resource(100) == metric::kHost);
}

TEST_CASE("process: more than the bound are left out and said so") {
  ProcessOptions options = all();
  options.max_processes = 10;
  Bench bench(test::machine("big-server"), options);
  const auto result = bench.tick();
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Errc::too_large);
  CHECK(result.error().message.starts_with("65 processes left out"));
  CHECK(bench.probe.batch().resource_count() == 1 + 10);
  CHECK(bench.resource(1) != metric::kHost);
  CHECK(bench.resource(6000) == metric::kHost);
}

TEST_CASE("process: the command line is bounded and can be left out") {
  ProcessOptions options = all();
  options.max_command_line = 5;
  Bench bounded(test::machine("big-server"), options);
  REQUIRE(bounded.tick());
  CHECK(bounded.text(6000, "process.command_line") == "/usr/");
  options.command_line = false;
  Bench without(test::machine("big-server"), options);
  REQUIRE(without.tick());
  CHECK(without.text(6000, "process.command_line").empty());
  CHECK(without.text(6000, "process.command") == "/usr/bin/qemu-system-x86_64");
}

TEST_CASE("process: utilisation is a share of all CPUs, 0 to 1") {
  test::TempDir dir;
  dir.write("proc/stat", "cpu0 1 2 3 4 5 6 7 8\ncpu1 1 2 3 4 5 6 7 8\n");
  dir.write("proc/70/stat", stat_line(70, "busy", 100, 900));
  ProcessOptions options = all();
  Bench bench(dir.roots(), options);
  bench.probe.selection().set(metric::id("process.uptime"), false);
  CHECK(bench.tick());
  CHECK(bench.point(70, "process.cpu.utilization") == nullptr);
  dir.write("proc/70/stat", stat_line(70, "busy", 600, 900));
  CHECK(bench.tick());
  CHECK(bench.real(70, "process.cpu.utilization", "user") == 0.25);  // 5 s of 10 s × 2
  CHECK(bench.real(70, "process.cpu.utilization", "system") == 0.0);
}

TEST_CASE("process: a reused PID is another process, a new name is read again") {
  test::TempDir dir;
  dir.write("proc/70/stat", stat_line(70, "first", 100, 900));
  dir.write("proc/70/cmdline", std::string("first\0", 6));
  Bench bench(dir.roots(), all());
  bench.probe.selection().set(metric::id("process.uptime"), false);
  CHECK(bench.tick());
  CHECK(bench.tick());
  CHECK(bench.tick());
  CHECK(bench.text(70, "process.command") == "first");
  dir.write("proc/70/stat", stat_line(70, "execed", 100, 900));
  dir.write("proc/70/cmdline", std::string("execed\0-x\0", 10));
  CHECK(bench.tick());
  CHECK(bench.text(70, "process.executable.name") == "execed");
  CHECK(bench.text(70, "process.command_line") == "execed -x");
  dir.write("proc/70/stat", stat_line(70, "other", 1, 5000));
  CHECK(bench.tick());
  CHECK(bench.text(70, "process.executable.name") == "other");
  CHECK(bench.point(70, "process.cpu.time")->start ==
        test::Probe::kBoot + 50 * test::Probe::kSecond);
  CHECK(bench.point(70, "process.cpu.utilization") == nullptr);
}

TEST_CASE("process: files of a process vanish while it is read") {
  test::TempDir dir;
  dir.write("proc/70/stat", stat_line(70, "a", 100, 900));
  dir.write("proc/71/status", "Uid:\t0\n");  // no stat: gone
  std::filesystem::create_directories(dir.at("proc/70/fd"));
  dir.write("proc/70/fd/0", "");
  dir.write("proc/70/fd/1", "");
  Bench bench(dir.roots(), all());
  bench.probe.selection().set(metric::id("process.uptime"), false);
  CHECK(bench.tick());
  CHECK(bench.probe.batch().resource_count() == 2);
  CHECK(bench.integer(70, "process.open_file_descriptors") == 2);
  CHECK(bench.point(70, "process.disk.io") == nullptr);
  dir.remove("proc/70");
  CHECK(bench.tick());
  CHECK(bench.probe.batch().resource_count() == 1);
}

TEST_CASE("process: hostile tree") {
  Bench bench(test::machine("hostile"), all());
  CHECK(bench.tick().error().code == Errc::malformed);
  CHECK(bench.tick().error().code == Errc::malformed);
  REQUIRE(bench.resource(4) != metric::kHost);
  const auto* memory = bench.point(4, "process.memory.usage");
  CHECK(memory->integer == INT64_MAX);
  CHECK(memory->start <= memory->time);
  CHECK(bench.integer(4, "process.disk.io", "read") == INT64_MAX);
  CHECK(bench.point(4, "process.disk.io", "write") == nullptr);
  CHECK(bench.probe.duplicate().empty());
}

TEST_CASE("process: where a process was created") {
  constexpr base::UnixNanos kSecond = test::Probe::kSecond;
  CHECK(process_start(1000 * kSecond, 0, 5000 * kSecond) == 1000 * kSecond);
  CHECK(process_start(1000 * kSecond, 12345, 5000 * kSecond) ==
        1123 * kSecond + kSecond * 45 / 100);
  CHECK(process_start(1000 * kSecond, 99999999, 5000 * kSecond) == 5000 * kSecond);
  CHECK(process_start(1000 * kSecond, UINT64_MAX, 5000 * kSecond) == 5000 * kSecond);
}

TEST_CASE("process: names and command lines") {
  const struct {
    std::string comm;
    std::string cmdline;
    const char* name;
  } rows[] = {
      {"sh", std::string("/bin/bash\0-c", 12), "sh"},
      {"systemd-journal", std::string("/lib/systemd/systemd-journald\0", 30), "systemd-journald"},
      {"systemd-journal", "systemd-journald", "systemd-journald"},
      {"systemd-journal", "/usr/bin/other", "systemd-journal"},
      {"systemd-journal", "", "systemd-journal"},
      {"\xFF", "", "\xEF\xBF\xBD"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.comm);
    CHECK(parse_executable_name(row.comm, row.cmdline) == row.name);
  }
  CHECK(parse_command_line(std::string("a\0b\0\0\0", 6)) == "a b");
  CHECK(parse_command_line("").empty());
}

TEST_CASE("process: user names") {
  const UserNames names = parse_passwd(
      "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n:x:5:5\nbad\nx:y\nbig:x:99999999999:0\n"
      "last:x:7:7");
  REQUIRE(names.size() == 2);
  CHECK(names[0] == UserNames::value_type{0, "root"});
  CHECK(names[1] == UserNames::value_type{7, "last"});

  test::TempDir dir;
  Users users(dir.roots());
  users.refresh();
  CHECK(users.name(0).empty());
  dir.write("etc/passwd", "root:x:0:0\n");
  users.refresh();
  CHECK(users.name(0) == "root");
  CHECK(users.name(1).empty());
  dir.write("etc/passwd", "root:x:0:0\nnew:x:1:1\n");
  users.refresh();
  CHECK(users.name(1) == "new");
}
