// SPDX-License-Identifier: Apache-2.0
#include "sources/host/pid_stat.hpp"

#include <bit>

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

// comm is in brackets and may itself hold blanks and brackets: only the last one ends it.
struct Sections {
  std::string_view comm;
  std::string_view rest;
};
std::optional<Sections> split_comm(std::string_view line) {
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return std::nullopt;
  return Sections{line.substr(open + 1, close - open - 1), line.substr(close + 1)};
}

struct Field {
  int number;  // as proc(5) counts them
  std::uint64_t PidStat::*member;
};
constexpr Field kFields[] = {
    {10, &PidStat::minor_faults},  {12, &PidStat::major_faults},   {14, &PidStat::user_ticks},
    {15, &PidStat::system_ticks},  {20, &PidStat::threads},        {22, &PidStat::start_ticks},
    {23, &PidStat::virtual_bytes}, {24, &PidStat::resident_pages},
};
constexpr Field kWait = {42, &PidStat::wait_ticks};

}  // namespace

char parse_pid_state(std::string_view line) {
  auto sections = split_comm(line);
  if (!sections) return 0;
  const std::string_view state = text::next_field(sections->rest);
  return state.size() == 1 ? state[0] : '\0';
}

std::optional<PidStat> parse_pid_stat(std::string_view line) {
  auto sections = split_comm(text::trim(line));
  if (!sections) return std::nullopt;
  std::string_view rest = sections->rest;
  PidStat out;
  out.comm = sections->comm;
  const std::string_view state = text::next_field(rest);
  if (state.size() != 1) return std::nullopt;
  out.state = state[0];
  if (!text::parse_into(text::next_field(rest), out.parent)) return std::nullopt;
  int number = 5;
  for (const Field& field : kFields) {
    std::string_view word;
    for (; number <= field.number; ++number)
      word = text::next_field(rest);
    if (!text::parse_into(word, out.*field.member)) return std::nullopt;
  }
  const std::string_view wait = text::nth_field(rest, kWait.number - number);
  if (!wait.empty() && !text::parse_into(wait, out.*kWait.member)) return std::nullopt;
  return out;
}

PidStatus parse_pid_status(std::string_view body) {
  PidStatus out;
  while (const auto line = text::next_line(body)) {
    const auto halves = text::split_once(*line, ':');
    if (!halves) continue;
    std::string_view values = halves->tail;
    const std::string_view value = text::next_field(values);
    if (halves->head == "Uid") {
      std::uint32_t uid = 0;
      if (text::parse_into(value, uid)) out.uid = uid;
    } else if (halves->head == "ShdPnd") {
      if (const auto mask = text::parse_u64(value, 16))
        out.pending = static_cast<std::uint64_t>(std::popcount(*mask));
    } else if (halves->head == "voluntary_ctxt_switches") {
      out.voluntary = text::parse_u64(value);
    } else if (halves->head == "nonvoluntary_ctxt_switches") {
      out.involuntary = text::parse_u64(value);
    }
  }
  return out;
}

PidIo parse_pid_io(std::string_view body) {
  PidIo out;
  while (const auto line = text::next_line(body)) {
    const auto halves = text::split_once(*line, ':');
    if (!halves) continue;
    const auto value = text::parse_u64(text::trim(halves->tail));
    if (halves->head == "read_bytes") out.read_bytes = value;
    if (halves->head == "write_bytes") out.write_bytes = value;
    if (halves->head == "syscr") out.read_calls = value;
    if (halves->head == "syscw") out.write_calls = value;
  }
  return out;
}

}  // namespace edgehaul::host
