// SPDX-License-Identifier: Apache-2.0
#include "sources/host/load.hpp"

#include "base/text.hpp"

namespace edgehaul::host {

namespace {

constexpr metric::Id kLoads[] = {metric::id("system.cpu.load_average.1m"),
                                 metric::id("system.cpu.load_average.5m"),
                                 metric::id("system.cpu.load_average.15m")};

}  // namespace

Result<std::array<double, 3>> parse_loadavg(std::string_view body) {
  std::array<double, 3> loads{};
  std::string_view line = text::next_line(body).value_or("");
  std::string_view rest = line;
  for (double& load : loads) {
    if (text::parse_into(text::next_field(rest), load)) continue;
    Faults faults;
    faults.malformed("loadavg", line);
    return pass(faults.result().error());
  }
  return loads;
}

Load::Load(const base::Roots& roots, const LoadOptions& options, std::shared_ptr<KernelFiles> files)
    : file_(roots.in_proc("loadavg")), per_cpu_(options.per_cpu), files_(std::move(files)) {}

Result<double> Load::divisor(base::UnixNanos tick) {
  if (!per_cpu_) return 1.0;
  auto stat = files_->stat.at(tick);
  if (!stat) return pass(std::move(stat.error()));
  if ((*stat)->cpus.empty()) return fail(Errc::malformed, "stat: no line for any CPU");
  return static_cast<double>((*stat)->cpus.size());
}

Result<void> Load::read(metric::Batch& batch) {
  auto body = file_.read();
  if (!body) return pass(std::move(body.error()));
  auto loads = parse_loadavg(*body);
  if (!loads) return pass(std::move(loads.error()));
  auto by = divisor(batch.time());
  if (!by) return pass(std::move(by.error()));
  for (std::size_t i = 0; i < loads->size(); ++i)
    batch.add(kLoads[i], (*loads)[i] / *by);
  return {};
}

}  // namespace edgehaul::host
