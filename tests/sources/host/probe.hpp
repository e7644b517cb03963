// SPDX-License-Identifier: Apache-2.0
// Runs sources over a tree as the sampler does, every metric switched on, and finds points again.
#pragma once

#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "support/temp_dir.hpp"

namespace edgehaul::test {

inline constexpr const char* kMachines[] = {"debian12-vm", "big-server", "arm-edge", "hostile"};

inline base::Roots machine(std::string_view name) {
  return base::Roots::below(source_file("fixtures/" + std::string(name)));
}

class Probe {
 public:
  static constexpr base::UnixNanos kBoot = 1'700'000'000'000'000'000;
  static constexpr base::UnixNanos kSecond = 1'000'000'000;

  Probe() { selection_.set_all(true); }
  metric::Selection& selection() { return selection_; }
  void begin() { batch_.begin(time_ += 10 * kSecond, kBoot, selection_); }

  // One tick of one source.
  Result<void> tick(metric::Source& source) {
    begin();
    return source.read(batch_);
  }

  metric::Batch& batch() { return batch_; }
  std::size_t size() const { return batch_.points().size(); }

  std::size_t count(std::string_view name) const {
    std::size_t found = 0;
    for (const auto& point : batch_.points())
      found += metric::def(point.metric).name == name ? 1U : 0U;
    return found;
  }

  const metric::Point* find(std::string_view name,
                            std::initializer_list<metric::Attr> attrs = {}) const {
    for (const auto& point : batch_.points()) {
      if (metric::def(point.metric).name == name && has(point, attrs)) return &point;
    }
    return nullptr;
  }
  std::optional<std::int64_t> integer(std::string_view name,
                                      std::initializer_list<metric::Attr> attrs = {}) const {
    const auto* point = find(name, attrs);
    if (point == nullptr || point->is_real) return std::nullopt;
    return point->integer;
  }
  std::optional<double> real(std::string_view name,
                             std::initializer_list<metric::Attr> attrs = {}) const {
    const auto* point = find(name, attrs);
    if (point == nullptr || !point->is_real) return std::nullopt;
    return point->real;
  }

  // The name of a metric that has two points of one series, or "".
  std::string duplicate() const {
    std::set<std::uint64_t> seen;
    for (const auto& point : batch_.points()) {
      if (!seen.insert(batch_.series_hash(point)).second)
        return std::string(metric::def(point.metric).name);
    }
    return "";
  }
  // A metric that another source than `name` should have added, or "".
  std::string foreign(std::string_view name) const {
    for (const auto& point : batch_.points()) {
      if (metric::def(point.metric).source != name)
        return std::string(metric::def(point.metric).name);
    }
    return "";
  }

 private:
  bool has(const metric::Point& point, std::initializer_list<metric::Attr> wanted) const {
    if (wanted.size() > point.attr_count) return false;
    for (const metric::Attr& attr : wanted) {
      bool found = false;
      for (std::uint32_t i = 0; i < point.attr_count; ++i) {
        const metric::Attr own = batch_.attr(point, i);
        found = found || (own.key == attr.key && own.text == attr.text);
      }
      if (!found) return false;
    }
    return true;
  }

  metric::Selection selection_;
  metric::Batch batch_;
  base::UnixNanos time_ = kBoot + 3600 * kSecond;
};

}  // namespace edgehaul::test
