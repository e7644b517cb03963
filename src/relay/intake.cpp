// SPDX-License-Identifier: Apache-2.0
#include "relay/intake.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <boost/asio/post.hpp>

#include "otlp/request.hpp"
#include "relay/names.hpp"

namespace edgehaul::relay {

namespace {

// Until there is room on the disk again: short enough that senders' queues do not fill.
constexpr std::chrono::seconds kWhenFull{5};

Taken judge(const Error& why) {
  switch (why.code) {
    case Errc::too_large:
      return {Outcome::too_large, why.message, {}};
    case Errc::unavailable:
      return {Outcome::later, why.message, kWhenBusy};
    default:
      return {Outcome::later, why.message, kWhenFull};
  }
}

// Keeps the books of one request and answers it.
class Receipt {
 public:
  Receipt(std::shared_ptr<Peers> peers, base::UnixNanos now, Sender sender, Intake::Done done)
      : peers_(std::move(peers)), now_(now), sender_(std::move(sender)), done_(std::move(done)) {}

  void give(std::uint64_t items) const {
    peers_->note(sender_.name, now_, Peers::Event::taken, items, sender_.wire_bytes);
    done_({});
  }
  void give(Taken taken) const {
    const bool is_final = taken.outcome != Outcome::later;
    peers_->note(sender_.name, now_, is_final ? Peers::Event::refused : Peers::Event::deferred, 0,
                 0, taken.words);
    done_(std::move(taken));
  }

 private:
  std::shared_ptr<Peers> peers_;
  base::UnixNanos now_;
  Sender sender_;
  Intake::Done done_;
};

}  // namespace

struct Intake::Load {
  otlp::Signal signal;
  std::string request;
  std::shared_ptr<const spool::Batch> batch;  // its names; null: it has none
  std::uint64_t items;
  std::uint64_t pieces;
  std::uint64_t next = 0;  // piece
  Receipt receipt;
  std::shared_ptr<std::size_t> held;

  Load(otlp::Signal kind, std::string bytes, std::shared_ptr<const spool::Batch> names,
       std::uint64_t count, std::size_t max_record, Receipt answer,
       std::shared_ptr<std::size_t> budget)
      : signal(kind),
        request(std::move(bytes)),
        batch(std::move(names)),
        items(count),
        pieces(std::min<std::uint64_t>(count, (request.size() + max_record - 1) / max_record)),
        receipt(std::move(answer)),
        held(std::move(budget)) {
    *held += request.size();
  }
  ~Load() { *held -= request.size(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  std::uint64_t begin_of(std::uint64_t piece) const { return items * piece / pieces; }
  NamedPart part(std::uint64_t low, std::uint64_t high) const {
    if (batch) return part_of(signal, request, *batch, low, high);
    const otlp::ItemRange range{low, high};
    return {otlp::slice(signal, request, {&range, 1}, items), nullptr};
  }
};

Intake::Intake(boost::asio::io_context& io, spool::Spool& spool, const base::Clock& clock,
               std::shared_ptr<Peers> peers, std::size_t max_held)
    : io_(io),
      spool_(spool),
      clock_(clock),
      peers_(std::move(peers)),
      max_held_(max_held),
      max_record_(std::min<std::uint64_t>(kMaxRecord, spool.largest_record())) {}

void Intake::append(otlp::Signal signal, Request request, std::uint64_t items,
                    std::shared_ptr<const spool::Batch> batch, spool::Committed committed) {
  spool::NewRecord record;
  record.signal = static_cast<spool::Signal>(signal);
  record.origin = spool::Origin::peer;
  record.time = clock_.wall();
  record.items = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(items, std::numeric_limits<std::uint32_t>::max()));
  record.body = std::move(request.plain);
  record.coded = std::move(request.coded);
  record.batch = std::move(batch);
  spool_.append(std::move(record), std::move(committed));
}

void Intake::take(otlp::Signal signal, Request request, Sender sender, Done done) {
  const std::string& plain = request.plain;
  auto batch = read_names(signal, plain, sender.batch, sender.name);
  Receipt receipt(peers_, clock_.wall(), std::move(sender), std::move(done));
  const auto inspection = batch ? Result<otlp::Inspection>(otlp::Inspection{items_of(*batch)})
                                : otlp::inspect(signal, plain);
  if (!inspection) return receipt.give({Outcome::malformed, inspection.error().message, {}});
  const std::uint64_t items = inspection->items;
  if (items == 0 && signal != otlp::Signal::profiles) return receipt.give(0);
  if (plain.size() > max_record_ && items > 1 && signal != otlp::Signal::profiles) {
    if (*held_ > 0 && *held_ + plain.size() > max_held_) {
      return receipt.give({Outcome::later, "too many large requests at once", kWhenBusy});
    }
    return take_in_pieces(std::make_shared<Load>(signal, std::move(request.plain), std::move(batch),
                                                 items, max_record_, std::move(receipt), held_));
  }
  append(signal, std::move(request), items, std::move(batch),
         [items, receipt = std::move(receipt)](const Result<spool::RecordId>& kept) {
           kept ? receipt.give(items) : receipt.give(judge(kept.error()));
         });
}

// One piece at a time: the whole would not fit what may wait for the disk. A piece that is refused
// ends it; the sender repeats the request, and those before it arrive twice unless they have names.
void Intake::take_in_pieces(std::shared_ptr<Load> load) {
  const std::uint64_t low = load->begin_of(load->next);
  const std::uint64_t high = load->begin_of(++load->next);
  NamedPart part = load->part(low, high);
  append(load->signal, {std::move(part.bytes)}, high - low, std::move(part.batch),
         [this, &io = io_, alive = std::weak_ptr(alive_),
          load](const Result<spool::RecordId>& kept) mutable {
           boost::asio::post(io, [this, alive, load = std::move(load), kept] {
             if (!kept) return load->receipt.give(judge(kept.error()));
             if (load->next == load->pieces) return load->receipt.give(load->items);
             if (alive.expired())
               return load->receipt.give({Outcome::later, "stopping", kWhenBusy});
             take_in_pieces(load);
           });
         });
}

void Intake::refused(const Sender& sender, std::string_view words) {
  peers_->note(sender.name, clock_.wall(), Peers::Event::refused, 0, 0, words);
}

}  // namespace edgehaul::relay
