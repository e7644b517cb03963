// SPDX-License-Identifier: Apache-2.0
// What went wrong while a source read its files: the first fault in words, the rest as a number, so
// that a source can deliver the good half and still say so. Belongs to its source.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace edgehaul::metric {

class Faults {
 public:
  void clear() {
    count_ = 0;
    first_ = Error();
  }
  // A line that does not say what it should; a short printable piece of it is kept.
  void malformed(std::string_view what, std::string_view line);
  void add(Error error);
  // The faults of a part, counted as they are.
  void add(const Faults& part);

  std::size_t count() const { return count_; }
  // Success without faults, else the first one with the number of further ones.
  Result<void> result() const;

 private:
  std::size_t count_ = 0;
  Error first_;
};

}  // namespace edgehaul::metric
