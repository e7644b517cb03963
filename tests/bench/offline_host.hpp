// SPDX-License-Identifier: Apache-2.0
// A host for the offline bench: the catalogue's default metrics on a machine of 16 processors, with
// counters and gauges that move as those of a moderately busy server do, by a fixed seed. With
// containers it is a Kubernetes host whose pods come and go.
#pragma once

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "metric/batch.hpp"

namespace edgehaul::bench {

class Host {
 public:
  Host(std::size_t containers, std::size_t ticks_per_change) : ticks_per_change_(ticks_per_change) {
    for (std::size_t row = 0; row < metric::catalogue().size(); ++row)
      add_series(metric::Id(static_cast<std::uint16_t>(row)));
    for (std::size_t i = 0; i < containers; ++i)
      containers_.push_back(make_container());
  }

  void fill(metric::Batch& batch, base::UnixNanos time, const metric::Selection& selection) {
    batch.begin(time, kBoot, selection);
    // Load follows the day, with bursts.
    const double day = std::sin(static_cast<double>(tick_) * 2 * 3.14159265 / 8640);
    load_ = std::max(0.02, load_ + (0.3 + 0.2 * day - load_) * 0.05 + normal_(random_) * 0.03);
    for (Series& series : series_)
      add(batch, series, metric::kHost, time);
    if (!containers_.empty() && tick_ % ticks_per_change_ == ticks_per_change_ - 1) {
      containers_.erase(containers_.begin() +
                        static_cast<std::ptrdiff_t>(random_() % containers_.size()));
      containers_.push_back(make_container());
    }
    for (Container& container : containers_) {
      const auto resource = batch.add_resource(container.attributes);
      for (Series& series : container.series)
        add(batch, series, resource, time);
    }
    ++tick_;
  }

 private:
  static constexpr base::UnixNanos kBoot = 1'760'000'000'000'000'000;

  struct Series {
    metric::Id metric{};
    std::vector<std::string> values;  // of the attributes device and state
    double activity = 0;              // 0: stands still
    double value = 0;
  };
  struct Container {
    metric::Attributes attributes;
    std::vector<Series> series;
  };

  static bool is_of_container(const metric::Def& def) {
    return def.name.starts_with("container.") || def.name.starts_with("k8s.");
  }

  Series make_series(metric::Id id, std::vector<std::string> values) {
    const metric::Def& def = metric::def(id);
    Series series{id, std::move(values), 0, 0};
    // Errors, drops and the like hardly ever move; of the rest a third belongs to idle devices.
    const bool is_rare = def.name.find("error") != std::string_view::npos ||
                         def.name.find("drop") != std::string_view::npos ||
                         def.name.find("retrans") != std::string_view::npos;
    if (!is_rare && random_() % 3 != 0) series.activity = std::exp(normal_(random_) * 2);
    series.value = std::floor(std::exp(10 + normal_(random_) * 4));
    return series;
  }

  // As many series as such a machine has: by the attributes that the catalogue names.
  void add_series(metric::Id id) {
    const metric::Def& def = metric::def(id);
    if (!def.on || is_of_container(def)) return;
    const auto has = [&](std::string_view word) {
      return def.attributes.find(word) != std::string_view::npos;
    };
    std::size_t devices = 1;
    if (has("cpu")) devices = 16;
    if (has("device") || has("sensor") || has("mountpoint") || has("source")) devices = 6;
    std::size_t states = 1;
    for (const char c : def.attributes)
      states += has("{") && c == ',' ? 1U : 0U;
    if (devices > 1 && states > 1) --states;
    for (std::size_t i = 0; i < devices * states; ++i) {
      series_.push_back(make_series(
          id, {"dev" + std::to_string(i / states), "state" + std::to_string(i % states)}));
    }
  }

  Container make_container() {
    Container container;
    const std::string id = std::to_string(random_()) + std::to_string(random_());
    container.attributes = {{"container.id", id},
                            {"k8s.container.name", "app-" + std::to_string(random_() % 12)},
                            {"k8s.pod.name", "web-" + id.substr(0, 10)},
                            {"k8s.pod.uid", id.substr(2)},
                            {"k8s.namespace.name", "team-" + std::to_string(random_() % 4)}};
    for (std::size_t row = 0; row < metric::catalogue().size(); ++row) {
      const metric::Def& def = metric::catalogue()[row];
      if (!def.on || !def.name.starts_with("container.")) continue;
      container.series.push_back(make_series(metric::Id(static_cast<std::uint16_t>(row)), {}));
    }
    return container;
  }

  void step(Series& series, const metric::Def& def) {
    if (series.activity == 0) return;
    const bool is_real = def.number == metric::Number::real;
    if (def.kind == metric::Kind::counter) {
      std::poisson_distribution<std::int64_t> events(series.activity * load_ * 100);
      const auto count = static_cast<double>(events(random_));
      // Bytes come in packets and pages, times in hundredths of a second.
      series.value += is_real ? count / 100 : def.unit == "By" ? count * 512 : count;
      if (is_real) series.value = std::round(series.value * 100) / 100;
    } else if (random_() % 2 == 0) {
      const double move = normal_(random_) * series.activity;
      series.value = std::max(
          0.0, series.value + (is_real ? std::round(move * 100) / 100 : std::round(move) * 4096));
      if (is_real) series.value = std::round(series.value * 100) / 100;
    }
  }

  void add(metric::Batch& batch, Series& series, metric::ResourceRef resource,
           base::UnixNanos time) {
    const metric::Def& def = metric::def(series.metric);
    step(series, def);
    std::vector<metric::Attr> attrs;
    static constexpr std::string_view kKeys[] = {"device", "state"};
    for (std::size_t i = 0; i < series.values.size(); ++i)
      attrs.emplace_back(kKeys[i], series.values[i]);
    if (def.number == metric::Number::real) {
      batch.add_real(series.metric, series.value, attrs, resource, 0, time);
    } else {
      batch.add_integer(series.metric, static_cast<std::int64_t>(series.value), attrs, resource, 0,
                        time);
    }
  }

  std::mt19937 random_{20261125};
  std::normal_distribution<double> normal_;
  std::vector<Series> series_;
  std::vector<Container> containers_;
  std::size_t ticks_per_change_;
  std::size_t tick_ = 0;
  double load_ = 0.3;
};

}  // namespace edgehaul::bench
