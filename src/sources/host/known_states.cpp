// SPDX-License-Identifier: Apache-2.0
#include "sources/host/known_states.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <unistd.h>

#include "sources/host/pid_stat.hpp"

namespace edgehaul::host {

namespace {

constexpr std::size_t kStatPrefix = 160;  // comm of a kernel worker is at most 64 bytes

// States that nothing but a turn on a CPU ends. One that runs may run on without another turn.
bool is_at_rest(char letter) {
  return std::string_view("SDITtZP").find(letter) != std::string_view::npos;
}

// What a kernel prints that does not count turns.
bool is_uncounted(std::string_view runs) {
  return runs.starts_with("0 0 0");
}

}  // namespace

KnownStates::KnownStates(std::size_t most) : most_(std::min(most, base::descriptor_limit() / 4)) {}

void KnownStates::begin() {
  next_.clear();
  at_ = 0;
  looks_ = 0;
}

void KnownStates::end() {
  for (Known& known : known_)
    close(known);
  known_.swap(next_);
  next_.clear();
}

Result<char> KnownStates::read(PidDir& pids, std::uint32_t pid) {
  while (at_ < known_.size() && known_[at_].pid < pid)
    ++at_;
  Known known;
  if (at_ < known_.size() && known_[at_].pid == pid) known = std::move(known_[at_++]);
  Since since = ask(known);
  if (since == Since::ended) {
    close(known);  // another may have the PID by now
    known = Known();
  }
  if (known.pid == 0) {
    known.pid = pid;
    keep(pids, pid, "schedstat", known.schedstat);
    since = ask(known);
  }
  if (since != Since::at_rest) {
    auto letter = look(pids, known);
    if (!letter) {
      close(known);
      return letter;
    }
    known.letter = *letter;
  }
  const char letter = known.letter;
  if (known.schedstat || known.stat) next_.push_back(std::move(known));
  return letter;
}

// Whether the process has been on a CPU since its letter was read; notes what the next one is
// compared with.
KnownStates::Since KnownStates::ask(Known& known) const {
  if (!known.schedstat) return Since::moved;
  std::array<char, 64> now{};
  const ssize_t got = ::pread(known.schedstat.get(), now.data(), now.size(), 0);
  if (got <= 0) return Since::ended;
  const std::string_view runs(now.data(), static_cast<std::size_t>(got));
  const bool is_same = runs == std::string_view(known.runs.data(), known.length);
  if (is_same && is_at_rest(known.letter) && !is_uncounted(runs)) return Since::at_rest;
  known.runs = now;
  known.length = static_cast<std::uint8_t>(runs.size());
  return Since::moved;
}

Result<char> KnownStates::look(PidDir& pids, Known& known) {
  ++looks_;
  char buffer[kStatPrefix];
  const auto line = read_stat(pids, known, buffer);
  if (line) return parse_pid_state(*line);
  if (line.error().code == Errc::absent) return pass(line.error());
  return '\0';
}

Result<std::string_view> KnownStates::read_stat(PidDir& pids, Known& known,
                                                std::span<char> buffer) {
  if (!known.stat) keep(pids, known.pid, "stat", known.stat);
  if (!known.stat) return pids.read(known.pid, "stat", buffer);
  const ssize_t got = ::pread(known.stat.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) return pass(base::system_error("stat", got < 0 ? errno : ESRCH));
  return std::string_view(buffer.data(), static_cast<std::size_t>(got));
}

// In a recorded folder a kept descriptor would go on showing a file that is gone.
void KnownStates::keep(PidDir& pids, std::uint32_t pid, std::string_view name, base::Fd& file) {
  if (!pids.is_procfs() || descriptors_ >= most_) return;
  auto opened = pids.open(pid, name);
  if (!opened) return;
  file = std::move(*opened);
  ++descriptors_;
}

void KnownStates::close(Known& known) {
  for (base::Fd* file : {&known.schedstat, &known.stat}) {
    if (!*file) continue;
    file->reset();
    --descriptors_;
  }
}

}  // namespace edgehaul::host
