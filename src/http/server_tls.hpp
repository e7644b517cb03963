// SPDX-License-Identifier: Apache-2.0
// TLS for servers: a context from certificate files (TLS 1.2 and up, ALPN, optional client
// certificates). Made on any thread; a context is shared by the connections of one listener.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "base/result.hpp"
#include "http/server.hpp"

namespace edgehaul::http {

// `protocols` are ALPN names in the server's order of preference, such as {"http/1.1"}. A client
// that offers ALPN without any of them is refused; one without ALPN is served.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(
    const ServerTls& files, std::vector<std::string> protocols);

// Subject common name of the peer's verified certificate; empty without one.
std::string peer_common_name(const SSL* connection);

}  // namespace edgehaul::http
