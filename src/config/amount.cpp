// SPDX-License-Identifier: Apache-2.0
#include "config/amount.hpp"

#include <array>
#include <span>

#include <fmt/format.h>

#include "base/text.hpp"
#include "base/units.hpp"

namespace edgehaul::config {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array kSpans{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                            Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::array kSizes{Unit{"TiB", 1ULL << 40}, Unit{"GiB", 1ULL << 30},
                            Unit{"MiB", 1ULL << 20}, Unit{"KiB", 1ULL << 10}};

std::string in_unit(std::span<const Unit> units, std::uint64_t amount) {
  for (const Unit& unit : units) {
    if (amount % unit.factor == 0) return fmt::format("{}{}", amount / unit.factor, unit.name);
  }
  return {};
}

std::string write_size(std::uint64_t bytes) {
  if (bytes == 0) return "0";
  if (std::string exact = in_unit(kSizes, bytes); !exact.empty()) return exact;
  if (bytes % 1'000'000 == 0) return fmt::format("{}MB", bytes / 1'000'000);
  if (bytes % 100'000 == 0) return fmt::format("{:.1f}MB", static_cast<double>(bytes) / 1e6);
  return fmt::format("{}", bytes);
}

}  // namespace

std::optional<bool> parse_flag(std::string_view word) {
  const std::string lower = text::lower(word);
  if (lower == "true" || lower == "yes" || lower == "on") return true;
  if (lower == "false" || lower == "no" || lower == "off") return false;
  return std::nullopt;
}

std::optional<std::uint64_t> parse_amount(Type type, std::string_view text) {
  if (type == Type::count) return text::parse_u64(text);
  if (type == Type::duration) {
    if (text == "0") return 0;
    const auto span = units::parse_duration(text);
    if (!span) return std::nullopt;
    return static_cast<std::uint64_t>(span->count());
  }
  std::string_view size = text;
  if (type == Type::rate && size.ends_with("/s")) size.remove_suffix(2);
  const auto bytes = units::parse_bytes(size);
  if (!bytes) return std::nullopt;
  return *bytes;
}

std::string write_amount(Type type, std::uint64_t amount) {
  if (type == Type::duration) return amount == 0 ? "0s" : in_unit(kSpans, amount);
  if (type == Type::count) return fmt::format("{}", amount);
  return write_size(amount);
}

std::string_view amount_complaint(Type type) {
  if (type == Type::duration) return "not a duration";
  return type == Type::count ? "not a whole number" : "not a size";
}

std::string_view amount_example(Type type) {
  if (type == Type::duration) return "try 500ms, 30s, 5m";
  return type == Type::count ? "try 100" : "try 512KiB, 64MiB, 1.5GiB";
}

}  // namespace edgehaul::config
