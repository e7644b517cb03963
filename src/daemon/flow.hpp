// SPDX-License-Identifier: Apache-2.0
// The path that data takes: sources → sampler → spool → forwarder, as one thing that starts and
// stops together. Owned by the Daemon; used on the main thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/roots.hpp"
#include "config/config.hpp"
#include "forward/forwarder.hpp"
#include "identity/watch.hpp"
#include "sampler/sampler.hpp"
#include "spool/spool.hpp"

namespace edgehaul::daemon {

class Flow {
 public:
  // `progress` is called while a damaged spool is being repaired, about once a second.
  Flow(const base::Clock& clock, base::Roots roots, std::function<void(std::string_view)> progress);
  ~Flow();
  Flow(const Flow&) = delete;
  Flow& operator=(const Flow&) = delete;

  Result<void> start(const config::Config& config);
  void stop();
  // Applies what can change without a restart. False: this configuration needs stop() and start().
  bool reconfigure(const config::Config& config);
  // Whether reconfigure() would do.
  bool can_reconfigure(const config::Config& config) const;

  identity::Watch::Shared identity() const;
  sampler::Stats sampled() const { return sampler_->stats(); }
  spool::Stats spooled() const { return spool_->stats(); }
  std::vector<spool::SenderReport> senders() const { return spool_->senders(); }
  std::vector<forward::DestinationStats> forwarded() const { return forwarder_->stats(); }
  spool::Spool& spool() { return *spool_; }
  bool is_running() const { return sampler_ != nullptr; }

 private:
  sampler::Plan make_plan(const config::Config& config);
  void watch_identity(const config::Config& config);

  const base::Clock& clock_;
  const base::Roots roots_;
  const std::function<void(std::string_view)> progress_;
  std::shared_ptr<identity::Watch> identity_;  // null until start()
  spool::Options spool_options_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<forward::Forwarder> forwarder_;
  std::unique_ptr<sampler::Sampler> sampler_;
};

// The resource attributes of this host under a configuration; also what `sample` shows.
identity::Identity identify(const base::Roots& roots, const config::Config& config);

// Watches who this host is under a configuration.
std::shared_ptr<identity::Watch> make_watch(const base::Roots& roots, const config::Config& config,
                                            const base::Clock& clock);

// The enabled sources of a configuration.
metric::Sources make_sources(const base::Roots& roots, const config::Config& config,
                             const base::Clock& clock, std::shared_ptr<const identity::Watch> who);

}  // namespace edgehaul::daemon
