// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/reader.hpp"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/text.hpp"

namespace edgehaul::cgroup {

namespace {

constexpr std::size_t kFirstBuffer = std::size_t{16} * 1024;
constexpr std::size_t kLargest =
    std::size_t{256} * 1024;  // io.stat of a host with thousands of devices
// A cgroup idle for so long gives back all descriptors but that of its CPU time.
constexpr std::uint32_t kIdleTicks = 3;
// A file that is due in one tick and not in another is kept open while it is due in most.
constexpr std::uint8_t kHot = 4;
constexpr std::uint8_t kHottest = 6;

}  // namespace

Reader::Reader(const Tree& tree, Descriptors& descriptors)
    : tree_(tree),
      descriptors_(descriptors),
      io_changes_(tree, descriptors),
      buffer_(kFirstBuffer) {}

void Reader::begin(std::vector<std::uint8_t> wanted, base::Steady now, metric::Faults& faults) {
  files_ = files_of(tree_.version());
  wanted_ = std::move(wanted);
  now_ = now;
  reserve_ = tree_.reserve();
  io_changes_.begin(wanted_);
  faults_ = &faults;
  refused_ = 0;
}

// The kernel makes the whole text at the first read, so a short read is the end of it.
std::optional<std::string_view> Reader::read_all(int fd, int& why) {
  std::size_t filled = 0;
  for (;;) {
    const ssize_t got =
        ::pread(fd, buffer_.data() + filled, buffer_.size() - filled, static_cast<off_t>(filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      why = errno;
      return std::nullopt;
    }
    filled += static_cast<std::size_t>(got);
    if (got == 0 || filled < buffer_.size()) return std::string_view(buffer_.data(), filled);
    if (buffer_.size() >= kLargest) {
      why = EFBIG;
      return std::nullopt;
    }
    buffer_.resize(buffer_.size() * 2);
  }
}

void Reader::parse(const Node& node, const File& file, std::string_view body, Usage& usage) {
  metric::Faults here;
  file.parse(body, usage, here);
  if (here.count() == 0) return;
  Error error = here.result().error();
  faults_->add(Error(error.code, fmt::format("{}: {}", text::to_utf8(node.path), error.message)));
}

Reader::Outcome Reader::read_file(const Node& node, Member& member, std::uint8_t index) {
  const File& file = files_[index];
  base::Fd& kept = member.files[index];
  base::Fd opened;
  if (!kept) {
    auto result = tree_.open(node, file.hierarchy, file.name);
    if (!result && file.older_name != nullptr)
      result = tree_.open(node, file.hierarchy, file.older_name);
    if (!result) {
      refused_ += result.error().code == Errc::refused ? 1U : 0U;
      member.absent |= 1U << index;
      return Outcome::absent;
    }
    opened = std::move(*result);
  }
  int why = 0;
  const auto body = read_all(kept ? kept.get() : opened.get(), why);
  if (!body) {
    descriptors_.drop(kept);
    if (why == ENODEV || why == ENOENT) return Outcome::gone;
    // A pressure file whose feature is switched off says EOPNOTSUPP.
    member.absent |= 1U << index;
    return Outcome::absent;
  }
  parse(node, file, *body, member.usage);
  if (opened && keeps(member, index)) descriptors_.keep(opened, kept, reserve_);
  return Outcome::good;
}

void Reader::note_cpu(Member& member) {
  const auto cpu_ns = member.usage.get(Field::cpu_ns);
  member.cpu_usage = -1;
  if (!cpu_ns) {
    member.idle_ticks = 0;
    return;
  }
  const bool is_same = member.was_read && *cpu_ns == member.cpu_ns;
  member.idle_ticks = is_same ? member.idle_ticks + 1 : 0;
  const double seconds = std::chrono::duration<double>(now_ - member.cpu_read).count();
  if (member.was_read && *cpu_ns >= member.cpu_ns && seconds > 0)
    member.cpu_usage = static_cast<double>(*cpu_ns - member.cpu_ns) / 1e9 / seconds;
  member.cpu_ns = *cpu_ns;
  member.cpu_read = now_;
}

Reader::Round Reader::begin_round(Member& member) const {
  Round round;
  round.is_all = !member.was_read || now_ - member.all_read >= kOldestOfAll;
  round.is_old = round.is_all || now_ - member.limits_read >= kOldest;
  round.memory = member.usage.get(Field::memory_usage);
  if (round.is_all) member.all_read = now_;
  if (round.is_old) {
    member.absent = 0;  // controllers may be switched on later
    member.limits_read = now_;
  }
  return round;
}

bool Reader::is_due(const Node& node, const Member& member, std::uint8_t index, Round& round) {
  if (index == wanted_.front()) return true;
  const bool is_looked_at = round.is_running || round.is_old;
  switch (files_[index].pace) {
    case Pace::every_tick:
      return is_looked_at;
    case Pace::running:
      return round.is_running || round.is_all;
    case Pace::memory_changed:
      return round.is_all ||
             (is_looked_at &&
              (!round.memory || round.memory != member.usage.get(Field::memory_usage)));
    case Pace::io_changed:
      if (round.is_all) return true;
      if (!is_looked_at) return false;
      if (!round.has_io) round.has_io = io_changes_.changed(*node.parent) > member.io_read;
      return *round.has_io;
    case Pace::cpu_limited:
      if (member.usage.get(Field::cpu_quota_us)) return is_looked_at;
      return round.is_all || (round.is_old && member.usage.get(Field::cpu_periods).value_or(0) > 0);
    case Pace::limit:
      return round.is_old;
    case Pace::limit_of_cpu:
      return round.is_old && member.usage.get(Field::cpu_quota_us);
  }
  return true;
}

bool Reader::keeps(const Member& member, std::uint8_t index) const {
  if (!tree_.is_kernel()) return false;
  if (index == wanted_.front()) return true;
  if (member.idle_ticks >= kIdleTicks) return false;
  switch (files_[index].pace) {
    case Pace::every_tick:
    case Pace::running:
      return true;
    case Pace::limit:
    case Pace::limit_of_cpu:
      return false;
    default:
      return member.heat[index] >= kHot;
  }
}

void Reader::note_heat(Member& member, std::uint8_t index, bool is_due) {
  std::uint8_t& heat = member.heat[index];
  if (is_due) {
    heat = std::min<std::uint8_t>(kHottest, heat + 2);
  } else if (heat > 0) {
    --heat;
  } else {
    descriptors_.drop(member.files[index]);
  }
}

bool Reader::read(Node& node, Member& member) {
  Round round = begin_round(member);
  std::size_t found = 0;
  for (const std::uint8_t index : wanted_) {
    const bool is_cpu = index == wanted_.front();
    const bool is_absent = (member.absent >> index & 1U) != 0;
    const bool is_read = !is_absent && is_due(node, member, index, round);
    if (round.is_running && !is_absent) note_heat(member, index, is_read);
    if (is_read) {
      const Outcome outcome = read_file(node, member, index);
      const bool is_lost = is_cpu && outcome == Outcome::absent && member.usage.get(Field::cpu_ns);
      if (outcome == Outcome::gone || is_lost) {
        Tree::note_gone(node);
        return false;
      }
      found += outcome == Outcome::good ? 1U : 0U;
    }
    if (!is_cpu) continue;
    note_cpu(member);
    round.is_running = member.idle_ticks == 0;
  }
  if (round.is_all || round.has_io.value_or(false)) member.io_read = io_changes_.tick();
  if (member.idle_ticks == kIdleTicks) {
    for (std::size_t index = 1; index < member.files.size(); ++index)
      descriptors_.drop(member.files[index]);
  }
  if (round.is_all || found > 0) member.has_files = found > 0;
  if (!member.has_files) Tree::note_gone(node);  // or it has none of the files: listing tells
  member.was_read = true;
  return member.has_files;
}

bool Reader::read_rest(Node& node, Rest& rest) {
  struct Part {
    Field field;
    std::uint64_t Rest::*value;
  };
  constexpr Part kParts[] = {{Field::cpu_ns, &Rest::cpu_ns},
                             {Field::memory_usage, &Rest::memory},
                             {Field::pids, &Rest::pids}};
  Usage usage;
  bool is_any = false;
  for (const std::uint8_t index : rest_files(tree_.version())) {
    const auto file = tree_.open(node, files_[index].hierarchy, files_[index].name);
    int why = 0;
    const auto body = file ? read_all(file->get(), why) : std::nullopt;
    if (!body) continue;
    is_any = true;
    parse(node, files_[index], *body, usage);
  }
  if (!is_any) {
    Tree::note_gone(node);
    return false;
  }
  for (const Part& part : kParts)
    rest.*part.value = usage.get(part.field).value_or(0);
  rest.was_read = true;
  return true;
}

}  // namespace edgehaul::cgroup
