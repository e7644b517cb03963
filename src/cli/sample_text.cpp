// SPDX-License-Identifier: Apache-2.0
#include "cli/sample_text.hpp"

#include <type_traits>
#include <variant>

#include <fmt/core.h>

#include "base/text.hpp"

namespace edgehaul::cli {

namespace {

// Names of devices and processes come from the host: one point stays one line of valid UTF-8.
std::string quoted(std::string_view raw) {
  std::string out = "\"";
  for (const char c : text::to_utf8(raw)) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string value_text(const metric::Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          return quoted(held);
        } else if constexpr (std::is_same_v<Held, std::vector<std::string>>) {
          std::string out = "[";
          for (const std::string& item : held)
            out += (out.size() > 1 ? "," : "") + quoted(item);
          return out + "]";
        } else {
          return fmt::format("{}", held);
        }
      },
      value);
}

std::string attributes_text(const metric::Attributes& attributes) {
  std::string out;
  for (const auto& [key, value] : attributes) {
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key, value_text(value));
  }
  return out;
}

std::string point_text(const metric::Batch& batch, const metric::Point& point) {
  const metric::Def& def = metric::def(point.metric);
  std::string line(def.name);
  for (std::uint32_t i = 0; i < point.attr_count; ++i) {
    const metric::Attr attr = batch.attr(point, i);
    line += fmt::format("{}{}={}", i == 0 ? "{" : ",", attr.key,
                        attr.is_integer ? std::to_string(attr.integer) : quoted(attr.text));
  }
  if (point.attr_count > 0) line += '}';
  line += point.is_real ? fmt::format(" {}", point.real) : fmt::format(" {}", point.integer);
  line += fmt::format(" {}", def.unit);
  if (point.resource != metric::kHost) {
    line += fmt::format(" [{}]", attributes_text(batch.resource(point.resource)));
  }
  return line;
}

}  // namespace

std::string sample_text(const metric::Batch& batch, const metric::Attributes& host) {
  std::string out = fmt::format("# {}\n", attributes_text(host));
  for (const metric::Point& point : batch.points())
    out += point_text(batch, point) + '\n';
  return out;
}

}  // namespace edgehaul::cli
