// SPDX-License-Identifier: Apache-2.0
#include "sources/host/edac.hpp"

#include <array>
#include <utility>

#include "sources/host/folder.hpp"

namespace edgehaul::host {

namespace {

constexpr std::size_t kMaxModules = 1024;

// True when the controller counts by DIMM; old drivers know their rows only.
bool read_modules(const std::string& controller, const std::string& id,
                  std::vector<MemoryErrors>& out) {
  bool has_any = false;
  auto modules = list_folder(controller, "dimm");
  if (modules.empty()) modules = list_folder(controller, "rank");
  for (const std::string& module : modules) {
    const std::string folder = controller + "/" + module;
    const auto correctable = read_u64(folder + "/dimm_ce_count");
    const auto uncorrectable = read_u64(folder + "/dimm_ue_count");
    if (!correctable || !uncorrectable || out.size() >= kMaxModules) continue;
    out.push_back(
        {id + "/" + module, read_text(folder + "/dimm_label"), *correctable, *uncorrectable});
    has_any = true;
  }
  return has_any;
}

void add(metric::Batch& batch, const MemoryErrors& errors) {
  constexpr metric::Id kErrors = metric::id("hw.errors");
  std::array<metric::Attr, 4> attrs = {
      metric::Attr("hw.id", errors.id), metric::Attr("hw.type", "memory"),
      metric::Attr("error.type", "correctable"), metric::Attr("hw.name", errors.label)};
  const metric::Attrs used(attrs.data(), errors.label.empty() ? 3 : 4);
  batch.add(kErrors, errors.correctable, used);
  attrs[2].text = "uncorrectable";
  batch.add(kErrors, errors.uncorrectable, used);
}

}  // namespace

std::vector<MemoryErrors> read_edac(const std::string& sys) {
  std::vector<MemoryErrors> all;
  const std::string parent = sys + "/devices/system/edac/mc";
  for (const std::string& controller : list_folder(parent, "mc")) {
    const std::string folder = parent + "/" + controller;
    const bool by_module = read_modules(folder, controller, all);
    // The controller's own totals hold those of its modules, so only the rest is its own.
    const std::string kind = by_module ? "_noinfo_count" : "_count";
    const auto correctable = read_u64(folder + "/ce" + kind);
    const auto uncorrectable = read_u64(folder + "/ue" + kind);
    if (correctable && uncorrectable && all.size() < kMaxModules)
      all.push_back({controller, {}, *correctable, *uncorrectable});
  }
  return all;
}

Edac::Edac(const base::Roots& roots, const EdacOptions& options, const base::Clock& clock)
    : sys_(roots.sys), options_(options), clock_(clock) {}

Result<void> Edac::read(metric::Batch& batch) {
  const base::Steady now = clock_.steady();
  if (!has_read_ || now - last_read_ >= options_.every) {
    has_read_ = true;
    last_read_ = now;
    errors_ = read_edac(sys_);
  }
  if (errors_.empty()) return fail(Errc::absent, "no memory controller counts errors");
  for (const MemoryErrors& errors : errors_)
    add(batch, errors);
  return {};
}

}  // namespace edgehaul::host
