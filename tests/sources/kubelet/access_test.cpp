// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/access.hpp"

#include <doctest/doctest.h>

#include "sources/kubelet/kubeconfig.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace edgehaul::kubelet;

namespace {

std::string header(const Access& access, std::string_view wanted) {
  for (const auto& [name, value] : access.request.headers) {
    if (name == wanted) return value;
  }
  return {};
}

constexpr const char* kConfig = R"(apiVersion: v1
kind: Config
current-context: main
contexts:
- name: other
  context: {cluster: c, user: nobody}
- name: main
  context:
    cluster: c
    user: admin
clusters:
- name: c
  cluster:
    certificate-authority-data: Q0E=
    server: https://10.0.0.1:6443
users:
- name: admin
  user:
    client-certificate-data: Q0VSVA==
    client-key: key.pem
)";

}  // namespace

TEST_CASE("kubeconfig: the current user's certificate, inline or in files beside it") {
  const test::TempDir dir;
  dir.write("config", kConfig);
  dir.write("key.pem", "KEY");
  const auto login = read_kubeconfig(dir.at("config"));
  REQUIRE_MESSAGE(login.has_value(), login.error().message);
  CHECK(login->cert_pem == "CERT");
  CHECK(login->key_pem == "KEY");
  CHECK(login->ca_pem == "CA");
  CHECK(login->token.empty());
}

TEST_CASE("kubeconfig: what is wrong is said without what is secret") {
  struct Row {
    const char* body;
    const char* words;
  };
  const Row rows[] = {
      {"a: [", "not YAML"},
      {"[]", "no YAML map"},
      {"current-context: x\n", "names no context"},
      {"current-context: x\ncontexts: [{name: x, context: {user: u}}]\n", "names no user"},
      {"current-context: x\ncontexts: [{name: x, context: {user: u}}]\n"
       "users: [{name: u, user: {exec: {command: aws}}}]\n",
       "plugins"},
      {"current-context: x\ncontexts: [{name: x, context: {user: u}}]\n"
       "users: [{name: u, user: {client-certificate-data: 's3cret!'}}]\n",
       "client-certificate-data: not base64"},
      {"current-context: x\ncontexts: [{name: x, context: {user: u}}]\n"
       "users: [{name: u, user: {client-certificate: gone.pem}}]\n",
       "gone.pem"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    const test::TempDir dir;
    dir.write("config", row.body);
    const auto login = read_kubeconfig(dir.at("config"));
    REQUIRE_FALSE(login.has_value());
    CHECK_MESSAGE(login.error().message.find(row.words) != std::string::npos,
                  login.error().message);
    CHECK(login.error().message.find("s3cret") == std::string::npos);
  }
  CHECK(read_kubeconfig("/nonexistent").error().code == Errc::absent);
}

TEST_CASE("access: a token file beats detected certificates, and is read anew") {
  const test::TempDir dir;
  dir.write("token", "one\n");
  dir.write("cert", "CERT");
  Options options;
  options.token_file = dir.at("token");
  Found found;
  found.node_name = "edge-1";
  found.key_pairs = {{dir.at("cert"), dir.at("cert")}};
  const auto first = read_access(options, found);
  REQUIRE(first.has_value());
  CHECK(first->request.url == "https://127.0.0.1:10250/stats/summary");
  CHECK(header(*first, "authorization") == "Bearer one");
  CHECK(first->request.tls.cert_pem.empty());
  CHECK(first->names == std::vector<std::string>{"edge-1", ""});
  dir.write("token", "two\n");
  const auto second = read_access(options, found);
  CHECK(header(*second, "authorization") == "Bearer two");
  CHECK(second->fingerprint != first->fingerprint);
}

TEST_CASE("access: the first detected certificate that can be read, and all authorities") {
  const test::TempDir dir;
  dir.write("node.pem", "NODE");
  dir.write("ca", "A");
  dir.write("self", "B");
  Found found;
  found.key_pairs = {{dir.at("gone.crt"), dir.at("gone.key")}, {dir.at("node.pem"), ""}};
  found.authorities = {dir.at("ca"), dir.at("gone"), dir.at("self")};
  const auto access = read_access(Options{}, found);
  REQUIRE(access.has_value());
  CHECK(access->request.tls.cert_pem == "NODE");
  CHECK(access->request.tls.key_pem == "NODE");
  CHECK(access->request.tls.ca_pem == "\nA\nB");
  CHECK(access->who == "the certificate " + dir.at("node.pem"));
}

TEST_CASE("access: the node's kubeconfig where there is no certificate in a file of its own") {
  const test::TempDir dir;
  dir.write("kubelet.conf", kConfig);
  dir.write("key.pem", "KEY");
  dir.write("ca", "A");
  Found found;
  found.key_pairs = {{dir.at("gone.crt"), dir.at("gone.key")}};
  found.kubeconfig = dir.at("kubelet.conf");
  found.authorities = {dir.at("ca")};
  const auto access = read_access(Options{}, found);
  REQUIRE(access.has_value());
  CHECK(access->request.tls.cert_pem == "CERT");
  CHECK(access->request.tls.ca_pem == "CA\nA");
  CHECK(access->who == "the user of " + dir.at("kubelet.conf"));
  found.kubeconfig = dir.at("gone");
  CHECK(read_access(Options{}, found)->who == "nobody");
}

TEST_CASE("access: nothing secret goes over plain HTTP") {
  const test::TempDir dir;
  dir.write("token", "one");
  Options options;
  options.endpoint = "http://127.0.0.1:10255/";
  options.token_file = dir.at("token");
  const auto access = read_access(options, {});
  REQUIRE(access.has_value());
  CHECK(access->request.url == "http://127.0.0.1:10255/stats/summary");
  CHECK(header(*access, "authorization").empty());
}

TEST_CASE("access: a configured file that cannot be used is a fault, not a fallback") {
  const test::TempDir dir;
  dir.write("empty", " \n");
  dir.write("good.pem", "PEM");
  Found found;
  found.key_pairs = {{dir.at("good.pem"), ""}};
  Options options;
  options.token_file = dir.at("empty");
  CHECK(read_access(options, found).error().code == Errc::invalid);
  options.token_file = dir.at("gone");
  CHECK(read_access(options, found).error().code == Errc::absent);
  options.token_file.clear();
  options.ca_file = dir.at("gone");
  CHECK(read_access(options, found).error().message.find("ca_file") != std::string::npos);
}
