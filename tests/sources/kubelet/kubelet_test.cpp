// SPDX-License-Identifier: Apache-2.0
// The source against a TLS server that answers as a kubelet does.
#include "sources/kubelet/kubelet.hpp"

#include <atomic>
#include <mutex>

#include <doctest/doctest.h>

#include "http/peer.hpp"
#include "support/shared_clock.hpp"

using namespace edgehaul;
using namespace edgehaul::kubelet;

namespace {

struct Bed {
  test::Authority authority{"cluster-ca"};
  test::Authority stranger{"other-ca"};
  test::PeerTls serving = authority.issue("edge-1", "DNS:edge-1");
  test::PeerTls client = authority.issue("apiserver", "DNS:apiserver");
};

const Bed& bed() {
  static const Bed made;
  return made;
}

// A number of an answer goes up, so that each has new points.
std::string summary(int number) {
  return R"({"node":{"nodeName":"edge-1","startTime":"2026-11-25T09:00:00Z","cpu":{"time":)"
         R"("2026-11-25T10:00:0)" +
         std::to_string(number % 10) + R"(Z","usageCoreNanoSeconds":)" + std::to_string(number) +
         R"(}},"pods":[{"podRef":{"name":"web","namespace":"shop","uid":"u1"},"containers":)"
         R"([{"name":"app","startTime":"2026-11-25T09:00:00Z","cpu":{"usageCoreNanoSeconds":5}}]}]})";
}

std::string answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Answers as `reply` says; an empty reply means that none ever comes.
class FakeKubelet {
 public:
  using Reply = std::function<std::string(const std::string& request, int number)>;
  explicit FakeKubelet(Reply reply, const test::PeerTls& tls = bed().serving)
      : reply_(std::move(reply)), peer_([this](test::Connection& c) { serve(c); }, tls) {}

  std::string endpoint() const { return "https://127.0.0.1:" + std::to_string(peer_.port()); }
  int connections() const { return peer_.connections(); }
  int requests() const { return requests_.load(); }

 private:
  void serve(test::Connection& connection) {
    for (std::string request; !(request = connection.read_request()).empty();) {
      const std::string text = reply_(request, ++requests_);
      if (text.empty()) return connection.wait_closed();
      connection.write(text);
    }
  }
  Reply reply_;
  std::atomic<int> requests_{0};
  test::Peer peer_;
};

FakeKubelet::Reply always_good() {
  return [](const std::string&, int number) { return answer(200, summary(number)); };
}

struct Rig {
  test::TempDir dir;  // the machine's root and what the test writes
  Options options;
  test::SharedClock clock{1'795'600'860'000'000'000};  // 2026-11-25T10:01:00Z
  std::shared_ptr<metric::Workloads> workloads = std::make_shared<metric::Workloads>();
  metric::Selection selection;
  metric::Batch batch;
  std::unique_ptr<Kubelet> source;

