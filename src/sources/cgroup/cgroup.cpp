// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/cgroup.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "sources/cgroup/points.hpp"

namespace edgehaul::cgroup {

namespace {

using metric::id;

// While a container starts, its process is the runtime's; after so many ticks it is taken as it is.
constexpr std::uint8_t kLooks = 3;
constexpr std::uint32_t kForgetDevices = 360;  // ticks

constexpr std::string_view kPath = "linux.cgroup.path";
constexpr std::string_view kOther = "other";  // paths begin with '/'

// Who goes first when not all can be reported.
int priority(Kind kind) {
  switch (kind) {
    case Kind::container:
      return 0;
    case Kind::slice:
      return 1;
    case Kind::unit:
      return 2;
    case Kind::pod:
      return 3;
    default:
      return 4;
  }
}

// Names are bytes: what is no text is written as systemd does it, so that two stay two.
std::string printable(std::string_view raw) {
  if (text::is_utf8(raw) && std::none_of(raw.begin(), raw.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
      }))
    return std::string(raw);
  std::string out;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Cgroup::Cgroup(const base::Roots& roots, const Options& options, const base::Clock& clock,
               std::shared_ptr<metric::Workloads> workloads)
    : roots_(roots),
      options_(options),
      clock_(clock),
      workloads_(std::move(workloads)),
      descriptors_(descriptor_budget(options.max_descriptors)),
      tree_(roots.cgroup, descriptors_),
      reader_(tree_, descriptors_),
      devices_(roots, options.exclude_devices),
      logs_(roots, workloads_) {}

bool Cgroup::is_chosen(const Node& node) const {
  const Kind kind = node.name.kind;
  const bool is_kind =
      (kind == Kind::container && options_.containers) || (kind == Kind::unit && options_.units) ||
      (kind == Kind::slice && options_.slices) || (kind == Kind::pod && options_.pods) ||
      (kind == Kind::other && options_.others);
  return is_kind && base::is_wanted(options_.include, options_.exclude, node.path);
}

const std::optional<FirstProcess>& Cgroup::process_of(const Node& node) {
  const auto [at, is_new] = processes_.try_emplace(&node);
  if (is_new) at->second = first_process(tree_, node, roots_);
  return at->second;
}

void Cgroup::settle(Node& node) {
  if (node.looks == 0 && !is_chosen(node)) {
    node.standing = Standing::excluded;
    return;
  }
  node.standing = Standing::other;
  if (node.name.kind != Kind::container || node.name.pod_uid.empty()) return;
  const auto& process = process_of(node);
  if (process && is_sandbox(*process)) {
    node.standing = Standing::excluded;
  } else if ((!process || is_starting(*process)) && ++node.looks < kLooks) {
    node.standing = Standing::unsettled;
  }
}

void Cgroup::settle_all(metric::Batch& batch) {
  reported_ = 0;
  others_.clear();
  for (Node* node : tree_.nodes()) {
    if (node->standing == Standing::unsettled) settle(*node);
    if (node->standing == Standing::reported) ++reported_;
    if (node->standing == Standing::other) others_.push_back(node);
  }
  if (!others_.empty() && reported_ < options_.max_cgroups) promote(batch);
  processes_.clear();
}

// Those that are reported stay; there is room for some more.
void Cgroup::promote(metric::Batch& batch) {
  std::stable_sort(others_.begin(), others_.end(), [](const Node* a, const Node* b) {
    return priority(a->name.kind) < priority(b->name.kind);
  });
  const std::size_t room = std::min<std::size_t>(options_.max_cgroups - reported_, others_.size());
  for (std::size_t i = 0; i < room; ++i) {
    others_[i]->standing = Standing::reported;
    others_[i]->member = make_member(batch, *others_[i]);
  }
  reported_ += room;
  others_.erase(others_.begin(), others_.begin() + static_cast<std::ptrdiff_t>(room));
}

// The kernel keeps no time of creation. A directory's is that of its inode, which may have been
// made anew since; its first process cannot be younger than the cgroup's counters are worth.
base::UnixNanos Cgroup::start_of(const metric::Batch& batch, const Node& node) {
  if (!tree_.is_kernel()) return batch.boot();
  base::UnixNanos start = batch.time();
  const char* file = tree_.version() == Version::v2 ? "cgroup.events" : "cgroup.clone_children";
  for (const char* name : {".", file})
    start = std::min(start, tree_.modified(node, name).value_or(start));
  if (const auto& process = process_of(node))
    start = std::min(start, batch.boot() + start_after_boot(*process));
  return std::max(start, std::min(batch.boot(), batch.time()));
}

std::unique_ptr<Member> Cgroup::make_member(const metric::Batch& batch, const Node& node) {
  auto member = std::make_unique<Member>();
  member->path = printable(node.path);
  if (node.name.kind == Kind::unit ||
      (node.name.kind == Kind::slice && member->path.ends_with(".slice")))
    member->unit = std::string_view(member->path).substr(member->path.rfind('/') + 1);
  member->start = start_of(batch, node);
  if (node.name.kind == Kind::container) {
    member->runtime = node.name.runtime;
    if (member->runtime.empty())
      member->runtime = find_runtime(process_of(node), node.name.container_id, roots_);
  }
  return member;
}

void Cgroup::name_member(const Node& node, Member& member) const {
  const std::uint64_t version = workloads_->version();
  if (node.name.kind != Kind::container || member.names_version == version) return;
  member.names_version = version;
  metric::Attributes attributes;
  const auto put = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) attributes.emplace_back(key, std::string(value));
  };
  const auto names = workloads_->container(node.name.container_id);
  const std::string container = names ? names->name : std::string();
  if (!node.name.pod_uid.empty()) {
    const auto pod = workloads_->pod(node.name.pod_uid);
    put("k8s.namespace.name", pod ? pod->namespace_name : std::string());
    put("k8s.pod.name", pod ? pod->name : std::string());
    put("k8s.pod.uid", node.name.pod_uid);
    put("k8s.container.name", container);
    member.claimed = workloads_->claimed(node.name.pod_uid, container);
  }
  put("container.id", node.name.container_id);
  put("container.runtime.name", member.runtime);
  if (member.resource && member.resource->attributes() == attributes) return;
  member.resource = metric::make_resource(std::move(attributes));
}

