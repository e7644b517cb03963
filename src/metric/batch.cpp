// SPDX-License-Identifier: Apache-2.0
#include "metric/batch.hpp"

#include <cmath>
#include <cstring>

namespace edgehaul::metric {

namespace {

// FNV-1a, 64 bit: stable between runs, so series can be recognised after a restart.
class Hash {
 public:
  void mix(std::string_view bytes) {
    for (const char c : bytes)
      step(static_cast<unsigned char>(c));
    step(0xFF);
  }
  void mix(std::int64_t number) {
    char raw[sizeof number];
    std::memcpy(raw, &number, sizeof number);
    mix(std::string_view(raw, sizeof raw));
  }
  std::uint64_t value() const { return value_; }

 private:
  void step(unsigned char byte) { value_ = (value_ ^ byte) * 1099511628211ULL; }
  std::uint64_t value_ = 14695981039346656037ULL;
};

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
  resource_hashes_.clear();
}

ResourceRef Batch::add_resource(Attributes extra) {
  resources_.push_back(std::move(extra));
  return ResourceRef(static_cast<std::uint32_t>(resources_.size()));
}

const Attributes& Batch::resource(ResourceRef ref) const {
  if (ref == kHost) return no_attributes();
  return resources_[static_cast<std::size_t>(ref) - 1];
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

std::uint64_t Batch::resource_hash(ResourceRef ref) const {
  if (ref == kHost) return 0;
  const auto index = static_cast<std::size_t>(ref) - 1;
  if (resource_hashes_.size() < resources_.size()) resource_hashes_.resize(resources_.size());
  std::uint64_t& known = resource_hashes_[index];
  if (known != 0) return known;
  Hash hash;
  for (const auto& [key, value] : resources_[index]) {
    hash.mix(key);
    if (const auto* text = std::get_if<std::string>(&value)) hash.mix(*text);
    if (const auto* number = std::get_if<std::int64_t>(&value)) hash.mix(*number);
  }
  return known = hash.value();
}

std::uint64_t Batch::series_hash(const Point& point) const {
  Hash hash;
  hash.mix(def(point.metric).name);
  hash.mix(static_cast<std::int64_t>(resource_hash(point.resource)));
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
