// SPDX-License-Identifier: Apache-2.0
// Whether network links are up, for interfaces with hardware behind them and for bonds and their
// members. The list of interfaces is kept and made anew now and then. Collect thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/roots.hpp"
#include "metric/source.hpp"
#include "sources/host/device_options.hpp"
#include "sources/host/kept_file.hpp"

namespace edgehaul::host {

class Link final : public metric::Source {
 public:
  Link(const base::Roots& roots, const LinkOptions& options);
  std::string_view name() const override { return "link"; }
  Result<void> read(metric::Batch& batch) override;

 private:
  struct Interface {
    Interface(const std::string& folder, std::string clean_name, std::string bond_name);
    std::string name;
    std::string bond;  // empty: no member of one
    KeptFile operstate;
    KeptFile carrier_changes;
    KeptFile speed;
    KeptFile mii_status;
  };
  void list();
  bool add(metric::Batch& batch, Interface& interface);

  std::string folder_;
  LinkOptions options_;
  std::vector<Interface> interfaces_;
  unsigned reads_until_list_ = 0;
};

}  // namespace edgehaul::host
