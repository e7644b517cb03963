// SPDX-License-Identifier: Apache-2.0
// Command-line words against a list of options: --name VALUE, --name=VALUE, flags, "--" and the
// rest. Pure.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace edgehaul::cli {

struct OptionSpec {
  std::string_view name;   // "--config"
  std::string_view value;  // "FILE"; empty for a flag
  std::string_view help;
};

class Args {
 public:
  // An unknown option is Errc::invalid, with the nearest known one; so is a missing value.
  static Result<Args> parse(std::span<const std::string_view> words,
                            std::span<const OptionSpec> options);

  bool has(std::string_view name) const { return values_.contains(name); }
  // The last value given; nullopt when there was none.
  std::optional<std::string> value(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::map<std::string_view, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> rest_;
};

}  // namespace edgehaul::cli
