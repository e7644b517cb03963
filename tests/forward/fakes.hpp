// SPDX-License-Identifier: Apache-2.0
// A spool, a server and a clock that do what the test says, and small OTLP requests to send.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "forward/loop.hpp"
#include "forward/seams.hpp"

namespace edgehaul::test {

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U)
    out.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
  out.push_back(static_cast<char>(value));
}

// A length-delimited protobuf field.
inline std::string field(unsigned number, std::string_view bytes) {
  std::string out;
  put_varint(out, (number << 3U) | 2U);
  put_varint(out, bytes.size());
  return out.append(bytes);
}

inline std::string varint_field(unsigned number, std::uint64_t value) {
  std::string out;
  put_varint(out, number << 3U);
  put_varint(out, value);
  return out;
}

inline std::uint64_t take_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; !in.empty() && shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

// The contents of all length-delimited fields `number`; other such fields are skipped.
inline std::vector<std::string_view> fields(std::string_view in, unsigned number) {
  std::vector<std::string_view> out;
  while (!in.empty()) {
    const std::uint64_t tag = take_varint(in);
    if ((tag & 7U) == 1) {
      in.remove_prefix(std::min<std::size_t>(8, in.size()));
      continue;
    }
    const std::size_t size = std::min<std::size_t>(take_varint(in), in.size());
    if (tag >> 3U == number) out.push_back(in.substr(0, size));
    in.remove_prefix(size);
  }
  return out;
}

// A request that is told from others by its number (the schema_url of its resource), padded.
inline std::string numbered(unsigned number, std::size_t padding = 0) {
  return field(1, field(3, std::to_string(number) + std::string(padding, 'x')));
}
inline std::vector<unsigned> numbers_in(std::string_view body) {
  std::vector<unsigned> out;
  for (const auto resource : fields(body, 1)) {
    for (const auto url : fields(resource, 3))
      out.push_back(static_cast<unsigned>(std::stoul(std::string(url))));
  }
  return out;
}

// A metrics request of one gauge with points at the times first, first + 1, …
inline std::string gauge(std::string_view name, unsigned points, unsigned first = 0) {
  std::string data;
  for (unsigned i = 0; i < points; ++i) {
    std::string point("\x19", 1);  // time_unix_nano = 3 fixed64
    for (unsigned byte = 0; byte < 8; ++byte)
      point.push_back(byte < 4 ? static_cast<char>(((first + i) >> (8 * byte)) & 0xFFU) : '\0');
    data += field(1, point);
  }
  return field(1, field(2, field(2, field(1, name) + field(5, data))));
}
inline std::vector<unsigned> times_in(std::string_view body) {
  std::vector<unsigned> out;
  for (const auto resource : fields(body, 1))
    for (const auto scope : fields(resource, 2))
      for (const auto metric : fields(scope, 2))
        for (const auto data : fields(metric, 5))
          for (const auto point : fields(data, 1)) {
            unsigned time = 0;
            for (unsigned byte = 0; byte < 4; ++byte)
              time |= static_cast<unsigned>(static_cast<unsigned char>(point.at(1 + byte)))
                      << (8 * byte);
            out.push_back(time);
          }
  return out;
}

// A peer's: those keep their order. Own ones overtake, see own_record_of().
inline spool::NewRecord record_of(std::string body, spool::Signal signal = spool::Signal::metrics,
                                  std::uint32_t items = 1) {
  spool::NewRecord record;
  record.origin = spool::Origin::peer;
  record.signal = signal;
  record.items = items;
  record.body = std::move(body);
  return record;
}

inline spool::NewRecord own_record_of(std::string body) {
  auto record = record_of(std::move(body));
  record.origin = spool::Origin::own;
  return record;
}

// As the spool is to behave for several destinations; fails on misuse.
class FakeQueue final : public forward::Queue {
 public:
  struct Side {
    std::set<spool::RecordId> leased;
    std::map<spool::RecordId, spool::Outcome> settled;
    std::map<spool::RecordId, std::string> words;
    std::vector<spool::RecordId> delivered;  // in the order of settling
  };

  explicit FakeQueue(std::size_t destinations = 1) : sides(destinations) {}

  spool::RecordId append(spool::NewRecord record) {
    spool::Record kept;
    static_cast<spool::NewRecord&>(kept) = std::move(record);
    kept.id = ++last_id;
    records.emplace(kept.id, std::move(kept));
    return last_id;
  }

  Result<std::vector<spool::Record>> lease(std::size_t index,
                                           const spool::Wanted& wanted) override {
    ++leases;
    if (is_broken) return fail(Errc::io, "disk on fire");
    std::vector<spool::Record> out;
    std::optional<spool::Signal> signal = wanted.signal;
    std::uint64_t bytes = 0;
    Side& side = sides.at(index);
    const auto offer = [&](const spool::Record& record) {
      const spool::RecordId id = record.id;
      if (side.settled.count(id) > 0 || side.leased.count(id) > 0) return true;
      if (id <= wanted.after || id >= wanted.before) return true;
      if (signal && record.signal != *signal) return true;
      if (wanted.origin && record.origin != *wanted.origin) return true;
      signal = record.signal;
      bytes += record.body.size();
      if (!out.empty() && (bytes > wanted.max_bytes || out.size() >= wanted.max_records)) {
        return false;
      }
      out.push_back(record);
      spool::Record& leased = out.back();
      leased.size = static_cast<std::uint32_t>(record.body.size());
      const bool as_it_lies = wanted.coding != codec::Coding::identity &&
                              record.coded.coding == wanted.coding &&
                              leased.size >= wanted.coded_from;
      (as_it_lies ? leased.body : leased.coded.bytes).clear();
      return true;
    };
    if (wanted.order == spool::Order::oldest_first) {
      for (auto at = records.begin(); at != records.end() && offer(at->second);)
        ++at;
    } else {
      for (auto at = records.rbegin(); at != records.rend() && offer(at->second);)
        ++at;
    }
    for (const auto& record : out)
      sides.at(index).leased.insert(record.id);
    return out;
  }

