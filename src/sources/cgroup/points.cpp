// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/points.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace edgehaul::cgroup {

namespace {

using metric::id;

// A metric that has one name for containers and one for all others.
struct Pair {
  metric::Id container;
  metric::Id other;
};
constexpr Pair same(metric::Id metric) {
  return {metric, metric};
}

// A field that is a point as it is, mostly one of several kinds of a metric.
struct Row {
  Field field;
  Pair metric;
  metric::Attr kind = {"", ""};
  double per_second = 0;  // 0: no time
};
constexpr std::string_view kType = "linux.cgroup.memory.type";
constexpr Pair kStat = same(id("linux.cgroup.memory.stat"));
constexpr Pair kRefaults = same(id("linux.cgroup.memory.refaults"));
constexpr std::string_view kEvent = "linux.cgroup.memory.event";
constexpr Pair kEvents = same(id("linux.cgroup.memory.events"));
constexpr std::string_view kStall = "system.pressure.stall_type";
constexpr Row kRows[] = {
    {Field::memory_usage, {id("container.memory.usage"), id("linux.cgroup.memory.usage")}},
    {Field::anon, {id("container.memory.rss"), id("linux.cgroup.memory.rss")}},
    {Field::file, same(id("linux.cgroup.memory.file"))},
    {Field::memory_limit, same(id("linux.cgroup.memory.limit"))},
    {Field::memory_peak, same(id("linux.cgroup.memory.peak"))},
    {Field::event_oom_kill, same(id("linux.cgroup.memory.oom_kills"))},
    {Field::swap_usage, same(id("linux.cgroup.memory.swap.usage"))},
    {Field::swap_limit, same(id("linux.cgroup.memory.swap.limit"))},
    {Field::pids, same(id("linux.cgroup.pid.count"))},
    {Field::pids_limit, same(id("linux.cgroup.pid.limit"))},
    {Field::pids_limit_hits, same(id("linux.cgroup.pid.limit_hits"))},
    {Field::cpu_weight, same(id("linux.cgroup.cpu.weight"))},
    {Field::shmem, kStat, {kType, "shmem"}},
    {Field::file_mapped, kStat, {kType, "file_mapped"}},
    {Field::file_dirty, kStat, {kType, "file_dirty"}},
    {Field::file_writeback, kStat, {kType, "file_writeback"}},
    {Field::slab_reclaimable, kStat, {kType, "slab_reclaimable"}},
    {Field::slab_unreclaimable, kStat, {kType, "slab_unreclaimable"}},
    {Field::kernel_stack, kStat, {kType, "kernel_stack"}},
    {Field::pagetables, kStat, {kType, "pagetables"}},
    {Field::sock, kStat, {kType, "sock"}},
    {Field::inactive_anon, kStat, {kType, "inactive_anon"}},
    {Field::active_anon, kStat, {kType, "active_anon"}},
    {Field::inactive_file, kStat, {kType, "inactive_file"}},
    {Field::active_file, kStat, {kType, "active_file"}},
    {Field::unevictable, kStat, {kType, "unevictable"}},
    {Field::refault_anon, kRefaults, {kType, "anon"}},
    {Field::refault_file, kRefaults, {kType, "file"}},
    {Field::event_low, kEvents, {kEvent, "low"}},
    {Field::event_high, kEvents, {kEvent, "high"}},
    {Field::event_max, kEvents, {kEvent, "max"}},
    {Field::event_oom, kEvents, {kEvent, "oom"}},
    {Field::event_oom_kill, kEvents, {kEvent, "oom_kill"}},
    {Field::event_oom_group_kill, kEvents, {kEvent, "oom_group_kill"}},
    {Field::cpu_some_us, same(id("linux.cgroup.cpu.pressure.time")), {kStall, "some"}, 1e6},
    {Field::cpu_full_us, same(id("linux.cgroup.cpu.pressure.time")), {kStall, "full"}, 1e6},
    {Field::memory_some_us, same(id("linux.cgroup.memory.pressure.time")), {kStall, "some"}, 1e6},
    {Field::memory_full_us, same(id("linux.cgroup.memory.pressure.time")), {kStall, "full"}, 1e6},
    {Field::io_some_us, same(id("linux.cgroup.io.pressure.time")), {kStall, "some"}, 1e6},
    {Field::io_full_us, same(id("linux.cgroup.io.pressure.time")), {kStall, "full"}, 1e6},
    {Field::irq_full_us, same(id("linux.cgroup.irq.pressure.time")), {kStall, "full"}, 1e6},
};

double seconds(std::uint64_t count, double per_second) {
  return static_cast<double>(count) / per_second;
}

// Where points go: they share resource, start and first attributes.
class Sink {
 public:
  Sink(metric::Batch& batch, const Node& node, const Member& member)
      : batch_(batch), member_(member), is_container_(node.name.kind == Kind::container) {
    if (is_container_) {
      resource_ = batch.add_resource(member.resource);
      return;
    }
    put({"linux.cgroup.path", member.path});
    if (!member.unit.empty()) put({"systemd.unit.name", member.unit});
    if (node.name.kind == Kind::pod) {
      put({"k8s.pod.uid", node.name.pod_uid});
      put({"k8s.pod.qos_class", qos_name(node.name.qos)});
    }
    own_ = count_;
  }

