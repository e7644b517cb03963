// SPDX-License-Identifier: Apache-2.0
#include "metric/resource.hpp"

#include <utility>

#include "metric/hash.hpp"

namespace edgehaul::metric {

namespace {

std::uint64_t hash_of(const Attributes& attributes) {
  Hash hash;
  for (const auto& [key, value] : attributes) {
    hash.mix(key);
    if (const auto* text = std::get_if<std::string>(&value)) hash.mix(*text);
    if (const auto* number = std::get_if<std::int64_t>(&value)) hash.mix(*number);
  }
  return hash.value();
}

}  // namespace

Resource::Resource(Attributes attributes)
    : attributes_(std::move(attributes)), hash_(hash_of(attributes_)) {}

}  // namespace edgehaul::metric
