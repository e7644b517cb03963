// SPDX-License-Identifier: Apache-2.0
// What can be told of a header before it is sent. Complaints never quote a value. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edgehaul::config {

struct Complaint {
  std::string message;
  std::string suggestion;
};

std::optional<Complaint> judge_header(std::string_view name, std::string_view value);

}  // namespace edgehaul::config
