// SPDX-License-Identifier: Apache-2.0
#include "relay/access.hpp"

#include "base/base64.hpp"
#include "base/text.hpp"

namespace edgehaul::relay {

bool equal_in_constant_time(std::string_view given, std::string_view expected) {
  // An empty secret would match nothing but an empty guess; such credentials are never made.
  unsigned char difference = given.size() == expected.size() && !expected.empty() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference = static_cast<unsigned char>(difference | (given[i] ^ other));
  }
  return difference == 0;
}

Access::Access(const AccessOptions& options) {
  for (const std::string& pair : options.basic) {
    const auto halves = text::split_once(pair, ':');
    credentials_.push_back({base::base64_encode(pair, true), "basic",
                            text::to_utf8(halves ? halves->head : std::string_view(pair))});
  }
  std::size_t number = 0;
  for (const std::string& token : options.bearer) {
    credentials_.push_back({token, "bearer", fmt::format("bearer {}", ++number)});
  }
  if (!options.basic.empty()) challenge_ = "Basic realm=\"edgehaul\"";
  if (!options.bearer.empty()) challenge_ += challenge_.empty() ? "Bearer" : ", Bearer";
}

Access::Verdict Access::judge(std::string_view authorization) const {
  if (is_open()) return {.is_allowed = true, .name = {}};
  std::string_view value = text::trim(authorization);
  const std::string scheme = text::lower(text::next_field(value));
  value = text::trim(value);
  Verdict verdict;
  // Every credential is looked at, so that the time does not tell which one was near.
  for (const Credential& credential : credentials_) {
    const bool is_equal = equal_in_constant_time(value, credential.value);
    if (is_equal && scheme == credential.scheme) verdict = {true, credential.name};
  }
  return verdict;
}

}  // namespace edgehaul::relay
