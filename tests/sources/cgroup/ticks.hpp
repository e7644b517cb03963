// SPDX-License-Identifier: Apache-2.0
// Runs the cgroup source over a tree as the sampler does, and finds points by their resource.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "sources/cgroup/cgroup.hpp"
#include "sources/host/probe.hpp"
#include "support/temp_dir.hpp"

namespace edgehaul::test {

class Ticks {
 public:
  explicit Ticks(const base::Roots& roots, const cgroup::Options& options = {})
      : source(roots, options, clock, workloads) {}

  // One tick, ten seconds after the last one.
  Result<void> next() {
    clock.advance(std::chrono::seconds(10));
    return probe.tick(source);
  }

  // A value of a container, whose id begins so.
  std::optional<double> of_container(std::string_view id, std::string_view name,
                                     std::string_view attribute = {}) {
    for (const auto& point : probe.batch().points()) {
      if (metric::def(point.metric).name != name || point.resource == metric::kHost) continue;
      if (!resource_text(point, "container.id").starts_with(id)) continue;
      if (attribute.empty() || has_text(point, attribute)) return value(point);
    }
    return std::nullopt;
  }
  // A value of any other cgroup.
  std::optional<double> of_path(std::string_view path, std::string_view name,
                                std::string_view attribute = {}) {
    const metric::Point* point = find_path(path, name, attribute);
    return point == nullptr ? std::nullopt : std::optional(value(*point));
  }
  const metric::Point* find_path(std::string_view path, std::string_view name,
                                 std::string_view attribute = {}) {
    for (const auto& point : probe.batch().points()) {
      if (metric::def(point.metric).name == name && has_text(point, path) &&
          (attribute.empty() || has_text(point, attribute)))
        return &point;
    }
    return nullptr;
  }
  // Ids of the containers that have points.
  std::set<std::string> containers() {
    std::set<std::string> out;
    for (const auto& point : probe.batch().points()) {
      if (point.resource != metric::kHost) out.insert(resource_text(point, "container.id"));
    }
    return out;
  }
  std::set<std::string> paths() {
    std::set<std::string> out;
    for (const auto& point : probe.batch().points()) {
      if (point.attr_count > 0 && probe.batch().attr(point, 0).key == "linux.cgroup.path")
        out.insert(std::string(probe.batch().attr(point, 0).text));
    }
    return out;
  }
  std::string resource_text(const metric::Point& point, std::string_view key) {
    for (const auto& [name, held] : probe.batch().resource(point.resource)) {
      if (name == key) return std::get<std::string>(held);
    }
    return "";
  }

  base::ManualClock clock;
  std::shared_ptr<metric::Workloads> workloads = std::make_shared<metric::Workloads>();
  Probe probe;
  cgroup::Cgroup source;

 private:
  static double value(const metric::Point& point) {
    return point.is_real ? point.real : static_cast<double>(point.integer);
  }
  bool has_text(const metric::Point& point, std::string_view text) {
    for (std::uint32_t i = 0; i < point.attr_count; ++i) {
      if (probe.batch().attr(point, i).text == text) return true;
    }
    return false;
  }
};

// A v2 tree of plain files.
class CgroupFolder {
 public:
  CgroupFolder() { dir.write("sys/fs/cgroup/cgroup.controllers", "cpu memory\n"); }
  void put(const std::string& path, std::uint64_t cpu_us, std::uint64_t memory = 4096,
           std::uint64_t pids = 1) const {
    write(path, "cpu.stat", "usage_usec " + std::to_string(cpu_us) + "\n");
    write(path, "memory.current", std::to_string(memory) + "\n");
    write(path, "memory.stat", "anon 1000\nfile 2000\ninactive_file 96\n");
    write(path, "pids.current", std::to_string(pids) + "\n");
  }
  void write(const std::string& path, const std::string& file, std::string_view body) const {
    dir.write("sys/fs/cgroup" + path + "/" + file, body);
  }
  // A process that is the first of a cgroup.
  void process(const std::string& path, int pid, const std::string& comm, int parent = 1) const {
    write(path, "cgroup.procs", std::to_string(pid) + "\n");
    dir.write("proc/" + std::to_string(pid) + "/stat",
              std::to_string(pid) + " (" + comm + ") S " + std::to_string(parent) +
                  " 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 500 0 0\n");
  }
  void remove(const std::string& path) const { dir.remove("sys/fs/cgroup" + path); }

  TempDir dir;
};

}  // namespace edgehaul::test
