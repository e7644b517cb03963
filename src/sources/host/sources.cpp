// SPDX-License-Identifier: Apache-2.0
#include "sources/host/sources.hpp"

#include "sources/host/cpu.hpp"
#include "sources/host/devices.hpp"
#include "sources/host/kernel.hpp"
#include "sources/host/load.hpp"
#include "sources/host/memory.hpp"
#include "sources/host/paging.hpp"
#include "sources/host/pressure.hpp"
#include "sources/host/process.hpp"
#include "sources/host/processes.hpp"
#include "sources/host/system.hpp"

namespace edgehaul::host {

metric::Sources make_sources(const base::Roots& roots, const Options& options,
                             const base::Clock& clock) {
  const auto files = std::make_shared<KernelFiles>(roots);
  metric::Sources out;
  const auto add = [&]<class Made>(std::type_identity<Made>, const auto& own, const auto&... more) {
    if (own.enabled) out.push_back(std::make_unique<Made>(roots, own, more...));
  };
  add(std::type_identity<Cpu>(), options.cpu, files);
  add(std::type_identity<Load>(), options.load, files);
  add(std::type_identity<Memory>(), options.memory, files);
  add(std::type_identity<Paging>(), options.paging, files);
  add(std::type_identity<Processes>(), options.processes, files);
  add(std::type_identity<Process>(), options.process, clock, files);
  add(std::type_identity<System>(), options.system);
  add(std::type_identity<PressureSource>(), options.pressure);
  add(std::type_identity<Kernel>(), options.kernel, files);
  for (auto& device : make_device_sources(roots, options.devices, clock))
    out.push_back(std::move(device));
  return out;
}

}  // namespace edgehaul::host
