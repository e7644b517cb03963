// SPDX-License-Identifier: Apache-2.0
#include "forward/forwarder.hpp"

#include <pthread.h>

#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "forward/loop.hpp"
#include "forward/notices.hpp"
#include "forward/seams.hpp"
#include "http/client.hpp"

namespace edgehaul::forward {

namespace {

class SpoolQueue final : public Queue {
 public:
  explicit SpoolQueue(spool::Spool& spool) : spool_(spool) {}
  Result<std::vector<spool::Record>> lease(std::size_t index,
                                           const spool::Wanted& wanted) override {
    return spool_.lease(index, wanted);
  }
  Result<void> settle(std::size_t index, const std::vector<spool::RecordId>& ids,
                      spool::Outcome outcome, std::string_view words) override {
    return spool_.settle_soon(index, ids, outcome, words);
  }
  spool::Amount waiting(std::size_t index) const override { return spool_.waiting(index); }

 private:
  spool::Spool& spool_;
};

class ClientTransport final : public Transport {
 public:
  http::TransferId start(http::ClientRequest request, http::Done done) override {
    return client_.start(std::move(request), std::move(done));
  }
  void cancel(http::TransferId id) override { client_.cancel(id); }
  void run(std::chrono::milliseconds limit) override { client_.run(limit); }
  void wakeup() override { client_.wakeup(); }
  void forget_connections() override { client_.forget_connections(); }

 private:
  http::Client client_;
};

// A spool that cannot keep it leaves the records without names: they may arrive twice.
Lineage continue_lineage(spool::Spool& spool) {
  const auto saved = spool.load_value(Lineage::kValue);
  const auto next = spool.next_id();
  if (!saved || !next || *next == 0) return {};
  Lineage lineage = Lineage::begin(*saved, *next);
  if (!spool.save_value(Lineage::kValue, lineage.text())) return {};
  return lineage;
}

Random seeded() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
  };
}

}  // namespace

class Forwarder::Impl {
 public:
  Impl(Options options, spool::Spool& spool, const base::Clock& clock)
      : queue_(spool),
        loop_(std::move(options), {queue_, transport_, clock, seeded(), continue_lineage(spool)},
              journal()) {}

  void start() {
    if (thread_.joinable()) return;
    thread_ = std::thread([this] {
      ::pthread_setname_np(::pthread_self(), "eh-forward");
      loop_.run();
    });
  }
  void stop() {
    loop_.request_stop();
    const std::lock_guard lock(joining_);
    if (thread_.joinable()) thread_.join();
  }
  Loop& loop() { return loop_; }

 private:
  SpoolQueue queue_;
  ClientTransport transport_;
  Loop loop_;  // before the transport goes: answers may still come from it
  std::mutex joining_;
  std::thread thread_;
};

Forwarder::Forwarder(Options options, spool::Spool& spool, const base::Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), spool, clock)) {}

Forwarder::~Forwarder() {
  stop();
}

void Forwarder::start() {
  impl_->start();
}

void Forwarder::notify() {
  impl_->loop().notify();
}

void Forwarder::stop() {
  impl_->stop();
}

void Forwarder::reconfigure(Options options) {
  impl_->loop().reconfigure(std::move(options));
}

std::vector<DestinationStats> Forwarder::stats() const {
  return impl_->loop().stats();
}

}  // namespace edgehaul::forward
