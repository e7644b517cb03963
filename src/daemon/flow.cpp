// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow.hpp"

#include <cstdlib>
#include <optional>
#include <utility>

#include "base/log.hpp"
#include "base/version.hpp"
#include "identity/info_source.hpp"
#include "metric/workloads.hpp"
#include "sources/cgroup/cgroup.hpp"
#include "sources/host/boot.hpp"
#include "sources/host/sources.hpp"
#include "sources/kubelet/detect.hpp"
#include "sources/kubelet/kubelet.hpp"

namespace edgehaul::daemon {

namespace {

// Together with the forwarder's grace these stay below TimeoutStopSec of the unit.
constexpr std::chrono::seconds kSpoolStop{8};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool needs_another_spool(const spool::Options& now, const spool::Options& next) {
  return now.directory != next.directory || now.max_size != next.max_size ||
         now.max_age != next.max_age || now.memory_queue != next.memory_queue ||
         now.set_aside_size != next.set_aside_size || now.thin_coarsest != next.thin_coarsest ||
         now.commit_delay != next.commit_delay || now.loss_window != next.loss_window ||
         now.keep_peers != next.keep_peers || now.drop_first != next.drop_first ||
         now.destinations != next.destinations;
}

identity::Kubernetes kubernetes_of(const base::Roots& roots) {
  kubelet::Found found = kubelet::detect(roots);
  return {.distribution = std::move(found.distribution), .node_name = std::move(found.node_name)};
}

void log_notes(const identity::Identity& who) {
  for (const std::string& note : who.notes)
    log::warning("identity", "{}", note);
}

}  // namespace

identity::Identity identify(const base::Roots& roots, const config::Config& config) {
  identity::Options options;
  options.choice = config.identity;
  options.kubernetes = kubernetes_of(roots);
  options.attributes = config.resource;
  options.environment_attributes = environment("OTEL_RESOURCE_ATTRIBUTES");
  options.environment_service = environment("OTEL_SERVICE_NAME");
  options.version = base::version();
  return identity::resolve(roots, options);
}

std::shared_ptr<identity::Watch> make_watch(const base::Roots& roots, const config::Config& config,
                                            const base::Clock& clock) {
  return std::make_shared<identity::Watch>(roots, clock, config.collect.interval,
                                           [roots, config] { return identify(roots, config); });
}

metric::Sources make_sources(const base::Roots& roots, const config::Config& config,
                             const base::Clock& clock, std::shared_ptr<const identity::Watch> who) {
  metric::Sources sources;
  if (config.collect.host_enabled) sources = host::make_sources(roots, config.collect.host, clock);
  sources.push_back(std::make_unique<identity::InfoSource>(std::move(who)));
  const auto workloads = std::make_shared<metric::Workloads>();
  if (config.collect.kubelet.enabled != kubelet::Enabled::no) {
    sources.push_back(
        std::make_unique<kubelet::Kubelet>(roots, config.collect.kubelet, clock, workloads));
  }
  // Last: it leaves out what the kubelet source has claimed in the same tick.
  if (config.collect.cgroup.enabled)
    sources.push_back(
        std::make_unique<cgroup::Cgroup>(roots, config.collect.cgroup, clock, workloads));
  return sources;
}

Flow::Flow(const base::Clock& clock, base::Roots roots,
           std::function<void(std::string_view)> progress)
    : clock_(clock), roots_(std::move(roots)), progress_(std::move(progress)) {}

Flow::~Flow() {
  stop();
}

void Flow::watch_identity(const config::Config& config) {
  identity_ = make_watch(roots_, config, clock_);
  log_notes(*identity_->current());
}

identity::Watch::Shared Flow::identity() const {
  return identity_ ? identity_->current() : std::make_shared<const identity::Identity>();
}

sampler::Plan Flow::make_plan(const config::Config& config) {
  sampler::Plan plan;
  plan.interval = config.collect.interval;
  plan.sources = make_sources(roots_, config, clock_, identity_);
  plan.selection = config.collect.selection;
  plan.host = identity_->current()->attributes;
  plan.renew_host = [who = identity_]() -> std::optional<metric::Attributes> {
    if (!who->refresh()) return std::nullopt;
    const identity::Watch::Shared now = who->current();
    log::info("identity", "this host's files changed, its attributes are read anew");
    log_notes(*now);
    return now->attributes;
  };
  return plan;
}

Result<void> Flow::start(const config::Config& config) {
  watch_identity(config);
  auto opened = spool::Spool::open(config.spool, clock_, progress_);
  if (!opened) return within("spool", std::move(opened.error()));
  spool_options_ = config.spool;
  spool_ = std::move(*opened);
  forwarder_ = std::make_unique<forward::Forwarder>(config.forward, *spool_, clock_);
  spool_->on_append([forwarder = forwarder_.get()] { forwarder->notify(); });
  forwarder_->start();
  sampler_ = std::make_unique<sampler::Sampler>(make_plan(config), std::string(base::version()),
                                                host::boot_id(roots_).value_or("unknown"),
                                                host::boot_time(roots_, clock_), *spool_, clock_);
  sampler_->start();
  return {};
}

void Flow::stop() {
  if (sampler_) sampler_->stop();
  if (forwarder_) forwarder_->stop();
  if (spool_) spool_->stop(kSpoolStop);
  // The spool's last answers go to the sampler and the forwarder: they outlive its thread.
  sampler_.reset();
  forwarder_.reset();
  spool_.reset();
}

bool Flow::can_reconfigure(const config::Config& config) const {
  return is_running() && !needs_another_spool(spool_options_, config.spool);
}

bool Flow::reconfigure(const config::Config& config) {
  if (!can_reconfigure(config)) return false;
  watch_identity(config);
  forwarder_->reconfigure(config.forward);
  sampler_->reconfigure(make_plan(config));
  return true;
}

}  // namespace edgehaul::daemon
