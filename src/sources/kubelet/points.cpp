// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/points.hpp"

#include <algorithm>
#include <utility>

namespace edgehaul::kubelet {

namespace {

using metric::id;
using metric::Id;
using metric::kNoMetric;

constexpr std::size_t kNode = 0;
constexpr std::size_t kPod = 1;
constexpr std::size_t kContainer = 2;
constexpr std::size_t kSystemContainer = 3;

enum class Shown : std::uint8_t { as_is, billionth };

// One number of a block as a metric of each scope.
struct Row {
  std::uint8_t part;   // Points::Part
  std::uint8_t index;  // of the block's number
  Shown shown;
  std::array<Id, 4> metrics;  // by scope
};

template <class Field>
constexpr Row row(std::uint8_t part, Field field, Shown shown, Id node, Id pod, Id container,
                  Id system = kNoMetric) {
  return {part, static_cast<std::uint8_t>(field), shown, {node, pod, container, system}};
}

constexpr Row kRows[] = {
    row(0, Cpu::core_nanoseconds, Shown::billionth, id("k8s.node.cpu.time"), id("k8s.pod.cpu.time"),
        id("container.cpu.time"), id("k8s.node.system_container.cpu.time")),
    row(0, Cpu::nano_cores, Shown::billionth, id("k8s.node.cpu.usage"), id("k8s.pod.cpu.usage"),
        id("container.cpu.usage"), id("k8s.node.system_container.cpu.usage")),
    row(1, Memory::available, Shown::as_is, id("k8s.node.memory.available"),
        id("k8s.pod.memory.available"), id("container.memory.available")),
    row(1, Memory::usage, Shown::as_is, id("k8s.node.memory.usage"), id("k8s.pod.memory.usage"),
        id("container.memory.usage"), id("k8s.node.system_container.memory.usage")),
    row(1, Memory::working_set, Shown::as_is, id("k8s.node.memory.working_set"),
        id("k8s.pod.memory.working_set"), id("container.memory.working_set"),
        id("k8s.node.system_container.memory.working_set")),
    row(1, Memory::rss, Shown::as_is, id("k8s.node.memory.rss"), id("k8s.pod.memory.rss"),
        id("container.memory.rss")),
    row(1, Memory::page_faults, Shown::as_is, id("k8s.node.memory.page_faults"),
        id("k8s.pod.memory.page_faults"), id("container.memory.page_faults")),
    row(1, Memory::major_page_faults, Shown::as_is, id("k8s.node.memory.major_page_faults"),
        id("k8s.pod.memory.major_page_faults"), id("container.memory.major_page_faults")),
    row(2, Fs::available, Shown::as_is, id("k8s.node.filesystem.available"),
        id("k8s.pod.filesystem.available"), id("container.filesystem.available")),
    row(2, Fs::capacity, Shown::as_is, id("k8s.node.filesystem.capacity"),
        id("k8s.pod.filesystem.capacity"), id("container.filesystem.capacity")),
    row(2, Fs::used, Shown::as_is, id("k8s.node.filesystem.usage"), id("k8s.pod.filesystem.usage"),
        id("container.filesystem.usage")),
    row(2, Fs::inodes, Shown::as_is, id("k8s.node.filesystem.inode.count"), kNoMetric, kNoMetric),
    row(2, Fs::inodes_free, Shown::as_is, id("k8s.node.filesystem.inode.free"), kNoMetric,
        kNoMetric),
};

struct VolumeRow {
  Fs field;
  Id metric;
};
constexpr VolumeRow kVolumeRows[] = {
    {Fs::available, id("k8s.volume.available")},
    {Fs::capacity, id("k8s.volume.capacity")},
    {Fs::inodes, id("k8s.volume.inodes")},
    {Fs::inodes_free, id("k8s.volume.inodes.free")},
    {Fs::inodes_used, id("k8s.volume.inodes.used")},
    {Fs::used, id("k8s.pod.volume.usage")},
};

constexpr std::array kUptimes{id("k8s.node.uptime"), id("k8s.pod.uptime"), id("container.uptime"),
                              kNoMetric};

std::string key_of(std::string_view scope, std::string_view a, std::string_view b = {}) {
  // Names of Kubernetes hold no newline; a hostile one can at worst meet its own pod's other part.
  return fmt::format("{}\n{}\n{}", scope, a, b);
}

double as_real(std::uint64_t value) {
  return static_cast<double>(value) / 1e9;
}

std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

}  // namespace

void Points::add(const Summary& summary, base::UnixNanos asked, metric::Batch& batch) {
  batch_ = &batch;
  asked_ = asked;
  node_ = summary.node.name;
  pods_.clear();
  claims_.clear();
  ++round_;
  if (options_.node && !node_.empty()) {
    Object node = open(key_of("node", node_), batch.add_resource({{"k8s.node.name", node_}}),
                       summary.node, kNode);
    add_usage(node, summary.node);
    for (const Usage& part : summary.system_containers)
      add_system_container(part);
  }
  for (const Pod& pod : summary.pods)
    add_pod(pod);
  forget();
  batch_ = nullptr;
}

Points::Object Points::open(std::string_view key, metric::ResourceRef resource, const Usage& usage,
                            std::uint8_t scope) {
  Seen& seen = seen_[std::string(key)];
  const bool is_again = seen.round == round_;
  if (is_again) return {resource, seen, seen.start, scope, true};
  if (usage.start != seen.start) {
    // It began anew: what was seen before was another one of that name.
    seen = {};
    seen.start = usage.start;
  }
  seen.round = round_;
  return {resource, seen, usage.start, scope, false};
}

bool Points::is_new(Object& object, Part part, const Block& block, base::UnixNanos& time) {
  if (block.is_empty() || object.is_again) return false;
  time = block.time == 0 ? asked_ : block.time;
  if (time <= object.seen.last[part]) return false;
  object.seen.last[part] = time;
  return true;
}

// A start that nobody told is that of the first point seen (OTLP data model, unknown start).
base::UnixNanos Points::start_of(const Object& object, base::UnixNanos time) const {
  if (object.start != 0 && object.start <= time) return object.start;
  if (object.seen.first_start == 0 || object.seen.first_start > time)
    object.seen.first_start = time;
  return object.seen.first_start;
}

void Points::add_usage(Object& object, const Usage& usage) {
  add_block(object, cpu, usage.cpu);
  add_block(object, memory, usage.memory);
  add_block(object, fs, usage.fs);
  add_network(object, usage);
  add_uptime(object);
}

void Points::add_block(Object& object, Part part, const Block& block) {
  base::UnixNanos time = 0;
  if (!is_new(object, part, block, time)) return;
  const base::UnixNanos start = start_of(object, time);
  for (const Row& row : kRows) {
    const Id metric = row.metrics[object.scope];
    if (row.part != part || metric == kNoMetric) continue;
    const auto value = block.at(row.index);
    if (!value) continue;
    if (row.shown == Shown::billionth) {
      batch_->add_real(metric, as_real(*value), {}, object.resource, start, time);
    } else {
      batch_->add_integer(metric, as_signed(*value), {}, object.resource, start, time);
    }
  }
}

void Points::add_network(Object& object, const Usage& usage) {
  base::UnixNanos time = 0;
  if (object.scope > kPod || !is_new(object, network, usage.network, time)) return;
  const base::UnixNanos start = start_of(object, time);
  const auto add = [&](Id metric, Net field, std::string_view direction) {
    const auto value = usage.network[field];
    if (!value) return;
    const metric::Attr attrs[] = {{"interface", usage.interface}, {"direction", direction}};
    batch_->add_integer(metric, as_signed(*value), attrs, object.resource, start, time);
  };
  const bool is_node = object.scope == kNode;
  const Id io = is_node ? id("k8s.node.network.io") : id("k8s.pod.network.io");
  const Id errors = is_node ? id("k8s.node.network.errors") : id("k8s.pod.network.errors");
  add(io, Net::received, "receive");
  add(io, Net::sent, "transmit");
  add(errors, Net::receive_errors, "receive");
  add(errors, Net::send_errors, "transmit");
}

void Points::add_uptime(const Object& object) {
  const Id metric = kUptimes[object.scope];
  if (metric == kNoMetric || object.is_again || object.start == 0 || object.start > asked_) return;
  batch_->add_integer(metric, (asked_ - object.start) / 1'000'000'000, {}, object.resource,
                      object.start, asked_);
}

void Points::add_system_container(const Usage& part) {
  if (part.name.empty()) return;
  const auto resource = batch_->add_resource(
      {{"k8s.node.name", node_}, {"k8s.node.system_container.name", part.name}});
  Object object = open(key_of("part", part.name), resource, part, kSystemContainer);
  add_block(object, cpu, part.cpu);
  add_block(object, memory, part.memory);
}

void Points::add_pod(const Pod& pod) {
  pods_.push_back({pod.uid, pod.usage.name, pod.namespace_name});
  metric::Attributes names{{"k8s.pod.uid", pod.uid},
                           {"k8s.pod.name", pod.usage.name},
                           {"k8s.namespace.name", pod.namespace_name}};
  if (!node_.empty()) names.emplace_back("k8s.node.name", node_);
  // Nothing empty is sent (OTLP).
  std::erase_if(names, [](const auto& name) { return std::get<std::string>(name.second).empty(); });
  if (options_.pods) {
    Object object = open(key_of("pod", pod.uid), batch_->add_resource(names), pod.usage, kPod);
    add_usage(object, pod.usage);
  }
  if (options_.containers) {
    for (const Usage& container : pod.containers)
      add_container(pod, names, container);
  }
  if (options_.volumes) {
    for (const Volume& volume : pod.volumes)
      add_volume(pod, names, volume);
  }
}

void Points::add_container(const Pod& pod, const metric::Attributes& of_pod,
                           const Usage& container) {
  if (container.name.empty()) return;
  metric::Attributes names = of_pod;
  names.emplace_back("k8s.container.name", container.name);
  Object object = open(key_of("container", pod.uid, container.name),
                       batch_->add_resource(std::move(names)), container, kContainer);
  add_usage(object, container);
  claim(pod, container);
}

// Volumes have no counters and so no start.
void Points::add_volume(const Pod& pod, const metric::Attributes& of_pod, const Volume& volume) {
  if (volume.name.empty()) return;
  metric::Attributes names = of_pod;
  names.emplace_back("k8s.volume.name", volume.name);
  if (!volume.claim.empty()) names.emplace_back("k8s.persistentvolumeclaim.name", volume.claim);
  Object object = open(key_of("volume", pod.uid, volume.name),
                       batch_->add_resource(std::move(names)), Usage{}, kSystemContainer);
  base::UnixNanos time = 0;
  if (!is_new(object, fs, volume.fs, time)) return;
  const base::UnixNanos start = start_of(object, time);
  for (const VolumeRow& row : kVolumeRows) {
    if (const auto value = volume.fs[row.field])
      batch_->add_integer(row.metric, as_signed(*value), {}, object.resource, start, time);
  }
}

void Points::claim(const Pod& pod, const Usage& container) {
  metric::Claim claim{pod.uid, container.name, {}};
  const std::array<const Block*, 3> blocks{&container.cpu, &container.memory, &container.fs};
  for (const Row& row : kRows) {
    const Id metric = row.metrics[kContainer];
    if (metric != kNoMetric && blocks[row.part]->at(row.index))
      claim.metrics.set(static_cast<std::size_t>(metric));
  }
  if (container.start != 0) claim.metrics.set(static_cast<std::size_t>(id("container.uptime")));
  if (claim.metrics.any()) claims_.push_back(std::move(claim));
}

void Points::forget() {
  std::erase_if(seen_, [this](const auto& entry) { return entry.second.round != round_; });
}

}  // namespace edgehaul::kubelet
