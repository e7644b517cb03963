// SPDX-License-Identifier: Apache-2.0
#include "sources/host/system.hpp"

#include "base/text.hpp"
#include "sources/host/faults.hpp"

namespace edgehaul::host {

namespace {

constexpr metric::Id kUptime = metric::id("system.uptime");

}  // namespace

Result<double> parse_uptime(std::string_view body) {
  const std::string_view line = text::next_line(body).value_or("");
  const auto uptime = text::parse_double(text::nth_field(line, 0));
  if (uptime && *uptime >= 0) return *uptime;
  Faults faults;
  faults.malformed("uptime", line);
  return pass(faults.result().error());
}

System::System(const base::Roots& roots, const SystemOptions&) : uptime_(roots.in_proc("uptime")) {}

Result<void> System::read(metric::Batch& batch) {
  auto uptime = uptime_.read().and_then(parse_uptime);
  if (!uptime) return pass(std::move(uptime.error()));
  batch.add(kUptime, *uptime);
  return {};
}

}  // namespace edgehaul::host
