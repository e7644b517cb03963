// SPDX-License-Identifier: Apache-2.0
#include "sources/host/mdraid.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

using metric::id;

// "sdb1[2](F)": which members are no working part of the array.
void count_member(std::string_view member, RaidArray& array) {
  const std::size_t flags = member.find(']');
  if (flags == std::string_view::npos) return;
  const std::string_view rest = member.substr(flags + 1);
  if (rest.find("(F)") != std::string_view::npos) {
    ++array.failed;
  } else if (rest.find("(S)") != std::string_view::npos) {
    ++array.spare;
  } else if (rest.find("(J)") == std::string_view::npos) {  // a journal holds no part of the data
    ++array.active;
  }
}

// "md0 : active (auto-read-only) raid1 sdb1[1] sda1[0]"
std::optional<RaidArray> parse_head(std::string_view line) {
  RaidArray array;
  array.name = text::next_field(line);
  if (array.name.empty() || text::next_field(line) != ":") return std::nullopt;
  const std::string_view activity = text::next_field(line);
  array.is_active = activity == "active";
  if (!array.is_active && activity != "inactive" && activity != "broken") return std::nullopt;
  for (;;) {
    const std::string_view field = text::next_field(line);
    if (field.empty()) break;
    if (field.find('[') != std::string_view::npos) {
      count_member(field, array);
    } else if (field.front() != '(') {
      array.level = field;
    }
  }
  // Levels without redundancy print no "[n/m]": all members are needed.
  array.required = array.active;
  return array;
}

// "1048576 blocks super 1.2 [2/1] [U_]": how many disks there should be and are in step.
void parse_blocks(std::string_view line, RaidArray& array) {
  for (;;) {
    std::string_view field = text::next_field(line);
    if (field.empty()) return;
    if (!field.starts_with('[') || !field.ends_with(']')) continue;
    field = field.substr(1, field.size() - 2);
    const auto halves = text::split_once(field, '/');
    if (!halves) continue;
    const auto required = text::parse_u64(halves->head);
    const auto active = text::parse_u64(halves->tail);
    if (!required || !active) continue;
    array.required = *required;
    array.active = *active;
  }
}

// "[==>...]  recovery = 12.6% (…) finish=…", or "resync=DELAYED".
void parse_action(std::string_view line, RaidArray& array) {
  for (const std::string_view action : {"recovery", "resync", "check", "reshape"}) {
    const std::size_t at = line.find(action);
    if (at == std::string_view::npos) continue;
    std::string_view rest = line.substr(at + action.size());
    rest = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
    if (!rest.starts_with('=')) continue;
    array.action = action;
    rest.remove_prefix(1);
    const std::string_view percent = text::next_field(rest);
    double value = 0;
    if (percent.ends_with('%') && text::parse_into(percent.substr(0, percent.size() - 1), value))
      array.progress = value / 100.0;
    return;
  }
}

std::uint64_t tolerable_losses(const RaidArray& array) {
  if (array.level == "raid1") return array.required - 1;
  if (array.level == "raid4" || array.level == "raid5") return 1;
  if (array.level == "raid6") return 2;
  if (array.level == "raid10") return array.required / 2;
  return 0;
}

std::string_view state_name(RaidState state) {
  return state == RaidState::ok ? "ok" : state == RaidState::degraded ? "degraded" : "failed";
}

void add(metric::Batch& batch, std::string_view name, const RaidArray& array) {
  for (const RaidState state : {RaidState::ok, RaidState::degraded, RaidState::failed}) {
    batch.add(id("hw.status"), std::uint64_t{array.state() == state},
              {{"hw.id", name},
               {"hw.type", "logical_disk"},
               {"hw.logical_disk.raid_level", array.level.empty() ? "unknown" : array.level},
               {"hw.state", state_name(state)}});
  }
  constexpr metric::Id kDisks = id("system.linux.mdraid.disks");
  batch.add(kDisks, array.active, {{"device", name}, {"state", "active"}});
  batch.add(kDisks, array.failed, {{"device", name}, {"state", "failed"}});
  batch.add(kDisks, array.spare, {{"device", name}, {"state", "spare"}});
  batch.add(id("system.linux.mdraid.disks.required"), array.required, {{"device", name}});
  if (!array.action.empty()) {
    batch.add(id("system.linux.mdraid.sync.progress"), array.progress,
              {{"device", name}, {"action", array.action}});
  }
}

}  // namespace

RaidState RaidArray::state() const {
  if (!is_active || required == 0) return RaidState::failed;
  if (active >= required) return RaidState::ok;
  return required - active <= tolerable_losses(*this) ? RaidState::degraded : RaidState::failed;
}

std::vector<RaidArray> parse_mdstat(std::string_view body, Faults& faults) {
  std::vector<RaidArray> arrays;
  bool is_inside = false;
  while (const auto line = text::next_line(body)) {
    if (text::trim(*line).empty()) {
      is_inside = false;
    } else if (line->starts_with(' ') || line->starts_with('\t')) {
      if (!is_inside) continue;
      RaidArray& array = arrays.back();
      if (!array.is_active && line->find("super external:") != std::string_view::npos) {
        arrays.pop_back();
        is_inside = false;
        continue;
      }
      parse_blocks(*line, array);
      parse_action(*line, array);
    } else if (!line->starts_with("Personalities") && !line->starts_with("unused devices")) {
      const auto array = parse_head(*line);
      is_inside = array.has_value();
      if (array) {
        arrays.push_back(*array);
      } else if (!line->starts_with("read_ahead")) {
        faults.malformed("mdstat", *line);
      }
    }
  }
  return arrays;
}

Mdraid::Mdraid(const base::Roots& roots, const MdraidOptions& options)
    // An array of many devices is one record.
    : file_(roots.in_proc("mdstat"), KeptFile::Records::may_be_long),
      arrays_(options.include, options.exclude) {}

Result<void> Mdraid::read(metric::Batch& batch) {
  auto body = file_.read();
  if (!body) return pass(std::move(body.error()));
  Faults faults;
  arrays_.begin_tick();
  for (const RaidArray& array : parse_mdstat(*body, faults)) {
    if (const auto* entry = arrays_.take(array.name)) add(batch, entry->name, array);
  }
  arrays_.end_tick();
  return faults.result();
}

}  // namespace edgehaul::host
