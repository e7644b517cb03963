// SPDX-License-Identifier: Apache-2.0
// One destination: leases records lane by lane, sends one request at a time, judges the answer,
// settles, backs off. Never blocks but in the spool. Owned by the Loop; forward thread, except
// stats().
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "forward/backoff.hpp"
#include "forward/job.hpp"
#include "forward/lane.hpp"
#include "forward/ledger.hpp"
#include "forward/notices.hpp"
#include "forward/options.hpp"
#include "forward/seams.hpp"
#include "forward/stats.hpp"

namespace edgehaul::forward {

class Sender {
 public:
  Sender(std::size_t index, Destination destination, Surroundings around, LogSink sink);
  ~Sender() = default;
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Does what can be done now. Returns when to be called again without a reason; nullopt: only
  // after an answer or records_came().
  std::optional<base::Steady> step();
  void records_came() { is_empty_ = false; }
  bool wants_records() const { return is_empty_; }

  // Everything but the name; troubles are forgotten and tried again at once.
  void reconfigure(Destination destination);

  // One more try where a back-off alone is in the way; sends on while that succeeds.
  void begin_stop();
  bool is_stopped() const { return is_stopped_; }
  // Cancels what is in flight and returns all leases.
  void abandon();

  bool has_job() const { return job_.has_value(); }
  std::uint64_t take_moved_bytes();  // uncompressed, since the last call
  DestinationStats stats() const { return ledger_.snapshot(); }

  // So many records refused without one accepted: the destination refuses everything, so setting
  // aside goes on at the pace of a held destination.
  static constexpr unsigned kMaxRefusedInARow = 8;

 private:
  // A trouble of the destination, or of one signal at it, and when it is tried again.
  struct Gate {
    unsigned failures = 0;
    base::Steady until{};
    base::Steady since{};
    bool is_held = false;
    bool is_hinted = false;  // the server named the time
    bool is_shut(base::Steady now) const { return failures > 0 && now < until; }
  };
  using SignalGates = std::array<Gate, 5>;  // by spool::Signal

  bool take_job(base::Steady now);
  bool take_of_signals(base::Steady now);
  bool take(std::optional<spool::Signal> signal, bool is_failing);
  void withhold(std::vector<spool::Record>& records);
  bool is_too_old(const spool::Record& record) const;
  std::optional<std::vector<spool::Record>> lease(const spool::Wanted& wanted);
  std::uint64_t request_bytes(Lane lane, bool is_failing) const;
  Lanes& lanes(std::optional<spool::Signal> signal);
  bool is_behind() const;
  std::optional<std::chrono::nanoseconds> backlog_pause(base::Steady now) const;
  base::Steady backlog_due(base::Steady now) const;
  void keep_company();
  void fall_behind();
  std::optional<base::Steady> rest(base::Steady now);
  void send();
  void on_answer(Result<http::ClientResponse> result);
  Verdict judge(const Result<http::ClientResponse>& result) const;
  void conclude(Verdict verdict);
  void note_delivered(const Verdict& verdict);
  void learn(const Verdict& verdict);
  void recover(Gate& gate);
  void shut(const Verdict& verdict, otlp::Signal signal);
  bool settle_known();
  void settle(Settlement settlement);
  bool pay_owed();
  void release();
  void pace();
  void publish();
  bool has_signal_trouble() const;
  base::Steady signal_due(base::Steady now) const;

  const std::size_t index_;
  Destination destination_;
  Surroundings around_;
  Notices notices_;
  Ledger ledger_;
  Allowance allowance_;
  Gate whole_;
  SignalGates signal_gates_;
  std::array<Lanes, 5> lanes_;   // of all signals; by spool::Signal while some signal is in trouble
  std::size_t next_signal_ = 0;  // turn-taking while some signal is in trouble
  std::optional<Job> job_;
  std::vector<Settlement> owed_;     // the spool could not take them yet
  base::Steady pause_until_{};       // a spool in trouble
  base::Steady backlog_at_{};        // by its pace
  bool is_backlog_waiting_ = false;  // for its pace, or for the end of the window
  unsigned refused_in_a_row_ = 0;
  bool is_empty_ = false;  // the spool had nothing more when asked
  bool is_stopping_ = false;
  bool is_stopped_ = false;
  // Of the request in flight:
  bool is_sending_ = false;
  bool is_backlog_ = false;
  http::TransferId transfer_ = 0;
  base::Steady sent_at_{};
  base::Steady settled_at_{};
  Protocol sent_as_ = Protocol::grpc;  // a reload may change it meanwhile
  std::uint64_t body_bytes_ = 0;
  std::uint64_t wire_bytes_ = 0;
  std::uint64_t moved_bytes_ = 0;
  // Answers that outlive this object find it gone.
  std::shared_ptr<Sender*> self_ = std::make_shared<Sender*>(this);
};

}  // namespace edgehaul::forward
