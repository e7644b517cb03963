// SPDX-License-Identifier: Apache-2.0
// How full the mounted file systems are. The mount table is read again when the kernel says that it
// changed; statfs runs on Offload's threads, so a mount that hangs is reported and skipped until it
// answers, and costs one deadline once. Collect thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
#include "sources/host/mounts.hpp"
#include "sources/host/offload.hpp"
#include "sources/host/statfs.hpp"

namespace edgehaul::host {

class Filesystem final : public metric::Source {
 public:
  Filesystem(const base::Roots& roots, const FilesystemOptions& options,
             std::shared_ptr<Offload> offload, Statfs statfs);
  ~Filesystem() override;
  std::string_view name() const override { return "filesystem"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  class Call;
  struct Watched {
    Mount mount;
    std::string device;      // as reported: links of /dev/mapper and /dev/root resolved
    std::string mountpoint;  // valid UTF-8
    std::shared_ptr<Call> call;
  };

  Result<void> refresh();
  Result<std::string_view> read_table();
  bool table_may_have_changed();
  void choose(std::vector<Mount> all);
  void watch(Mount mount, std::vector<Watched>& before);
  void collect(metric::Batch& batch, Watched& watched, Faults& faults);

  base::Roots roots_;
  FilesystemOptions options_;
  std::shared_ptr<Offload> offload_;
  std::shared_ptr<const Statfs> statfs_;
  base::Fd table_;
  bool is_kernel_table_ = false;
  std::string buffer_;
  std::size_t table_hash_ = 0;
  unsigned reads_since_table_ = 0;
  Faults table_faults_;
  std::vector<Watched> watched_;
  std::vector<Offload::TaskPtr> waiting_;
};

}  // namespace edgehaul::host
