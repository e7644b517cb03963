// SPDX-License-Identifier: Apache-2.0
#include "otlp/encode.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "otlp/back_writer.hpp"
#include "otlp/resource_block.hpp"

namespace edgehaul::otlp {

namespace {

using metric::Batch;
using metric::Def;
using metric::Kind;
using metric::Point;
using Points = ResourceBlock::Points;

// What the collector's hostmetrics receiver puts on its scopes; our names there are the same.
constexpr std::string_view kHostmetricsSchema = "https://opentelemetry.io/schemas/1.9.0";
constexpr std::array<std::string_view, 10> kHostmetricsSources{
    "cpu",     "load",   "memory",    "disk",    "filesystem",
    "network", "paging", "processes", "process", "system"};

constexpr std::uint64_t kCumulative = 2;

std::string_view schema_url(const Def& def) {
  const bool is_known = std::find(kHostmetricsSources.begin(), kHostmetricsSources.end(),
                                  def.source) != kHostmetricsSources.end();
  return is_known ? kHostmetricsSchema : std::string_view();
}

std::uint32_t data_field(Kind kind) {
  return kind == Kind::gauge ? 5 : 7;
}

// AnyValue's member for each alternative of metric::Value.
struct PutValue {
  BackWriter& out;
  void operator()(const std::string& text) const { out.put_text(1, text); }
  void operator()(bool yes) const { out.put_number(2, yes ? 1 : 0); }
  void operator()(std::int64_t number) const {
    out.put_number(3, static_cast<std::uint64_t>(number));
  }
  void operator()(double number) const { out.put_double(4, number); }
  void operator()(const std::vector<std::string>& list) const {
    const std::size_t array = out.size();
    for (std::size_t i = list.size(); i-- > 0;) {
      const std::size_t value = out.size();
      out.put_text(1, list[i]);
      out.wrap(1, value);
    }
    out.wrap(5, array);
  }
};

bool has_key(const metric::Attributes& attributes, std::string_view key) {
  return std::any_of(attributes.begin(), attributes.end(),
                     [key](const auto& entry) { return entry.first == key; });
}

}  // namespace

std::string scope_name(const Def& def) {
  constexpr std::array<std::string_view, 5> kOwnScopes{"self", "container", "cgroup", "kubelet",
                                                       "identity"};
  const bool is_own =
      std::find(kOwnScopes.begin(), kOwnScopes.end(), def.source) != kOwnScopes.end();
  return (is_own ? "edgehaul/" : "edgehaul/host/") + std::string(def.source);
}

// A resource whose points are the same as in the tick before is copied, another one is encoded:
// back to front, so the loops run backwards and open what they close last.
class Encoder::Impl {
 public:
  explicit Impl(std::string version) : version_(std::move(version)) {
    for (std::size_t i = 0; i < metric::catalogue().size(); ++i)
      scope_of_[i] = first_row_of(metric::catalogue()[i].source);
  }

  std::string encode(const Batch& batch, const metric::Attributes& host) {
    if (host != host_) blocks_.clear();
    host_ = host;
    ++tick_;
    group(batch);
    std::string out;
    out.reserve(last_size_ + last_size_ / 16);
    for (std::size_t i = 0; i + 1 < begins_.size(); ++i) {
      const auto points = std::span(grouped_).subspan(begins_[i], begins_[i + 1] - begins_[i]);
      if (!points.empty()) add_resource(batch, points, out);
    }
    std::erase_if(blocks_, [this](const auto& entry) { return entry.second.seen != tick_; });
    last_size_ = out.size();
    return out;
  }

 private:
  // Sort key within a resource: scope, metric, then the order in which the points came.
  struct Entry {
    std::uint32_t group;
    std::uint32_t place;  // in the resource's points
  };
  static constexpr unsigned kScopeShift = 16;
  static constexpr unsigned kMetricShift = 0;

  static std::uint16_t first_row_of(std::string_view source) {
    std::uint16_t row = 0;
    while (metric::catalogue()[row].source != source)
      ++row;
    return row;
  }

  // Indices of points by resource, each in the order in which the points came.
  void group(const Batch& batch) {
    begins_.assign(batch.resource_count() + 1, 0);
    for (const Point& point : batch.points())
      ++begins_[static_cast<std::size_t>(point.resource) + 1];
    for (std::size_t i = 1; i < begins_.size(); ++i)
      begins_[i] += begins_[i - 1];
    grouped_.resize(batch.points().size());
    next_ = begins_;
    for (std::uint32_t i = 0; i < grouped_.size(); ++i)
      grouped_[next_[static_cast<std::size_t>(batch.points()[i].resource)]++] = i;
  }

  void add_resource(const Batch& batch, Points points, std::string& out) {
    const auto& resource = batch.resource_ptr(batch.points()[points.front()].resource);
    ResourceBlock& block = blocks_[resource ? resource->hash() : 0];
    block.seen = tick_;
    if (!block.fits(batch, points)) {
      points_ = points;
      sort(batch);
      out_.clear();
      values_.resize(points.size());
      put_resource(batch, resource.get());
      block.keep(batch, points, out_.view(), values_);
    }
    block.append_to(out, batch, points);
  }

