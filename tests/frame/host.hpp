// SPDX-License-Identifier: Apache-2.0
// A host made of random numbers: batches whose series, values and times change from tick to tick
// as real ones do and worse.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "metric/batch.hpp"
#include "otlp/encode.hpp"

namespace edgehaul::test {

class RandomHost {
 public:
  explicit RandomHost(std::uint32_t seed) : random_(seed) {
    selection_.set_all(true);
    const std::size_t resources = below(4);
    for (std::size_t i = 0; i < 5 + below(40); ++i)
      series_.push_back(make_series(resources));
  }

  // The next tick as the sampler would send it.
  std::string tick() {
    step_time();
    if (below(8) == 0) change_series();
    batch_.begin(time_, kBoot, selection_);
    std::vector<metric::ResourceRef> resources{metric::kHost};
    for (std::size_t i = 1; i < 5; ++i)
      resources.push_back(batch_.add_resource({{"container.id", std::to_string(i)}}));
    for (Series& series : series_)
      add(series, resources[series.resource]);
    spoil();
    return encoder_.encode(batch_, {{"host.name", std::string("edge-1")}});
  }
  base::UnixNanos time() const { return time_; }
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  static constexpr base::UnixNanos kBoot = 1'600'000'000'000'000'000;

  struct Series {
    metric::Id metric{};
    std::size_t resource = 0;
    std::string name;
    std::uint64_t integer = 0;
    double real = 0;
    int habit = 0;
  };

  Series make_series(std::size_t resources) {
    Series series;
    series.metric = metric::Id(static_cast<std::uint16_t>(below(metric::catalogue().size())));
    series.resource = below(resources + 1);
    series.name = "dev" + std::to_string(below(1000));
    series.integer = static_cast<std::uint64_t>(random_()) << below(32);
    series.habit = static_cast<int>(below(6));
    return series;
  }

  void step_time() {
    time_ += 10'000'000'000 + static_cast<base::UnixNanos>(below(1000)) * 1000;
    if (below(20) == 0) time_ += 3'600'000'000'000;   // a gap
    if (below(20) == 0) time_ -= 86'400'000'000'000;  // the clock was set
  }

  void change_series() {
    const std::size_t at = below(series_.size() + 1);
    if (series_.size() > 2 && below(2) == 0) {
      series_.erase(series_.begin() + static_cast<std::ptrdiff_t>(at % series_.size()));
    } else {
      series_.insert(series_.begin() + static_cast<std::ptrdiff_t>(at), make_series(4));
    }
  }

  void add(Series& series, metric::ResourceRef resource) {
    switch (series.habit) {
      case 0:
        break;  // stands still
      case 1:
        series.integer += 7;
        series.real += 0.25;
        break;
      case 2:
        series.integer += below(1000);
        series.real = static_cast<double>(below(10'000)) / 100;
        break;
      case 3:
        series.integer = random_();
        series.real = static_cast<double>(random_()) / 3;
        break;
      case 4:
        series.integer -= 1'000'000;  // wraps
        series.real *= -1.0000001;
        break;
      default:
        series.integer = UINT64_MAX - below(3);
        series.real = below(2) == 0 ? -0.0 : 5e-324;
    }
    const metric::Attr name("device", series.name);
    const base::UnixNanos time = series.habit == 3 ? time_ - 1234 : 0;
    if (metric::def(series.metric).number == metric::Number::real) {
      batch_.add_real(series.metric, series.real, {&name, 1}, resource, 0, time);
    } else {
      batch_.add_integer(series.metric, static_cast<std::int64_t>(series.integer), {&name, 1},
                         resource, 0, time);
    }
  }

  // What a batch refuses, a frame must carry all the same.
  void spoil() {
    static constexpr double kOdd[] = {std::numeric_limits<double>::quiet_NaN(),
                                      std::numeric_limits<double>::infinity(),
                                      -std::numeric_limits<double>::infinity(), -0.0};
    for (metric::Point& point : batch_.points()) {
      if (point.is_real && below(16) == 0) point.real = kOdd[below(4)];
    }
  }

  std::mt19937 random_;
  metric::Selection selection_;
  metric::Batch batch_;
  otlp::Encoder encoder_{"1.0"};
  std::vector<Series> series_;
  base::UnixNanos time_ = 1'700'000'000'000'000'000;
};

}  // namespace edgehaul::test