  bool wants(Pair pair) const {
    const metric::Id metric = is_container_ ? pair.container : pair.other;
    return batch_.wants(metric) && !member_.claimed.test(static_cast<std::size_t>(metric));
  }
  void add(Pair pair, std::uint64_t value, std::initializer_list<metric::Attr> more = {}) {
    if (!wants(pair)) return;
    const auto whole = static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
    batch_.add_integer(is_container_ ? pair.container : pair.other, whole, with(more), resource_,
                       member_.start, 0);
  }
  void add(Pair pair, double value, std::initializer_list<metric::Attr> more = {}) {
    if (!wants(pair)) return;
    batch_.add_real(is_container_ ? pair.container : pair.other, value, with(more), resource_,
                    member_.start, 0);
  }
  void add(const Row& row, std::uint64_t value) {
    if (row.kind.key.empty()) return add(row.metric, value);
    if (row.per_second > 0) return add(row.metric, seconds(value, row.per_second), {row.kind});
    add(row.metric, value, {row.kind});
  }

 private:
  void put(const metric::Attr& attr) { attrs_[count_++] = attr; }
  metric::Attrs with(std::initializer_list<metric::Attr> more) {
    count_ = own_;
    for (const metric::Attr& attr : more)
      put(attr);
    return {attrs_.data(), count_};
  }

