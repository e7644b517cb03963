// SPDX-License-Identifier: Apache-2.0
// Logging facade: a component, a level and a formatted line to stderr, with a journal priority
// prefix
// (<3>…) when systemd reads it. One line per state change; never a secret. Thread-safe.
// Loops, cli and daemon log; functions that return a Result do not.
#pragma once

#include <string_view>

#include <fmt/core.h>

namespace edgehaul::log {

enum class Level : unsigned char {
  debug,    // free
  info,     // lifecycle
  warning,  // degraded and handled
  error,    // someone must act
};

// Called once before threads start. `journal` writes priorities instead of times.
void start(Level least, bool journal);
void set_level(Level least);
bool enabled(Level level);
void write(Level level, std::string_view component, fmt::string_view text, fmt::format_args args);
// Control characters in words of peers become '?' so that one event stays one line.
void write_line(Level level, std::string_view component, std::string_view line);

template <class... Args>
void debug(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  if (enabled(Level::debug)) {
    write(Level::debug, component, text, fmt::make_format_args(args...));
  }
}
template <class... Args>
void info(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::info, component, text, fmt::make_format_args(args...));
}
template <class... Args>
void warning(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::warning, component, text, fmt::make_format_args(args...));
}
template <class... Args>
void error(std::string_view component, fmt::format_string<Args...> text, Args&&... args) {
  write(Level::error, component, text, fmt::make_format_args(args...));
}

}  // namespace edgehaul::log
