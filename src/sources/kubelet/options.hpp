// SPDX-License-Identifier: Apache-2.0
// What can be set for the kubelet. Plain data with its defaults; filled by config/, read when the
// source is made.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace edgehaul::kubelet {

enum class Enabled : std::uint8_t {
  automatic,  // where a kubelet is found on this host, and not for recorded machines
  yes,
  no,
};

// Empty texts are filled from what detect() finds.
struct Options {
  Enabled enabled = Enabled::automatic;
  std::string endpoint;    // "https://127.0.0.1:10250"
  std::string node_name;   // the name to verify the kubelet's certificate against
  std::string token_file;  // any of these credentials replaces the detected ones
  std::string cert_file;
  std::string key_file;
  std::string
      kubeconfig;  // whose current user is taken; the kubelet is asked directly all the same
  std::string ca_file;
  bool insecure_skip_verify = false;
  std::chrono::milliseconds timeout{5'000};  // of one whole request
  std::uint64_t max_size = 16ULL << 20;      // bytes of one answer
  bool node = true;
  bool pods = true;
  bool containers = true;
  bool volumes = true;
  // How long the first read waits for the first answer; `sample` sets it, no key does.
  std::chrono::milliseconds first_wait{0};
};

}  // namespace edgehaul::kubelet
