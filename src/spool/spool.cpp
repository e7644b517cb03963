// SPDX-License-Identifier: Apache-2.0
#include "spool/spool.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "spool/worker.hpp"

namespace edgehaul::spool {

namespace {

constexpr std::chrono::seconds kStopInDestructor{10};

Error stopping() {
  return {Errc::unavailable, "the spool is stopping"};
}

// False: the row is damaged.
bool unpack_into(std::vector<Record>& records, Leased& leased) {
  if (leased.plain) {
    records.push_back(without_body(leased.row));
    records.back().body = std::move(*leased.plain);
    return true;
  }
  if (!leased.row.is_frames()) {
    auto record = unpack(std::move(leased.row), leased.is_as_it_lies);
    if (record) records.push_back(std::move(*record));
    return record.has_value();
  }
  const auto frames = frames_of(leased.row, leased.anchor);
  if (!frames) return false;
  const auto all = leased.row.ids.list();
  for (const RecordId id : leased.ids) {
    const auto at = std::lower_bound(all.begin(), all.end(), id) - all.begin();
    records.push_back(as_record((*frames)[static_cast<std::size_t>(at)], id));
  }
  return true;
}

}  // namespace

Spool::Spool(std::shared_ptr<Worker> worker) : worker_(std::move(worker)) {}

Spool::~Spool() {
  stop(kStopInDestructor);
}

Result<std::unique_ptr<Spool>> Spool::open(const Options& options, const base::Clock& clock,
                                           std::function<void(std::string_view)> progress) {
  auto worker = Worker::open(options, clock, std::move(progress));
  if (!worker) return pass(std::move(worker.error()));
  return std::unique_ptr<Spool>(new Spool(std::move(*worker)));
}

void Spool::append(NewRecord record, Committed done) {
  worker_->append(std::move(record), std::move(done));
}

Result<RecordId> Spool::append_and_wait(NewRecord record) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Result<RecordId>> result;
  };
  // Shared: the caller may be gone before the notify below returns.
  const auto answer = std::make_shared<Answer>();
  worker_->append(std::move(record), [answer](Result<RecordId> result) {
    const std::lock_guard lock(answer->mutex);
    answer->result = std::move(result);
    answer->ready.notify_one();
  });
  std::unique_lock lock(answer->mutex);
  answer->ready.wait(lock, [&] { return answer->result.has_value(); });
  return std::move(*answer->result);
}

Result<std::vector<Record>> Spool::lease(std::size_t index, const Wanted& wanted) {
  const auto taken = std::make_shared<std::vector<Leased>>();
  const bool ran =
      worker_->run(false, [=](Engine& engine) { *taken = engine.lease(index, wanted); });
  if (!ran) return pass(stopping());
  // Unpacked on the caller's thread: commits go on meanwhile.
  std::vector<Record> records;
  std::vector<StoredRecord> damaged;
  for (Leased& leased : *taken) {
    if (!unpack_into(records, leased)) damaged.push_back(std::move(leased.row));
  }
  if (damaged.empty()) return records;
  const auto bad = std::make_shared<std::vector<StoredRecord>>(std::move(damaged));
  worker_->run(true, [bad](Engine& engine) { engine.discard_damaged(std::move(*bad)); });
  if (!records.empty()) return records;
  return lease(index, wanted);  // nothing but damage so far; each round takes some of it away
}

Result<void> Spool::settle(std::size_t index, const std::vector<RecordId>& ids, Outcome outcome,
                           std::string_view words) {
  const bool ran = worker_->run(true, [=, why = std::string(words)](Engine& engine) {
    engine.settle(index, ids, outcome, why);
  });
  if (!ran) return pass(stopping());
  return {};
}

Result<void> Spool::settle_soon(std::size_t index, std::vector<RecordId> ids, Outcome outcome,
                                std::string_view words) {
  const bool is_queued =
      worker_->post([=, all = std::move(ids), why = std::string(words)](Engine& engine) {
        engine.settle(index, all, outcome, why);
      });
  if (!is_queued) return pass(stopping());
  return {};
}

void Spool::on_append(std::function<void()> notify) {
  worker_->on_append(std::move(notify));
}

Result<std::optional<std::string>> Spool::load_value(std::string_view key) {
  const auto value = std::make_shared<std::optional<std::string>>();
  const bool ran = worker_->run(
      false, [value, name = std::string(key)](Engine& engine) { *value = engine.value(name); });
  if (!ran) return pass(stopping());
  return std::move(*value);
}

Result<void> Spool::save_value(std::string_view key, std::string_view value) {
  if (key.starts_with('.')) return fail(Errc::invalid, "{}: a name of the spool's own", key);
  const auto result = std::make_shared<Result<void>>();
  const bool ran =
      worker_->run(true, [result, name = std::string(key), text = std::string(value)](
                             Engine& engine) { *result = engine.set_value(name, text); });
  if (!ran) return pass(stopping());
  return std::move(*result);
}

Result<void> Spool::save_value_soon(std::string_view key, std::string_view value) {
  if (key.starts_with('.')) return fail(Errc::invalid, "{}: a name of the spool's own", key);
  if (value.size() > kMaxValue) return fail(Errc::too_large, "{}: over {} bytes", key, kMaxValue);
  const bool is_queued =
      worker_->post([name = std::string(key), text = std::string(value)](Engine& engine) {
        static_cast<void>(engine.set_value(name, text));
      });
  if (!is_queued) return pass(stopping());
  return {};
}

std::uint64_t Spool::largest_record() const {
  return worker_->largest_record();
}

Result<RecordId> Spool::next_id() {
  const auto id = std::make_shared<RecordId>(0);
  if (!worker_->run(false, [id](Engine& engine) { *id = engine.next_id(); })) {
    return pass(stopping());
  }
  return *id;
}

std::vector<SenderReport> Spool::senders() const {
  return worker_->senders();
}

Stats Spool::stats() const {
  return worker_->stats();
}

Amount Spool::waiting(std::size_t index) const {
  return worker_->waiting(index);
}

void Spool::stop(std::chrono::milliseconds limit) {
  worker_->stop(limit);
}

}  // namespace edgehaul::spool