  metric::Batch& batch_;
  const Member& member_;
  const bool is_container_;
  metric::ResourceRef resource_ = metric::kHost;
  std::array<metric::Attr, 6> attrs_{
      metric::Attr("", ""), {"", ""}, {"", ""}, {"", ""}, {"", ""}, {"", ""}};
  std::size_t own_ = 0;
  std::size_t count_ = 0;
};

void add_cpu(Sink& sink, const Member& member) {
  const Usage& usage = member.usage;
  if (const auto cpu = usage.get(Field::cpu_ns))
    sink.add({id("container.cpu.time"), id("linux.cgroup.cpu.time")}, seconds(*cpu, 1e9));
  if (member.cpu_usage >= 0)
    sink.add({id("container.cpu.usage"), id("linux.cgroup.cpu.usage")}, member.cpu_usage);
  const auto quota = usage.get(Field::cpu_quota_us);
  const auto period = usage.get(Field::cpu_period_us);
  const bool is_limited = quota && period && *period > 0;
  if (is_limited)
    sink.add(same(id("linux.cgroup.cpu.limit")),
             static_cast<double>(*quota) / static_cast<double>(*period));
  const auto periods = usage.get(Field::cpu_periods);
  // Without a limit these are zeros of every cgroup.
  if (!periods || (*periods == 0 && !is_limited)) return;
  sink.add(same(id("linux.cgroup.cpu.cfs.periods")), *periods);
  if (const auto throttled = usage.get(Field::cpu_throttled_periods))
    sink.add(same(id("linux.cgroup.cpu.cfs.throttled_periods")), *throttled);
  if (const auto time = usage.get(Field::cpu_throttled_ns))
    sink.add(same(id("linux.cgroup.cpu.cfs.throttled_time")), seconds(*time, 1e9));
}

void add_memory(Sink& sink, const Usage& usage) {
  const auto current = usage.get(Field::memory_usage);
  const auto inactive = usage.get(Field::inactive_file);
  if (current && inactive) {
    const std::uint64_t working_set = *current > *inactive ? *current - *inactive : 0;
    sink.add({id("container.memory.working_set"), id("linux.cgroup.memory.working_set")},
             working_set);
    if (const auto limit = usage.get(Field::memory_limit))
      sink.add({id("container.memory.available"), id("linux.cgroup.memory.available")},
               *limit > working_set ? *limit - working_set : 0);
  }
  const auto faults = usage.get(Field::pgfault);
  const auto major = usage.get(Field::pgmajfault);
  if (!faults || !major) return;
  constexpr Pair kFaults = {id("container.paging.faults"), id("linux.cgroup.paging.faults")};
  constexpr std::string_view kFaultType = "system.paging.fault.type";
  sink.add(kFaults, *major, {{kFaultType, "major"}});
  sink.add(kFaults, *faults > *major ? *faults - *major : 0, {{kFaultType, "minor"}});
}

void add_disks(Sink& sink, const Usage& usage, Devices& devices) {
  constexpr Pair kBytes = {id("container.disk.io"), id("linux.cgroup.disk.io")};
  constexpr Pair kOperations = same(id("linux.cgroup.disk.operations"));
  constexpr std::string_view kDirection = "disk.io.direction";
  constexpr std::string_view kDevice = "system.device";
  if (!sink.wants(kBytes) && !sink.wants(kOperations)) return;
  for (const DeviceIo& io : usage.devices) {
    if (io.read_bytes == 0 && io.written_bytes == 0 && io.reads == 0 && io.writes == 0) continue;
    const std::string& name = devices.name(io.major, io.minor);
    if (name.empty()) continue;
    sink.add(kBytes, io.read_bytes, {{kDevice, name}, {kDirection, "read"}});
    sink.add(kBytes, io.written_bytes, {{kDevice, name}, {kDirection, "write"}});
    sink.add(kOperations, io.reads, {{kDevice, name}, {kDirection, "read"}});
    sink.add(kOperations, io.writes, {{kDevice, name}, {kDirection, "write"}});
  }
}

}  // namespace

Points::Points(const metric::Batch& batch) {
  for (std::size_t i = 0; i < std::size(kRows); ++i) {
    if (batch.wants(kRows[i].metric.container))
      of_containers_.push_back(static_cast<std::uint8_t>(i));
    if (batch.wants(kRows[i].metric.other)) of_others_.push_back(static_cast<std::uint8_t>(i));
  }
}

void Points::add(metric::Batch& batch, const Node& node, const Member& member,
                 Devices& devices) const {
  Sink sink(batch, node, member);
  const Usage& usage = member.usage;
  add_cpu(sink, member);
  add_memory(sink, usage);
  for (const std::uint8_t i : node.name.kind == Kind::container ? of_containers_ : of_others_) {
    if (const auto value = usage.get(kRows[i].field)) sink.add(kRows[i], *value);
  }
  add_disks(sink, usage, devices);
  const double age = seconds(static_cast<std::uint64_t>(batch.time() - member.start), 1e9);
  sink.add({id("container.uptime"), id("linux.cgroup.uptime")}, age);
}

}  // namespace edgehaul::cgroup