  void sort(const Batch& batch) {
    order_.clear();
    for (std::uint32_t i = 0; i < points_.size(); ++i) {
      const auto row = static_cast<std::uint16_t>(batch.points()[points_[i]].metric);
      order_.push_back({std::uint32_t{scope_of_[row]} << kScopeShift | row, i});
    }
    std::sort(order_.begin(), order_.end(), [](const Entry& a, const Entry& b) {
      return a.group != b.group ? a.group < b.group : a.place < b.place;
    });
  }

  const Point& point_at(const Batch& batch, std::size_t i) const {
    return batch.points()[points_[order_[i].place]];
  }

  // Where the run that ends before `end` begins, comparing the group down to `shift`.
  std::size_t begin_of(std::size_t end, unsigned shift) const {
    const std::uint32_t group = order_[end - 1].group >> shift;
    std::size_t begin = end - 1;
    while (begin > 0 && order_[begin - 1].group >> shift == group)
      --begin;
    return begin;
  }

  void put_resource(const Batch& batch, const metric::Resource* own) {
    static const metric::Attributes kNone;
    const metric::Attributes& extra = own == nullptr ? kNone : own->attributes();
    for (std::size_t end = order_.size(); end > 0;) {
      const std::size_t scope = begin_of(end, kScopeShift);
      put_scope(batch, scope, end);
      end = scope;
    }
    const std::size_t resource = out_.size();
    for (std::size_t i = extra.size(); i-- > 0;)
      put_attribute(1, extra[i].first, extra[i].second);
    for (std::size_t i = host_.size(); i-- > 0;) {
      if (!has_key(extra, host_[i].first)) put_attribute(1, host_[i].first, host_[i].second);
    }
    out_.wrap(1, resource);
    out_.wrap(1, 0);
  }

  void put_scope(const Batch& batch, std::size_t begin, std::size_t end) {
    const Def& def = metric::def(point_at(batch, begin).metric);
    const std::size_t mark = out_.size();
    if (const std::string_view url = schema_url(def); !url.empty()) out_.put_bytes(3, url);
    while (end > begin) {
      const std::size_t metric = begin_of(end, kMetricShift);
      put_metric(batch, metric, end);
      end = metric;
    }
    const std::size_t scope = out_.size();
    if (!version_.empty()) out_.put_text(2, version_);
    out_.put_text(1, scope_name(def));
    out_.wrap(1, scope);
    out_.wrap(2, mark);
  }

  void put_metric(const Batch& batch, std::size_t begin, std::size_t end) {
    const Def& def = metric::def(point_at(batch, begin).metric);
    const std::size_t mark = out_.size();
    if (def.kind == Kind::counter) out_.put_number(3, 1);
    if (def.kind != Kind::gauge) out_.put_number(2, kCumulative);
    while (end > begin)
      put_point(batch, order_[--end].place, def.kind);
    out_.wrap(data_field(def.kind), mark);
    out_.put_bytes(3, def.unit);
    out_.put_bytes(2, def.description);
    out_.put_bytes(1, def.name);
    out_.wrap(2, mark);
  }

  void put_point(const Batch& batch, std::uint32_t place, Kind kind) {
    const Point& point = batch.points()[points_[place]];
    const std::size_t mark = out_.size();
    for (std::uint32_t i = point.attr_count; i-- > 0;) {
      const metric::Attr attr = batch.attr(point, i);
      put_attribute(7, attr.key, attr);
    }
    // Explicit also when 0: an absent value would mean "no value recorded".
    if (!point.is_real) out_.put_fixed64(6, static_cast<std::uint64_t>(point.integer));
    if (point.is_real) out_.put_double(4, point.real);
    values_[place] = out_.size() - 1;  // behind its tag
    out_.put_fixed64(3, static_cast<std::uint64_t>(point.time));
    if (kind != Kind::gauge && point.start != 0) {
      out_.put_fixed64(2, static_cast<std::uint64_t>(point.start));
    }
    out_.wrap(1, mark);
  }

  void put_value(const metric::Value& value) { std::visit(PutValue{out_}, value); }
  void put_value(const metric::Attr& attr) {
    if (attr.is_integer) return out_.put_number(3, static_cast<std::uint64_t>(attr.integer));
    out_.put_text(1, attr.text);
  }

  template <class AnyOfThem>
  void put_attribute(std::uint32_t field, std::string_view key, const AnyOfThem& value) {
    const std::size_t mark = out_.size();
    put_value(value);
    out_.wrap(2, mark);
    out_.put_text(1, key);
    out_.wrap(field, mark);
  }

  std::string version_;
  std::array<std::uint16_t, metric::kRows.size()> scope_of_{};
  metric::Attributes host_;
  std::uint64_t tick_ = 0;
  std::size_t last_size_ = 0;
  std::unordered_map<std::uint64_t, ResourceBlock> blocks_;  // by the hash of their resource
  std::vector<std::size_t> begins_;                          // of each resource, in grouped_
  std::vector<std::size_t> next_;
  std::vector<std::uint32_t> grouped_;
  // While a resource is encoded:
  Points points_;
  std::vector<Entry> order_;
  std::vector<std::size_t> values_;  // of each point, bytes to the end
  BackWriter out_;
};

Encoder::Encoder(std::string version) : impl_(std::make_unique<Impl>(std::move(version))) {}
Encoder::~Encoder() = default;

std::string Encoder::encode(const Batch& batch, const metric::Attributes& host) {
  return impl_->encode(batch, host);
}

}  // namespace edgehaul::otlp
