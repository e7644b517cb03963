// SPDX-License-Identifier: Apache-2.0
#include "identity/info_source.hpp"

#include <string>
#include <variant>
#include <vector>

namespace edgehaul::identity {

Result<void> InfoSource::read(metric::Batch& batch) {
  static constexpr auto kInfo = metric::id("edgehaul.host.info");
  shown_ = watch_->current();
  if (shown_->details.empty()) return fail(Errc::absent, "nothing but what every sample carries");
  std::vector<metric::Attr> attributes;
  attributes.reserve(shown_->details.size());
  for (const auto& [key, value] : shown_->details)
    attributes.emplace_back(key, std::get<std::string>(value));
  batch.add(kInfo, std::uint64_t{1}, attributes);
  return {};
}

}  // namespace edgehaul::identity
