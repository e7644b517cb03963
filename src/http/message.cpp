// SPDX-License-Identifier: Apache-2.0
#include "http/message.hpp"

namespace edgehaul::http {

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace edgehaul::http