  explicit Rig(const std::string& endpoint) {
    dir.write("token", "good");
    options.enabled = Enabled::yes;
    options.endpoint = endpoint;
    options.node_name = "edge-1";
    options.token_file = dir.at("token");
    options.ca_file = bed().authority.ca();
    options.first_wait = std::chrono::seconds(10);
  }
  Result<void> read() {
    if (!source) source = std::make_unique<Kubelet>(dir.roots(), options, clock, workloads);
    clock.advance(std::chrono::minutes(2));  // longer than any pause after failures
    batch.begin(clock.wall(), 1, selection);
    return source->read(batch);
  }
  // Ticks until one has points or fails, or the other way round.
  bool comes_good() {
    return test::eventually([this] { return read() && !batch.points().empty(); });
  }
  std::string comes_bad() {
    std::string words;
    test::eventually([&] {
      const auto done = read();
      if (!done) words = done.error().message;
      return !done;
    });
    return words;
  }
  bool claims() const {
    return workloads->claimed("u1", "app")
        .test(static_cast<std::size_t>(metric::id("container.cpu.time")));
  }
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("kubelet: points, names and claims of an answer; one connection for many") {
  std::mutex mutex;
  std::string seen;
  const FakeKubelet peer([&](const std::string& request, int number) {
    const std::lock_guard lock(mutex);
    seen = request;
    return answer(200, summary(number));
  });
  Rig rig(peer.endpoint());
  REQUIRE(rig.read().has_value());
  CHECK(rig.batch.points().size() == 2);
  CHECK(rig.claims());
  CHECK(rig.workloads->pod("u1")->name == "web");
  CHECK(rig.comes_good());
  CHECK(rig.comes_good());
  CHECK(peer.connections() == 1);
  const std::lock_guard lock(mutex);
  CHECK(seen.starts_with("GET /stats/summary HTTP/1.1\r\n"));
  CHECK(has(seen, "authorization: Bearer good\r\n"));
}

TEST_CASE("kubelet: a token that expires is told, the next one in the file is taken") {
  const FakeKubelet peer([](const std::string& request, int number) {
    return has(request, "Bearer good\r\n") ? answer(200, summary(number))
                                           : answer(401, "Unauthorized");
  });
  Rig rig(peer.endpoint());
  CHECK(rig.read().has_value());
  rig.dir.write("token", "stale");
  const std::string words = rig.comes_bad();
  CHECK_MESSAGE(has(words, "401"), words);
  CHECK_MESSAGE(has(words, rig.dir.at("token")), words);
  CHECK_FALSE(has(words, "stale"));
  CHECK_FALSE(rig.claims());  // its containers are the cgroup source's again
  rig.dir.write("token", "good");
  CHECK(rig.comes_good());
  CHECK(rig.claims());
}

TEST_CASE("kubelet: 403 names the missing rule and who prints it") {
  const FakeKubelet peer([](const std::string&, int) {
    return answer(403, "Forbidden (user=system:node:edge-1, verb=get, resource=nodes)\n");
  });
  Rig rig(peer.endpoint());
  const auto done = rig.read();
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == Errc::refused);
  for (const char* part :
       {"403", "nodes/stats", "'get'", "edgehaul kubelet-rbac", "user=system:node:edge-1"})
    CHECK_MESSAGE(has(done.error().message, part), done.error().message);
}

TEST_CASE("kubelet: client certificates, and their rotation") {
  test::PeerTls demanding = bed().serving;
  demanding.client_ca = bed().authority.ca();
  const FakeKubelet peer(always_good(), demanding);
  Rig rig(peer.endpoint());
  rig.options.token_file.clear();
  rig.options.cert_file = rig.dir.at("client.crt");
  rig.options.key_file = rig.dir.at("client.key");
  const auto install = [&](const test::PeerTls& pair) {
    std::filesystem::copy_file(pair.cert, rig.options.cert_file,
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::copy_file(pair.key, rig.options.key_file,
                               std::filesystem::copy_options::overwrite_existing);
  };
  install(bed().client);
  CHECK(rig.read().has_value());
  CHECK(peer.connections() == 1);
  install(bed().authority.issue("apiserver-2", "DNS:apiserver"));
  CHECK(rig.comes_good());
  CHECK(test::eventually([&] { return rig.read() && peer.connections() == 2; }));
  install(bed().stranger.issue("thief", "DNS:thief"));
  CHECK_FALSE(rig.comes_bad().empty());
}

TEST_CASE("kubelet: its certificate is verified by authority and by the node's name") {
  const FakeKubelet peer(always_good());
  {
    Rig rig(peer.endpoint());
    rig.options.ca_file = bed().stranger.ca();
    const auto done = rig.read();
    REQUIRE_FALSE(done.has_value());
    CHECK_MESSAGE(has(done.error().message, "certificate"), done.error().message);
    rig.options.insecure_skip_verify = true;
    rig.source.reset();
    CHECK(rig.read().has_value());
  }
  Rig rig(peer.endpoint());
  rig.options.node_name = "edge-2";
  CHECK_FALSE(rig.read().has_value());
}

TEST_CASE("kubelet: detected names are tried in turn: the node's, then the endpoint's host") {
  const FakeKubelet peer(always_good(), bed().authority.issue("k3s", "IP:127.0.0.1"));
  Rig rig(peer.endpoint());
  rig.options.node_name.clear();
  rig.dir.write("var/lib/rancher/k3s/agent/kubelet.kubeconfig", "");
  rig.dir.write("etc/hostname", "edge-9\n");
  const auto done = rig.read();
  CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().message));
  CHECK(rig.batch.points().size() == 2);
}

