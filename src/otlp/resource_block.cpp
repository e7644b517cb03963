// SPDX-License-Identifier: Apache-2.0
#include "otlp/resource_block.hpp"

#include <bit>
#include <cstring>

namespace edgehaul::otlp {

namespace {

// A number and its tag of one byte.
constexpr std::size_t kNumber = 9;

bool has_start(const metric::Point& point) {
  return metric::def(point.metric).kind != metric::Kind::gauge && point.start != 0;
}

void store(char* at, std::uint64_t number) {
  if constexpr (std::endian::native != std::endian::little) number = __builtin_bswap64(number);
  std::memcpy(at, &number, sizeof number);
}

}  // namespace

void ResourceBlock::keep(const metric::Batch& batch, Points points, std::string_view bytes,
                         std::span<const std::size_t> values) {
  resource_ = batch.resource_ptr(batch.points()[points.front()].resource);
  bytes_ = bytes;
  marks_.clear();
  attrs_.clear();
  text_.clear();
  for (std::size_t i = 0; i < points.size(); ++i) {
    const metric::Point& point = batch.points()[points[i]];
    marks_.push_back({point.metric, point.is_real, has_start(point), point.attr_count,
                      static_cast<std::uint32_t>(bytes.size() - values[i])});
    for (std::uint32_t j = 0; j < point.attr_count; ++j) {
      const metric::Attr attr = batch.attr(point, j);
      text_ += attr.text;
      attrs_.push_back(
          {attr.key, attr.integer, static_cast<std::uint32_t>(text_.size()), attr.is_integer});
    }
  }
  marks_.shrink_to_fit();
  attrs_.shrink_to_fit();
}

bool ResourceBlock::fits(const metric::Batch& batch, Points points) const {
  if (points.size() != marks_.size()) return false;
  const auto& resource = batch.resource_ptr(batch.points()[points.front()].resource);
  if (resource != resource_ &&
      (!resource || !resource_ || resource->attributes() != resource_->attributes()))
    return false;
  std::size_t at = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const metric::Point& point = batch.points()[points[i]];
    const Mark& mark = marks_[i];
    if (point.metric != mark.metric || point.attr_count != mark.attr_count ||
        point.is_real != mark.is_real || has_start(point) != mark.has_start)
      return false;
    for (std::uint32_t j = 0; j < point.attr_count; ++j) {
      const KeptAttr& kept = attrs_[at++];
      const metric::Attr attr = batch.attr(point, j);
      const auto text = std::string_view(text_).substr(from, kept.end - from);
      if (attr.text != text || attr.key != kept.key || attr.integer != kept.integer ||
          attr.is_integer != kept.is_integer)
        return false;
      from = kept.end;
    }
  }
  return true;
}

void ResourceBlock::append_to(std::string& out, const metric::Batch& batch, Points points) const {
  const std::size_t first = out.size();
  out += bytes_;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const metric::Point& point = batch.points()[points[i]];
    char* value = out.data() + first + marks_[i].value;
    store(value, point.is_real ? std::bit_cast<std::uint64_t>(point.real)
                               : static_cast<std::uint64_t>(point.integer));
    store(value - kNumber, static_cast<std::uint64_t>(point.time));
    if (marks_[i].has_start) store(value - 2 * kNumber, static_cast<std::uint64_t>(point.start));
  }
}

}  // namespace edgehaul::otlp
