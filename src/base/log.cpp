// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <memory>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>

namespace edgehaul::log {

namespace {

spdlog::level::level_enum spd_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// sd-daemon(3) priority prefixes.
class Priority final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&,
              spdlog::memory_buf_t& out) override {
    std::string_view prefix = "<6>";
    if (message.level == spdlog::level::debug) prefix = "<7>";
    if (message.level == spdlog::level::warn) prefix = "<4>";
    if (message.level == spdlog::level::err) prefix = "<3>";
    out.append(prefix.data(), prefix.data() + prefix.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<Priority>();
  }
};

spdlog::logger& logger() {
  // Leaked on purpose: threads and destructors may log until the very end.
  static auto* instance = [] {
    auto* made =
        new spdlog::logger("edgehaul", std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v");
    return made;
  }();
  return *instance;
}

}  // namespace

void start(Level least, bool journal) {
  if (journal) {
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<Priority>('*').set_pattern("%*%v");
    logger().set_formatter(std::move(formatter));
  }
  set_level(least);
}

void set_level(Level least) {
  logger().set_level(spd_level(least));
}

bool enabled(Level level) {
  return logger().should_log(spd_level(level));
}

void write(Level level, std::string_view component, fmt::string_view text, fmt::format_args args) {
  if (!enabled(level)) return;
  write_line(level, component, fmt::vformat(text, args));
}

void write_line(Level level, std::string_view component, std::string_view line) {
  std::string out;
  out.reserve(component.size() + line.size() + 2);
  out.append(component).append(": ").append(line);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  logger().log(spd_level(level), spdlog::string_view_t(out.data(), out.size()));
}

}  // namespace edgehaul::log
