// SPDX-License-Identifier: Apache-2.0
// The status socket's paths: /status, /metrics, /healthz, /readyz. Main thread.
#pragma once

#include <functional>

#include "http/server.hpp"
#include "status/snapshot.hpp"

namespace edgehaul::status {

http::Handler make_handler(std::function<Snapshot()> take);

}  // namespace edgehaul::status