TEST_CASE("kubelet: a self-signed certificate is believed when it is the file that is pinned") {
  const test::TempDir dir;
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "
      "/CN=edge-1 -addext subjectAltName=DNS:edge-1 -keyout " +
      dir.at("key") + " -out " + dir.at("crt") + " >/dev/null 2>&1";
  REQUIRE(std::system(make.c_str()) == 0);  // NOLINT(concurrency-mt-unsafe,cert-env33-c)
  const FakeKubelet peer(always_good(), {dir.at("crt"), dir.at("key"), {}});
  Rig rig(peer.endpoint());
  rig.options.ca_file = dir.at("crt");
  const auto done = rig.read();
  CHECK_MESSAGE(done.has_value(), (done ? "" : done.error().message));
}

TEST_CASE("kubelet: one that hangs never holds a tick up, and is told when the time is out") {
  const FakeKubelet peer([](const std::string&, int number) {
    return number == 1 ? answer(200, summary(1)) : std::string();
  });
  Rig rig(peer.endpoint());
  rig.options.timeout = std::chrono::milliseconds(2'000);
  CHECK(rig.read().has_value());
  REQUIRE(test::eventually([&] { return peer.requests() == 2; }));
  // The second request hangs: ticks find nothing new, and the claims stand.
  CHECK(rig.read().has_value());
  CHECK(rig.batch.points().empty());
  CHECK(rig.claims());
  const std::string words = rig.comes_bad();
  CHECK_MESSAGE(has(words, "127.0.0.1"), words);
  CHECK_FALSE(rig.claims());
}

TEST_CASE("kubelet: the end does not wait for one that hangs") {
  const FakeKubelet peer([](const std::string&, int) { return std::string(); });
  Rig rig(peer.endpoint());
  rig.options.timeout = std::chrono::hours(1);
  rig.options.first_wait = {};
  CHECK(rig.read().has_value());
  REQUIRE(test::eventually([&] { return peer.requests() == 1; }));
  rig.source.reset();
  CHECK(peer.requests() == 1);
}

TEST_CASE("kubelet: a giant answer is not read to its end") {
  const FakeKubelet peer([](const std::string&, int number) {
    return number == 1 ? answer(200, R"({"x":")" + std::string(300'000, 'x') + "\"}")
                       : answer(200, summary(number));
  });
  Rig rig(peer.endpoint());
  rig.options.max_size = 64 * 1024;
  const auto done = rig.read();
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == Errc::too_large);
  CHECK(rig.comes_good());
}

TEST_CASE("kubelet: answers that are none") {
  struct Row {
    std::string reply;
    std::string_view words;
  };
  const Row rows[] = {
      {answer(200, "{\"node\":"), "ends in the middle"},
      {answer(200, "<html>login</html>"), "byte"},
      {answer(500, "boom"), "answers 500; it says: boom"},
      {answer(404, ""), "answers 404"},
      {"HTTP/1.1 302 X\r\nlocation: http://x/\r\ncontent-length: 0\r\n\r\n", "answers 302"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.reply);
    const FakeKubelet peer([&](const std::string&, int) { return row.reply; });
    Rig rig(peer.endpoint());
    const auto done = rig.read();
    REQUIRE_FALSE(done.has_value());
    CHECK_MESSAGE(has(done.error().message, row.words), done.error().message);
  }
}

TEST_CASE("kubelet: a part of an answer that is odd is told, the rest is taken") {
  const FakeKubelet peer([](const std::string&, int) {
    return answer(200, R"({"node":{"nodeName":"n","cpu":{"usageNanoCores":-1},)"
                       R"("memory":{"usageBytes":5}}})");
  });
  Rig rig(peer.endpoint());
  const auto done = rig.read();
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == Errc::malformed);
  CHECK(rig.batch.points().size() == 1);
}

TEST_CASE("kubelet: where there is none") {
  Rig rig("");
  rig.options = Options{};
  rig.options.enabled = Enabled::automatic;
  CHECK(rig.read().error().code == Errc::absent);  // a recorded machine
  rig.source.reset();
  // Switched on expressly: a port where nobody listens, and a token that is not there.
  rig.options.enabled = Enabled::yes;
  rig.options.first_wait = std::chrono::seconds(10);
  {
    const FakeKubelet gone(always_good());
    rig.options.endpoint = gone.endpoint();
  }
  CHECK(rig.read().error().code == Errc::refused);
  rig.source.reset();
  rig.options.token_file = rig.dir.at("none");
  CHECK(rig.read().error().code == Errc::absent);
}
