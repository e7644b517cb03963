// SPDX-License-Identifier: Apache-2.0
// The rows of the catalogue, by room. Included by catalogue.hpp only.
#pragma once

#include <cstddef>

#include "metric/def.hpp"
#include "metric/rows_cgroup.hpp"
#include "metric/rows_container.hpp"
#include "metric/rows_devices.hpp"
#include "metric/rows_host.hpp"
#include "metric/rows_kubelet.hpp"
#include "metric/rows_self.hpp"

namespace edgehaul::metric {

namespace detail {
template <std::size_t... Sizes>
constexpr auto join(const std::array<Def, Sizes>&... parts) {
  std::array<Def, (Sizes + ...)> all{};
  std::size_t at = 0;
  const auto add = [&](const auto& part) {
    for (const Def& row : part)
      all[at++] = row;
  };
  (add(parts), ...);
  return all;
}
}  // namespace detail

inline constexpr auto kRows =
    detail::join(kHostRows, kDeviceRows, kContainerRows, kKubeletRows, kCgroupRows, kSelfRows);

}  // namespace edgehaul::metric
