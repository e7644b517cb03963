// SPDX-License-Identifier: Apache-2.0
#include "sources/host/cpu_info.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr metric::Id kPhysical = metric::id("system.cpu.physical.count");
constexpr metric::Id kFrequency = metric::id("system.cpu.frequency");

// One processor's paragraph of /proc/cpuinfo.
struct Paragraph {
  std::optional<std::uint32_t> cpu;
  std::optional<std::uint32_t> package;
  std::optional<std::uint32_t> cores;
};

void finish(Paragraph& paragraph, std::vector<std::uint32_t>& packages, CpuInfoText& out) {
  const bool counted = !paragraph.package || std::find(packages.begin(), packages.end(),
                                                       *paragraph.package) != packages.end();
  if (!counted && paragraph.cores) {
    packages.push_back(*paragraph.package);
    out.cores += *paragraph.cores;
  }
  paragraph = Paragraph();
}

std::optional<std::uint32_t> parse_small(std::string_view text) {
  std::uint32_t value = 0;
  if (!text::parse_into(text, value)) return std::nullopt;
  return value;
}

void parse_pair(std::string_view key, std::string_view value, Paragraph& paragraph,
                CpuInfoText& out, Faults& faults) {
  if (key == "physical id") paragraph.package = parse_small(value);
  if (key == "cpu cores") paragraph.cores = parse_small(value);
  if (key != "cpu MHz") return;
  const auto megahertz = text::parse_double(value);
  const bool repeated =
      !out.speeds.empty() && paragraph.cpu && out.speeds.back().cpu >= *paragraph.cpu;
  if (!megahertz || !paragraph.cpu || repeated) {
    faults.malformed("cpuinfo: cpu MHz", value);
  } else {
    out.speeds.push_back({*paragraph.cpu, *megahertz * 1e6});
  }
}

}  // namespace

void parse_cpuinfo(std::string_view body, CpuInfoText& out, Faults& faults) {
  out.speeds.clear();
  out.cores = 0;
  std::vector<std::uint32_t> packages;
  Paragraph paragraph;
  while (const auto line = text::next_line(body)) {
    const auto halves = text::split_once(*line, ':');
    if (!halves) continue;
    const std::string_view key = text::trim(halves->head);
    const std::string_view value = text::trim(halves->tail);
    if (key == "processor") {
      finish(paragraph, packages, out);
      paragraph.cpu = parse_small(value);
    } else {
      parse_pair(key, value, paragraph, out, faults);
    }
  }
  finish(paragraph, packages, out);
}

CpuInfo::CpuInfo(const base::Roots& roots)
    : cpu_folder_(roots.in_sys("devices/system/cpu")), cpuinfo_(roots.in_proc("cpuinfo")) {}

// Each core is counted at the first CPU of its own sibling list ("0,32" or "0-1").
bool CpuInfo::leads_its_core(std::uint32_t cpu) {
  for (const char* file : {"core_cpus_list", "thread_siblings_list"}) {  // the latter before 5.3
    const auto list = base::read_file(fmt::format("{}/cpu{}/topology/{}", cpu_folder_, cpu, file),
                                      buffer_, 65536);
    if (!list) continue;
    const std::string_view trimmed = text::trim(*list);
    return parse_small(trimmed.substr(0, trimmed.find_first_of(",-"))) == cpu;
  }
  return false;
}

std::uint64_t CpuInfo::count_cores(const std::vector<CpuLine>& online) {
  std::uint64_t cores = 0;
  for (const CpuLine& line : online)
    cores += leads_its_core(line.number) ? 1U : 0U;
  return cores;
}

std::optional<std::uint64_t> CpuInfo::sysfs_kilohertz(std::uint32_t cpu) {
  const auto body = base::read_file(
      fmt::format("{}/cpu{}/cpufreq/scaling_cur_freq", cpu_folder_, cpu), buffer_, 4096);
  if (!body) return std::nullopt;
  return text::parse_u64(text::trim(*body));
}

void CpuInfo::add_speeds(metric::Batch& batch, const std::vector<CpuLine>& online) {
  const auto add = [&](std::uint32_t cpu, double hertz) {
    batch.add(kFrequency, hertz, {{"cpu", fmt::format("cpu{}", cpu)}});
  };
  for (const CpuSpeed& speed : text_.speeds)
    add(speed.cpu, speed.hertz);
  if (!text_.speeds.empty()) return;
  for (const CpuLine& line : online) {
    if (const auto kilohertz = sysfs_kilohertz(line.number))
      add(line.number, static_cast<double>(*kilohertz) * 1000);
  }
}

void CpuInfo::add_points(metric::Batch& batch, const std::vector<CpuLine>& online, Faults& faults) {
  const bool recount = batch.wants(kPhysical) && counted_for_ != online.size();
  if (!recount && !batch.wants(kPhysical) && !batch.wants(kFrequency)) return;
  text_ = CpuInfoText();
  if (recount || batch.wants(kFrequency)) {
    if (const auto body = cpuinfo_.read()) parse_cpuinfo(*body, text_, faults);
  }
  if (recount) {
    cores_ = count_cores(online);
    if (cores_ == 0) cores_ = text_.cores;
    counted_for_ = online.size();
  }
  if (batch.wants(kPhysical) && cores_ > 0) batch.add(kPhysical, cores_);
  if (batch.wants(kFrequency)) add_speeds(batch, online);
}

}  // namespace edgehaul::host
