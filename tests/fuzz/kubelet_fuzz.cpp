// SPDX-License-Identifier: Apache-2.0
// Answers of a strange kubelet: whatever is accepted keeps to the bounds, has names in UTF-8, and
// becomes points without a duplicate, once at the first look and not again at the second.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "base/text.hpp"
#include "fuzz/require.hpp"
#include "metric/batch.hpp"
#include "sources/kubelet/points.hpp"
#include "sources/kubelet/summary.hpp"

using namespace edgehaul;
using fuzz::require;

namespace {

constexpr base::UnixNanos kBoot = 1'700'000'000'000'000'000;
constexpr base::UnixNanos kNow = 1'780'000'000'000'000'000;
constexpr base::UnixNanos kStep = 10'000'000'000;

void check_names(const kubelet::Usage& usage) {
  require(text::is_utf8(usage.name) && text::is_utf8(usage.interface));
  require(usage.start >= 0 && usage.cpu.time >= 0);
}

void check(const kubelet::Summary& summary) {
  require(summary.pods.size() <= kubelet::Summary::kMostPods);
  require(text::is_utf8(summary.oddity));
  check_names(summary.node);
  std::size_t containers = 0;
  std::size_t volumes = 0;
  for (const kubelet::Pod& pod : summary.pods) {
    check_names(pod.usage);
    require(text::is_utf8(pod.uid) && text::is_utf8(pod.namespace_name));
    containers += pod.containers.size();
    volumes += pod.volumes.size();
    for (const kubelet::Usage& container : pod.containers)
      check_names(container);
    for (const kubelet::Volume& volume : pod.volumes)
      require(text::is_utf8(volume.name) && text::is_utf8(volume.claim));
  }
  require(containers <= kubelet::Summary::kMostParts && volumes <= kubelet::Summary::kMostParts);
}

std::size_t points_of(kubelet::Points& points, const kubelet::Summary& summary,
                      base::UnixNanos asked) {
  metric::Selection selection;
  selection.set_all(true);
  metric::Batch batch;
  batch.begin(asked, kBoot, selection);
  points.add(summary, asked, batch);
  std::unordered_set<std::uint64_t> series;
  for (const metric::Point& point : batch.points()) {
    require(point.time > 0);
    require(point.start <= point.time);
    require(series.insert(batch.series_hash(point)).second);
  }
  return batch.points().size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto summary = kubelet::parse_summary(fuzz::view(data, size));
  if (!summary) {
    require(summary.error().code == Errc::malformed || summary.error().code == Errc::too_large);
    require(text::is_utf8(summary.error().message));
    return 0;
  }
  check(*summary);
  kubelet::Points points{kubelet::Options()};
  const std::size_t first = points_of(points, *summary, kNow);
  // The same answer once more: what says when it was measured is not measured anew.
  require(points_of(points, *summary, kNow + kStep) <= first);
  return 0;
}
