// SPDX-License-Identifier: Apache-2.0
// The files that more than one source of this room reads. Shared by those sources, since none of
// them outlives the others for sure; collect thread only.
#pragma once

#include "base/roots.hpp"
#include "sources/host/meminfo.hpp"
#include "sources/host/proc_stat.hpp"
#include "sources/host/tick_file.hpp"
#include "sources/host/vmstat.hpp"

namespace edgehaul::host {

struct KernelFiles {
  TickFile<ProcStat> stat;
  TickFile<Meminfo> meminfo;
  TickFile<Vmstat> vmstat;

  explicit KernelFiles(const base::Roots& roots)
      : stat(roots.in_proc("stat"), parse_stat),
        meminfo(roots.in_proc("meminfo"), parse_meminfo),
        vmstat(roots.in_proc("vmstat"), parse_vmstat) {}
};

}  // namespace edgehaul::host
