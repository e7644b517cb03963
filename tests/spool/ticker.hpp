// SPDX-License-Identifier: Apache-2.0
// Ticks of a host on their way into a spool, and what came of them.
#pragma once

#include <map>
#include <memory>

#include "frame/host.hpp"
#include "spool/reader.hpp"
#include "spool/rig.hpp"

namespace edgehaul::test {

class Ticker {
 public:
  explicit Ticker(Rig& rig, std::uint32_t seed = 1) : rig_(rig), host_(seed) {}

  // A few ticks to each commit, so that the test is quick.
  void tick(std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) {
      std::string request = host_.tick();
      const auto kept = std::make_shared<std::string>(request);
      rig_.spool->append(
          {spool::Signal::metrics, spool::Origin::own, host_.time(), 3, std::move(request)},
          [this, kept](Result<spool::RecordId> id) {
            CHECK(id.has_value());
            if (id) sent[*id] = std::move(*kept);
          });
      rig_.clock.advance(10s);
      if (i % 16 == 15) rig_.spool->load_value("x").value();
    }
    // Twice: behind the commit, and behind whatever it set off.
    rig_.spool->load_value("x").value();
    rig_.spool->load_value("x").value();
  }

  std::map<spool::RecordId, std::string> sent;

 private:
  Rig& rig_;
  RandomHost host_;
};

inline spool::Wanted up_to(std::uint32_t records, spool::Order order = spool::Order::oldest_first) {
  spool::Wanted wanted;
  wanted.max_records = records;
  wanted.max_bytes = UINT64_MAX;
  wanted.order = order;
  return wanted;
}

inline void check_same(const std::vector<spool::Record>& records,
                       const std::map<spool::RecordId, std::string>& sent) {
  for (const spool::Record& record : records) {
    REQUIRE(sent.contains(record.id));
    CHECK(record.body == sent.at(record.id));
  }
}

// As they lie on the disk.
inline std::vector<spool::Reader::Entry> rows(const Rig& rig) {
  auto reader = spool::Reader::open(rig.dir.at("spool"));
  REQUIRE(reader);
  auto entries = reader->records(0, 10'000);
  REQUIRE(entries);
  return *entries;
}

}  // namespace edgehaul::test