  Result<void> settle(std::size_t index, const std::vector<spool::RecordId>& ids,
                      spool::Outcome outcome, std::string_view words) override {
    if (is_broken) return fail(Errc::io, "disk on fire");
    ++settlings;
    Side& side = sides.at(index);
    for (const spool::RecordId id : ids) {
      if (side.leased.erase(id) == 0) ++misuses;
      if (outcome == spool::Outcome::returned) continue;
      if (!side.settled.emplace(id, outcome).second) ++misuses;
      if (outcome == spool::Outcome::delivered) side.delivered.push_back(id);
      side.words[id] = words;
    }
    return {};
  }

  spool::Amount waiting(std::size_t index) const override {
    spool::Amount amount;
    for (const auto& [id, record] : records) {
      if (sides.at(index).settled.count(id) > 0) continue;
      ++amount.records;
      amount.bytes += record.body.size();
    }
    return amount;
  }

  std::vector<spool::RecordId> with(spool::Outcome outcome, std::size_t index = 0) const {
    std::vector<spool::RecordId> ids;
    for (const auto& [id, got] : sides.at(index).settled) {
      if (got == outcome) ids.push_back(id);
    }
    return ids;
  }

  std::map<spool::RecordId, spool::Record> records;
  std::vector<Side> sides;
  spool::RecordId last_id = 0;
  unsigned leases = 0;
  unsigned settlings = 0;
  unsigned misuses = 0;  // settled twice, or without a lease
  bool is_broken = false;
};

inline http::ClientResponse response(int status, std::string body = {},
                                     http::Headers headers = {}) {
  http::ClientResponse out;
  out.status = status;
  out.body = std::move(body);
  out.headers = std::move(headers);
  return out;
}

// Answers what `serve` says when told to; nullopt hangs.
class FakeTransport final : public forward::Transport {
 public:
  using Answer = std::optional<Result<http::ClientResponse>>;
  std::function<Answer(const http::ClientRequest&)> serve;

  http::TransferId start(http::ClientRequest request, http::Done done) override {
    flights.emplace(++last_id, std::pair(std::move(request), std::move(done)));
    ++requests;
    return last_id;
  }
  void cancel(http::TransferId id) override {
    const auto flight = flights.find(id);
    if (flight == flights.end()) return;
    const http::Done done = std::move(flight->second.second);
    flights.erase(flight);
    ++cancelled;
    done(fail(Errc::cancelled, "cancelled"));
  }
  void run(std::chrono::milliseconds) override { answer(); }
  void wakeup() override { ++wakeups; }
  void forget_connections() override { ++forgotten; }

  // Ends what `serve` has an answer for; false when there was nothing.
  bool answer() {
    std::vector<std::pair<http::Done, Result<http::ClientResponse>>> ready;
    for (auto flight = flights.begin(); flight != flights.end();) {
      auto said = serve(flight->second.first);
      if (!said) {
        ++flight;
        continue;
      }
      ready.emplace_back(std::move(flight->second.second), std::move(*said));
      flight = flights.erase(flight);
    }
    for (auto& [done, result] : ready)
      done(std::move(result));
    return !ready.empty();
  }

  std::map<http::TransferId, std::pair<http::ClientRequest, http::Done>> flights;
  http::TransferId last_id = 0;
  unsigned requests = 0;
  unsigned cancelled = 0;
  unsigned wakeups = 0;
  unsigned forgotten = 0;
};

inline forward::Destination http_destination(std::string name = "central") {
  forward::Destination out;
  out.name = std::move(name);
  out.endpoint = "http://" + out.name + ":4318";
  out.protocol = forward::Protocol::http;
  out.compression = codec::Coding::identity;
  return out;
}

// Everything a Loop needs, without threads and without waiting.
struct World {
  explicit World(std::vector<forward::Destination> destinations = {http_destination()})
      : queue(destinations.size()) {
    forward::Options options;
    options.destinations = std::move(destinations);
    loop = std::make_unique<forward::Loop>(
        std::move(options),
        forward::Surroundings{queue, transport, clock, [this] { return dice; },
                              forward::Lineage::begin(std::nullopt, 1)},
        [this](log::Level, const std::string& line) { lines.push_back(line); });
  }

  // Turns until nothing more happens without time passing.
  void settle_down() {
    do {
      rest = loop->turn();
    } while (!loop->is_finished() && (transport.answer() || rest.count() == 0));
  }
  // Lets time pass as the loop asks for, until all is delivered or `span` is over.
  void live(std::chrono::milliseconds span) {
    const base::Steady end = clock.steady() + span;
    settle_down();
    while (!loop->is_finished() && clock.steady() < end) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady());
      clock.advance(std::min(rest, left));
      settle_down();
    }
  }
  forward::DestinationStats stats(std::size_t index = 0) const { return loop->stats().at(index); }
  unsigned lines_with(std::string_view text) const {
    return static_cast<unsigned>(std::count_if(
        lines.begin(), lines.end(),
        [text](const std::string& line) { return line.find(text) != std::string::npos; }));
  }

  base::ManualClock clock;
  FakeQueue queue;
  FakeTransport transport;
  std::vector<std::string> lines;
  double dice = 0.5;
  std::chrono::milliseconds rest{0};
  std::unique_ptr<forward::Loop> loop;
};

}  // namespace edgehaul::test
