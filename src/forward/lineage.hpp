// SPDX-License-Identifier: Apache-2.0
// How our records are named towards a relay (spool/batch.hpp): the installation, and which start of
// this process made which ids. Lives in the spool as one named value, so that a wiped state is a
// new installation, and the copies of one disk image part with their first start. Pure; immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spool/batch.hpp"

namespace edgehaul::forward {

class Lineage {
 public:
  static constexpr std::string_view kValue = "delivery.lineage";
  static constexpr std::size_t kMaxStarts = 1000;  // records of earlier ones go without a name

  Lineage() = default;  // names nothing
  // One more start, of which `next` will be the first id, upon what was saved; a new installation
  // where nothing was, or nothing that can be read.
  static Lineage begin(const std::optional<std::string>& saved, spool::RecordId next);

  std::string text() const;  // to be saved
  // The names of these records; empty when one of them has none.
  spool::Batch name(const std::vector<spool::Slice>& slices) const;

 private:
  struct Start {
    std::string nonce;
    spool::RecordId first = 0;
  };
  std::string installation_;
  std::vector<Start> starts_;  // ascending
};

}  // namespace edgehaul::forward
