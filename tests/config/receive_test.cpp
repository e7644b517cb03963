// SPDX-License-Identifier: Apache-2.0
// What a relay receives on.
#include <string>

#include <doctest/doctest.h>

#include "config/load.hpp"
#include "loading.hpp"

using namespace edgehaul::config;
using namespace edgehaul::config::test;

TEST_CASE("receive: a relay listens on both ports without a word, an agent on none") {
  const Loaded relay = Case("mode: relay\n").load();
  CHECK(relay.ok());
  CHECK(relay.config.receive.grpc.address == "0.0.0.0");
  CHECK(relay.config.receive.grpc.port == 4317);
  CHECK(relay.config.receive.grpc.max_streams == 32);
  CHECK(relay.config.receive.http.port == 4318);
  CHECK(relay.config.spool.keep_peers);
  CHECK_FALSE(Case().load().config.spool.keep_peers);
  CHECK(Case("receive: {grpc: {listen: \"1.2.3.4:1\"}}")
            .faults_from(Severity::note)
            .find("edgehaul.yaml:1: note: receive.grpc.listen: has no effect: an agent receives "
                  "nothing (mode: relay)") != std::string::npos);
}

TEST_CASE("receive: signals whose records may go when there is no room, in their order") {
  const Loaded relay = Case("mode: relay\nspool: {drop_first: [traces, logs]}\n").load();
  CHECK(relay.ok());
  CHECK(relay.config.spool.drop_first ==
        std::vector{edgehaul::spool::Signal::traces, edgehaul::spool::Signal::logs});
  CHECK(
      Case("mode: relay\nspool: {drop_first: [log]}\n").faults() ==
      "edgehaul.yaml:2: spool.drop_first = log: not a signal (logs, traces, metrics, profiles)\n");
}

TEST_CASE("receive: addresses of both families, and a listener that is off") {
  const Loaded loaded =
      Case("mode: relay\nreceive: {grpc: {listen: \"[::]:14317\"}, http: {listen: \"\"}}").load();
  CHECK(loaded.ok());
  CHECK(loaded.config.receive.grpc.address == "::");
  CHECK(loaded.config.receive.grpc.port == 14317);
  CHECK(loaded.config.receive.http.listen.empty());
}

TEST_CASE("receive: what is wrong, where and what to do") {
  const auto fault = [](const std::string& inside) {
    return Case("mode: relay\nreceive: {grpc: {" + inside + "}}").faults();
  };
  CHECK(fault("listen: \"0.0.0.0\"") ==
        "edgehaul.yaml:2: receive.grpc.listen = 0.0.0.0: has no port (such as 0.0.0.0:4317)\n");
  CHECK(fault("listen: \"localhost:4317\"") ==
        "edgehaul.yaml:2: receive.grpc.listen = localhost:4317: its address is not a number (such "
        "as 0.0.0.0:4317)\n");
  CHECK(fault("listen: \"0.0.0.0:70000\"") ==
        "edgehaul.yaml:2: receive.grpc.listen = 0.0.0.0:70000: the port is not a number up to "
        "65535 (such as 0.0.0.0:4317)\n");
  CHECK(fault("tls: {client_ca_file: /etc/ssl/certs/ca-certificates.crt}")
            .find("receive.grpc.tls.client_ca_file = /etc/ssl/certs/ca-certificates.crt: has no "
                  "effect without tls.cert_file") != std::string::npos);
  CHECK(Case("mode: relay\nreceive: {grpc: {listen: \"\"}, http: {listen: \"\"}}")
            .faults()
            .find("receive: a relay must listen on something") != std::string::npos);
}

TEST_CASE("receive: a relay that forwards to itself is told so") {
  const auto faults = [](const std::string& endpoint, const std::string& listen) {
    return Case("mode: relay\nreceive: {grpc: {listen: \"" + listen +
                "\"}}\nforward:\n  - endpoint: " + endpoint + "\n")
        .faults();
  };
  CHECK(faults("http://127.0.0.1:4317", "0.0.0.0:4317") ==
        "edgehaul.yaml:4: forward[0].endpoint = http://127.0.0.1:4317: this relay itself: all that "
        "it takes would come back to it without end (the collector behind it, or another port for "
        "receive)\n");
  for (const char* endpoint : {"http://localhost:4317", "\"http://[::1]:4317\"",
                               "http://0.0.0.0:4317", "http://localhost:4318/api/default"}) {
    CAPTURE(endpoint);
    CHECK(faults(endpoint, "[::]:4317").find("this relay itself") != std::string::npos);
  }
  CHECK(faults("http://192.0.2.7:4317", "192.0.2.7:4317").find("itself") != std::string::npos);
  CHECK(faults("http://localhost:4317", "127.0.0.1:4317").find("itself") != std::string::npos);
  for (const char* endpoint :
       {"http://127.0.0.1:5080", "http://192.0.2.8:4317", "http://central:4317"}) {
    CAPTURE(endpoint);
    CHECK(faults(endpoint, "0.0.0.0:4317").find("itself") == std::string::npos);
  }
  CHECK(faults("http://127.0.0.1:4317", "192.0.2.7:4317").empty());
  CHECK(Case("forward:\n  - endpoint: http://127.0.0.1:4317\n").faults().empty());
}

TEST_CASE("receive: credentials come from files and are shown nowhere") {
  Case again;
  again.dir.write("pass", "no-colon-secret\n");
  again.dir.write("edgehaul.yaml",
                  "mode: relay\nreceive:\n  http:\n    auth:\n      basic: [\"${file:" +
                      again.dir.at("pass") + "}\"]\n      bearer: [\"s3cret token\"]\n");
  const std::string faults = again.faults_from(Severity::note);
  CHECK(faults.find("edgehaul.yaml:5: receive.http.auth.basic: an entry is not USER:PASSWORD") !=
        std::string::npos);
  CHECK(faults.find("receive.http.auth.bearer: a token is empty or has a blank in it") !=
        std::string::npos);
  CHECK(faults.find("secret") == std::string::npos);
  CHECK(faults.find("s3cret") == std::string::npos);
  again.dir.write("edgehaul.yaml",
                  "mode: relay\nreceive: {http: {auth: {basic: [\"site:pw\"], bearer: [tok]}}}");
  CHECK(again.load().ok());
  CHECK(again.load().config.receive.http.access.basic == std::vector<std::string>{"site:pw"});
  CHECK(again.faults().find("credentials come unencrypted") != std::string::npos);
}