void Cgroup::read_reported(metric::Batch& batch, metric::Faults& faults) {
  reader_.begin(wanted_files(tree_.version(), batch), clock_.steady(), faults);
  const Points points(batch);
  for (Node* node : tree_.nodes()) {
    if (node->standing != Standing::reported) continue;
    name_member(*node, *node->member);
    if (reader_.read(*node, *node->member)) points.add(batch, *node, *node->member, devices_);
  }
  if (reader_.refused() > 0)
    faults.add({Errc::refused, fmt::format("{} files: permission denied", reader_.refused())});
}

void Cgroup::read_others() {
  for (Node* node : tree_.nodes()) {
    const Node* above = node->parent;
    node->is_covered =
        above->parent != nullptr && (above->standing == Standing::other || above->is_covered);
  }
  const std::size_t count = std::min(kRestPerTick, others_.size());
  for (std::size_t i = 0; i < count; ++i) {
    turn_ = turn_ + 1 < others_.size() ? turn_ + 1 : 0;
    Node& node = *others_[turn_];
    if (node.is_covered) continue;
    const Rest before = node.rest;
    if (!reader_.read_rest(node, node.rest)) continue;
    // What it used before it was first seen here is not known to be of this time.
    if (before.was_read && node.rest.cpu_ns > before.cpu_ns)
      others_cpu_ns_ += node.rest.cpu_ns - before.cpu_ns;
  }
}

void Cgroup::add_others(metric::Batch& batch) {
  if (others_.empty()) {
    others_cpu_ns_ = 0;
    others_start_ = 0;
    return;
  }
  if (others_start_ == 0) others_start_ = batch.time();
  read_others();
  std::uint64_t memory = 0;
  std::uint64_t pids = 0;
  for (const Node* node : others_) {
    if (node->is_covered) continue;
    memory += node->rest.memory;
    pids += node->rest.pids;
  }
  const metric::Attr attrs[] = {{kPath, kOther}};
  batch.add_real(id("linux.cgroup.cpu.time"), static_cast<double>(others_cpu_ns_) / 1e9, attrs,
                 metric::kHost, others_start_, 0);
  batch.add(id("linux.cgroup.memory.usage"), memory, attrs);
  batch.add(id("linux.cgroup.pid.count"), pids, attrs);
}

void Cgroup::add_counts(metric::Batch& batch) const {
  constexpr metric::Id kCount = id("linux.cgroup.count");
  constexpr std::string_view kState = "linux.cgroup.state";
  batch.add(kCount, std::uint64_t{reported_}, {{kState, "reported"}});
  batch.add(kCount, std::uint64_t{others_.size()}, {{kState, kOther}});
  batch.add(kCount, std::uint64_t{tree_.left_out()}, {{kState, "left_out"}});
  if (tree_.version() != Version::v2) return;
  std::string buffer;
  const auto body = base::read_file(roots_.cgroup + "/cgroup.stat", buffer, 4096);
  if (!body) return;
  std::string_view rest = *body;
  while (const auto line = text::next_line(rest)) {
    const auto halves = text::split_once(*line, ' ');
    std::uint64_t value = 0;
    if (!halves || !text::parse_into(halves->tail, value)) continue;
    if (halves->head == "nr_descendants")
      batch.add(id("linux.cgroup.descendants"), value, {{kState, "live"}});
    if (halves->head == "nr_dying_descendants")
      batch.add(id("linux.cgroup.descendants"), value, {{kState, "dying"}});
  }
}

void Cgroup::report(metric::Faults& faults) const {
  if (tree_.left_out() > 0)
    faults.add(
        {Errc::too_large, fmt::format("{} cgroups are not looked at: {} at most, {} levels deep",
                                      tree_.left_out(), Tree::kMaxNodes, Tree::kMaxDepth)});
}

Result<void> Cgroup::read(metric::Batch& batch) {
  if (auto found = tree_.refresh(); !found) return found;
  metric::Faults faults;
  if (++tick_ % kForgetDevices == 0) devices_.forget();
  logs_.refresh();
  settle_all(batch);
  read_reported(batch, faults);
  add_others(batch);
  add_counts(batch);
  report(faults);
  return faults.result();
}

}  // namespace edgehaul::cgroup
