// SPDX-License-Identifier: Apache-2.0
#include "metric/batch.hpp"

#include <array>
#include <cmath>

#include "metric/hash.hpp"

namespace edgehaul::metric {

namespace {

// What comes first in the hash of every series is its metric's name.
const Hash& hash_of_name(Id metric) {
  static const auto kHashes = [] {
    std::array<Hash, kRows.size()> hashes;
    for (std::size_t i = 0; i < hashes.size(); ++i)
      hashes[i].mix(kRows[i].name);
    return hashes;
  }();
  return kHashes[static_cast<std::size_t>(metric)];
}

const Attributes& no_attributes() {
  static const Attributes none;
  return none;
}

}  // namespace

void Batch::begin(base::UnixNanos time, base::UnixNanos boot, const Selection& selection) {
  time_ = time;
  boot_ = boot;
  selection_ = &selection;
  points_.clear();
  attrs_.clear();
  text_.clear();
  resources_.clear();
}

ResourceRef Batch::add_resource(ResourcePtr extra) {
  resources_.push_back(std::move(extra));
  return ResourceRef(static_cast<std::uint32_t>(resources_.size()));
}

const Attributes& Batch::resource(ResourceRef ref) const {
  if (ref == kHost) return no_attributes();
  return resource_ptr(ref)->attributes();
}

Point* Batch::append(Id metric, Attrs attrs, ResourceRef resource, base::UnixNanos start,
                     base::UnixNanos time) {
  if (!wants(metric)) return nullptr;
  Point& point = points_.emplace_back();
  point.metric = metric;
  point.resource = resource;
  point.first_attr = static_cast<std::uint32_t>(attrs_.size());
  point.attr_count = static_cast<std::uint32_t>(attrs.size());
  point.time = time == 0 ? time_ : time;
  if (def(metric).kind != Kind::gauge) point.start = start == 0 ? boot_ : start;
  for (const Attr& attr : attrs) {
    attrs_.push_back({attr.key, static_cast<std::uint32_t>(text_.size()),
                      static_cast<std::uint32_t>(attr.text.size()), attr.integer, attr.is_integer});
    text_ += attr.text;
  }
  return &point;
}

void Batch::add_integer(Id metric, std::int64_t value, Attrs attrs, ResourceRef resource,
                        base::UnixNanos start, base::UnixNanos time) {
  if (Point* point = append(metric, attrs, resource, start, time)) {
    // One number type per metric (OTLP data model): the catalogue's, whatever the caller had.
    if (def(metric).number == Number::real) {
      point->is_real = true;
      point->real = static_cast<double>(value);
    } else {
      point->integer = value;
    }
  }
}

void Batch::add_real(Id metric, double value, Attrs attrs, ResourceRef resource,
                     base::UnixNanos start, base::UnixNanos time) {
  if (!std::isfinite(value)) return;
  if (Point* point = append(metric, attrs, resource, start, time)) {
    if (def(metric).number == Number::real) {
      point->is_real = true;
      point->real = value;
    } else {
      point->integer = std::llround(value);
    }
  }
}

Attr Batch::attr(const Point& point, std::uint32_t i) const {
  const StoredAttr& stored = attrs_[point.first_attr + i];
  if (stored.is_integer) return Attr::number(stored.key, stored.integer);
  return {stored.key, std::string_view(text_).substr(stored.offset, stored.length)};
}

std::uint64_t Batch::series_hash(const Point& point) const {
  Hash hash = hash_of_name(point.metric);
  const ResourcePtr& resource = resource_ptr(point.resource);
  hash.mix(static_cast<std::int64_t>(resource ? resource->hash() : 0));
  for (std::uint32_t i = 0; i < point.attr_count; ++i) {
    const Attr stated = attr(point, i);
    hash.mix(stated.key);
    if (stated.is_integer) {
      hash.mix(stated.integer);
    } else {
      hash.mix(stated.text);
    }
  }
  return hash.value();
}

}  // namespace edgehaul::metric
