// SPDX-License-Identifier: Apache-2.0
// A resource below the host's (a process, a container) that a source may keep from tick to tick:
// whoever meets the same object again need not look into it. Immutable.
#pragma once

#include <cstdint>
#include <memory>

#include "metric/value.hpp"

namespace edgehaul::metric {

class Resource {
 public:
  explicit Resource(Attributes attributes);

  const Attributes& attributes() const { return attributes_; }
  // Of the names and values; the same in every run.
  std::uint64_t hash() const { return hash_; }

 private:
  Attributes attributes_;
  std::uint64_t hash_;
};

using ResourcePtr = std::shared_ptr<const Resource>;

inline ResourcePtr make_resource(Attributes attributes) {
  return std::make_shared<const Resource>(std::move(attributes));
}

}  // namespace edgehaul::metric
