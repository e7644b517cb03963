// SPDX-License-Identifier: Apache-2.0
// All points of one tick, as plain columns whose memory is reused from tick to tick. Sources fill
// it on the collect thread; the encoder reads it there. Not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "metric/catalogue.hpp"
#include "metric/resource.hpp"
#include "metric/selection.hpp"
#include "metric/value.hpp"

namespace edgehaul::metric {

// One point attribute as a source states it. Keys must be string literals (they are not copied);
// string values are copied into the batch.
struct Attr {
  std::string_view key;
  std::string_view text;
  std::int64_t integer = 0;
  bool is_integer = false;

  constexpr Attr(std::string_view k, std::string_view v) : key(k), text(v) {}
  constexpr Attr(std::string_view k, const char* v) : key(k), text(v) {}
  Attr(std::string_view k, const std::string& v) : key(k), text(v) {}
  static Attr number(std::string_view key, std::int64_t value) {
    Attr attr(key, std::string_view());
    attr.integer = value;
    attr.is_integer = true;
    return attr;
  }
};

using Attrs = std::span<const Attr>;

// Index of a resource of the tick; 0 is the host itself.
enum class ResourceRef : std::uint32_t {};
inline constexpr ResourceRef kHost{0};

struct Point {
  Id metric{};
  ResourceRef resource{};
  std::uint32_t first_attr = 0;  // into Batch::attr()
  std::uint32_t attr_count = 0;
  base::UnixNanos start = 0;  // 0: none (gauges)
  base::UnixNanos time = 0;   // Unix nanoseconds
  bool is_real = false;
  union {
    std::int64_t integer;
    double real;
  };
  Point() : integer(0) {}
};

class Batch {
 public:
  // Starts a tick at `time`; `boot` is the start of cumulative sums that count since boot. Every
  // point of metrics that `selection` leaves out is dropped in add().
  void begin(base::UnixNanos time, base::UnixNanos boot, const Selection& selection);

  base::UnixNanos time() const { return time_; }
  base::UnixNanos boot() const { return boot_; }
  bool wants(Id metric) const { return selection_ != nullptr && selection_->on(metric); }

  // A resource below the host's: the host's attributes plus these. Valid for this tick.
  ResourceRef add_resource(Attributes extra) {
    return add_resource(make_resource(std::move(extra)));
  }
  ResourceRef add_resource(ResourcePtr extra);

  // Adds one point. Sums get boot() as their start unless one is given; `time` 0 is the tick's
  // time. Integers above INT64_MAX are clamped (OTLP as_int is signed); NaN and infinities are
  // dropped.
  void add(Id metric, std::uint64_t value, Attrs attrs = {}) {
    add_integer(metric, clamp(value), attrs, kHost, 0, 0);
  }
  void add(Id metric, double value, Attrs attrs = {}) {
    add_real(metric, value, attrs, kHost, 0, 0);
  }
  void add(Id metric, std::uint64_t value, std::initializer_list<Attr> attrs) {
    add(metric, value, Attrs(attrs.begin(), attrs.size()));
  }
  void add(Id metric, double value, std::initializer_list<Attr> attrs) {
    add(metric, value, Attrs(attrs.begin(), attrs.size()));
  }

  // The general form, for other resources, starts and times.
  void add_integer(Id metric, std::int64_t value, Attrs attrs, ResourceRef resource,
                   base::UnixNanos start, base::UnixNanos time);
  void add_real(Id metric, double value, Attrs attrs, ResourceRef resource, base::UnixNanos start,
                base::UnixNanos time);

  std::span<const Point> points() const { return points_; }
  std::span<Point> points() { return points_; }
  // Attribute `i` of a point, 0 ≤ i < attr_count; views live until the next begin().
  Attr attr(const Point& point, std::uint32_t i) const;
  std::size_t resource_count() const { return resources_.size() + 1; }
  // Extra attributes of a resource; empty for the host.
  const Attributes& resource(ResourceRef ref) const;
  // The resource itself; null for the host.
  const ResourcePtr& resource_ptr(ResourceRef ref) const {
    return ref == kHost ? no_resource_ : resources_[static_cast<std::size_t>(ref) - 1];
  }
  // Identity of a point's series within this process: metric, resource and attributes, hashed.
  std::uint64_t series_hash(const Point& point) const;

 private:
  struct StoredAttr {
    std::string_view key;
    std::uint32_t offset = 0;  // into text_
    std::uint32_t length = 0;
    std::int64_t integer = 0;
    bool is_integer = false;
  };
  static std::int64_t clamp(std::uint64_t value) {
    return value > static_cast<std::uint64_t>(INT64_MAX) ? INT64_MAX
                                                         : static_cast<std::int64_t>(value);
  }
  Point* append(Id metric, Attrs attrs, ResourceRef resource, base::UnixNanos start,
                base::UnixNanos time);

  base::UnixNanos time_ = 0;
  base::UnixNanos boot_ = 0;
  const Selection* selection_ = nullptr;
  std::vector<Point> points_;
  std::vector<StoredAttr> attrs_;
  std::string text_;
  std::vector<ResourcePtr> resources_;
  ResourcePtr no_resource_;
};

}  // namespace edgehaul::metric
