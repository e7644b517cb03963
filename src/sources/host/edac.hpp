// SPDX-License-Identifier: Apache-2.0
// Memory errors that the memory controllers counted (EDAC), per DIMM where they know it. Read now
// and then and repeated in between. Collect thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"

namespace edgehaul::host {

struct MemoryErrors {
  std::string id;     // "mc0/dimm3", or "mc0" for errors whose DIMM is not known
  std::string label;  // what is printed beside the slot; may be empty
  std::uint64_t correctable = 0;
  std::uint64_t uncorrectable = 0;
};

std::vector<MemoryErrors> read_edac(const std::string& sys);

class Edac final : public metric::Source {
 public:
  Edac(const base::Roots& roots, const EdacOptions& options, const base::Clock& clock);
  std::string_view name() const override { return "edac"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  std::string sys_;
  EdacOptions options_;
  const base::Clock& clock_;
  std::vector<MemoryErrors> errors_;
  bool has_read_ = false;
  base::Steady last_read_{};
};

}  // namespace edgehaul::host
