// SPDX-License-Identifier: Apache-2.0
// The key table: one row for each thing that can be set. It drives parsing, defaults, `check`,
// `--set`, the sample file, the man page and the README, so that none of them drifts. Built once,
// then read-only; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.hpp"

namespace edgehaul::config {

inline constexpr std::size_t kMaxDestinations = 16;

enum class Preset : std::uint8_t { none, openobserve };

// A destination while it is read.
struct Draft {
  forward::Destination to{};
  bool insecure = false;         // tls.insecure: an endpoint without a scheme is plaintext
  std::string backlog_forbid{};  // "08:00-18:00"
  Preset preset = Preset::none;
  // Of the preset.
  std::string organization{};
  std::string user{};
  std::string password_file{};
  std::string stream{};
};

// What a row's accessor reaches into; `draft` counts only for rows below "forward[]".
struct Slot {
  Config& config;
  Draft& draft;
};

// A choice is a number with a name; the accessors hide the enum.
struct Choice {
  std::vector<std::string_view> names;
  void (*set)(Slot, std::size_t);
  std::size_t (*get)(Slot);
};

using Target = std::variant<bool& (*)(Slot), std::uint64_t& (*)(Slot),
                            std::chrono::milliseconds& (*)(Slot), std::chrono::seconds& (*)(Slot),
                            std::string& (*)(Slot), std::vector<std::string>& (*)(Slot),
                            Pairs& (*)(Slot), metric::Selection& (*)(Slot), Choice>;

enum class Type : std::uint8_t {
  flag,
  count,
  size,
  rate,  // bytes per second; 0: no limit
  duration,
  text,
  url,
  path,  // absolute; may be empty where the default is
  choice,
  list,     // of globs or names
  map,      // names to texts
  metrics,  // names or globs to flags
};
std::string_view type_name(Type type);  // "duration"

struct Limits {  // both ends included; milliseconds, bytes or a count
  std::uint64_t least = 0;
  std::uint64_t most = UINT64_MAX;
};

struct Key {
  std::string path;  // "forward[].endpoint"
  Type type;
  Target target;
  Limits limits;
  std::string help;        // one sentence
  bool is_secret = false;  // the value is never shown
};

const std::vector<Key>& keys();
std::vector<std::string> key_names();
// The row with this path, written with "[]" for any index.
const Key* find_key(std::string_view path);

// True when rows begin with this path and a dot or "[]".
bool is_section(std::string_view path);
// Names that may follow a section's path, in the order of the table.
std::vector<std::string> children(std::string_view section);

// One sentence about a section, for the sample file and the docs; empty when there is none.
std::string_view section_help(std::string_view path);

// The rows of one part, in keys_*.cpp.
void add_general_keys(std::vector<Key>& rows);
void add_host_keys(std::vector<Key>& rows);
void add_cgroup_keys(std::vector<Key>& rows);
void add_kubelet_keys(std::vector<Key>& rows);
void add_forward_keys(std::vector<Key>& rows);
void add_receive_keys(std::vector<Key>& rows);

}  // namespace edgehaul::config
