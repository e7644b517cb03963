// SPDX-License-Identifier: Apache-2.0
// The points of one resource as they were encoded last, and where their numbers are: from tick to
// tick mostly these alone change, and filling them in costs a fraction of encoding. Belongs to an
// encoder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metric/batch.hpp"

namespace edgehaul::otlp {

class ResourceBlock {
 public:
  // Indices of the resource's points in the batch.
  using Points = std::span<const std::uint32_t>;

  // Notes what was encoded: a whole ResourceMetrics field. `values` has for each point how many
  // bytes are from its value to the end; its time and then its start stand before that.
  void keep(const metric::Batch& batch, Points points, std::string_view bytes,
            std::span<const std::size_t> values);
  // Whether these points differ from the noted ones in nothing but their numbers. The host's
  // attributes are the caller's business.
  bool fits(const metric::Batch& batch, Points points) const;
  // Appends the bytes with the numbers of points that fit.
  void append_to(std::string& out, const metric::Batch& batch, Points points) const;

  std::uint64_t seen = 0;  // the encoder's tick

 private:
  struct Mark {
    metric::Id metric{};
    bool is_real = false;
    bool has_start = false;
    std::uint32_t attr_count = 0;
    std::uint32_t value = 0;  // offset in bytes_
  };
  struct KeptAttr {
    std::string_view key;
    std::int64_t integer = 0;
    std::uint32_t end = 0;  // of its text in text_
    bool is_integer = false;
  };

  metric::ResourcePtr resource_;  // null: the host
  std::string bytes_;
  std::vector<Mark> marks_;
  std::vector<KeptAttr> attrs_;
  std::string text_;
};

}  // namespace edgehaul::otlp
