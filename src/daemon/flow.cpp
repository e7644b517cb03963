// SPDX-License-Identifier: Apache-2.0
#include "daemon/flow.hpp"

#include <cstdlib>
#include <utility>

#include "base/log.hpp"
#include "base/version.hpp"
#include "metric/workloads.hpp"
#include "sources/cgroup/cgroup.hpp"
#include "sources/host/boot.hpp"
#include "sources/host/sources.hpp"

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
         now.set_aside_size != next.set_aside_size || now.commit_delay != next.commit_delay ||
         now.keep_peers != next.keep_peers || now.destinations != next.destinations;
}

}  // namespace

identity::Identity identify(const base::Roots& roots, const config::Config& config) {
  identity::Options options;
  options.attributes = config.resource;
  options.environment_attributes = environment("OTEL_RESOURCE_ATTRIBUTES");
  options.environment_service = environment("OTEL_SERVICE_NAME");
  options.version = base::version();
  return identity::resolve(roots, options);
}

metric::Sources make_sources(const base::Roots& roots, const config::Config& config,
                             const base::Clock& clock) {
  metric::Sources sources;
  if (config.collect.host_enabled) sources = host::make_sources(roots, config.collect.host, clock);
  const auto workloads = std::make_shared<metric::Workloads>();
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

void Flow::resolve_identity(const config::Config& config) {
  identity_ = identify(roots_, config);
  for (const std::string& note : identity_.notes)
    log::warning("identity", "{}", note);
}

sampler::Plan Flow::make_plan(const config::Config& config) {
  sampler::Plan plan;
  plan.interval = config.collect.interval;
  plan.sources = make_sources(roots_, config, clock_);
  plan.selection = config.collect.selection;
  plan.host = identity_.attributes;
  return plan;
}

Result<void> Flow::start(const config::Config& config) {
  resolve_identity(config);
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
  resolve_identity(config);
  forwarder_->reconfigure(config.forward);
  sampler_->reconfigure(make_plan(config));
  return true;
}

}  // namespace edgehaul::daemon
