// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "http/bind.hpp"
#include "http/peer.hpp"
#include "http/wire.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using test::echoed;
using test::get;
using test::Stage;
using test::TempDir;
using test::Wire;

namespace {

http::ServerOptions at_path(const std::string& path) {
  http::ServerOptions options;
  options.unix_socket = path;
  return options;
}

std::string refusal(const http::ServerOptions& options) {
  boost::asio::io_context io(1);
  const auto made = http::Server::listen(io, options, &Stage::echo);
  return made ? "" : made.error().message;
}

// What a process that was killed leaves behind.
void leave_stale_socket(const std::string& path) {
  const base::Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  path.copy(to.sun_path, sizeof(to.sun_path) - 1);
  REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0);
}

// A TLS client that never blocks.
class TlsWire : public Wire {
 public:
  TlsWire(std::uint16_t port, const std::string& ca, const test::PeerTls& own = {},
          std::string_view alpn = {}, int most_version = 0)
      : Wire(port), context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free) {
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    REQUIRE(SSL_CTX_load_verify_file(context_.get(), ca.c_str()) == 1);
    if (most_version != 0) SSL_CTX_set_max_proto_version(context_.get(), most_version);
    if (!own.cert.empty()) {
      SSL_CTX_use_certificate_chain_file(context_.get(), own.cert.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), own.key.c_str(), SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context_.get()));
    if (!alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
    }
    const timeval brief{0, 1000};
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief));
    SSL_set_fd(ssl_.get(), fd());
  }
  bool shake_hands() {
    const int done = SSL_connect(ssl_.get());
    if (done == 1) return true;
    if (SSL_get_error(ssl_.get(), done) != SSL_ERROR_WANT_READ) has_failed_ = true;
    return false;
  }
  bool has_failed() const { return has_failed_; }
  std::size_t send(std::string_view bytes) override {
    const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  std::string alpn() const {
    const unsigned char* name = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return {reinterpret_cast<const char*>(name), size};
  }
  std::string server_name() const {
    char name[100] = "";
    X509* certificate = SSL_get1_peer_certificate(ssl_.get());
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof(name));
    X509_free(certificate);
    return name;
  }
  bool is_clean_end() const { return is_clean_end_; }

 protected:
  bool receive() override {
    char bytes[4096];
    const int got = SSL_read(ssl_.get(), bytes, sizeof(bytes));
    if (got > 0) {
      text_.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    const int why = SSL_get_error(ssl_.get(), got);
    is_clean_end_ = why == SSL_ERROR_ZERO_RETURN;
    is_closed_ = why != SSL_ERROR_WANT_READ;
    return false;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_{nullptr, &SSL_free};
  bool has_failed_ = false;
  bool is_clean_end_ = false;
};

bool shake_hands(Stage& stage, TlsWire& wire) {
  bool is_done = false;
  stage.until([&] { return (is_done = wire.shake_hands()) || wire.has_failed(); });
  return is_done;
}

http::ServerOptions with_tls(const test::PeerTls& files, const std::string& client_ca = {}) {
  http::ServerOptions options;
  options.tls = {files.cert, files.key, client_ca};
  return options;
}

}  // namespace

TEST_CASE("unix socket: mode, service, and removal at the end") {
  const TempDir dir;
  const std::string path = dir.at("s.sock");
  http::ServerOptions options = at_path(path);
  options.unix_mode = 0600;
  std::string peer;
  Stage stage(options, [&peer](const http::ServerRequest& request, const http::Responder& respond) {
    peer = request.peer;
    respond({200, {}, "ok"});
  });
  struct stat info {};
  REQUIRE(::lstat(path.c_str(), &info) == 0);
  CHECK(S_ISSOCK(info.st_mode));
  CHECK((info.st_mode & 0777U) == 0600);
  CHECK(stage.server->name() == path);
  Wire wire(path);
  wire.send(get("/"));
  REQUIRE(stage.until_text(wire, echoed("ok")));
  CHECK(peer == "unix");
  bool is_stopped = false;
  SUBCASE("stop") {
    stage.server->stop(std::chrono::seconds(60), [&is_stopped] { is_stopped = true; });
    REQUIRE(stage.until([&] { return is_stopped; }));
  }
  SUBCASE("destruction") {
    stage.server.reset();
  }
  CHECK(::lstat(path.c_str(), &info) != 0);
}

TEST_CASE("unix socket: a dead owner's file is replaced") {
  const TempDir dir;
  const std::string path = dir.at("s.sock");
  leave_stale_socket(path);
  Stage stage(at_path(path));
  Wire wire(path);
  wire.send(get("/"));
  CHECK(stage.until_text(wire, echoed("GET / []")));
}

TEST_CASE("unix socket: a living owner keeps its file") {
  const TempDir dir;
  const std::string path = dir.at("s.sock");
  Stage stage(at_path(path));
  CHECK(refusal(at_path(path)) == "listen " + path + ": another process is listening there");
  Wire wire(path);
  wire.send(get("/"));
  CHECK(stage.until_text(wire, echoed("GET / []")));
}

TEST_CASE("unix socket: what else can be in the way") {
  const TempDir dir;
  dir.write("file", "precious");
  CHECK(refusal(at_path(dir.at("file"))) ==
        "listen " + dir.at("file") + ": a file that is not a socket is in the way");
  std::string body;
  CHECK(base::read_file(dir.at("file"), body).value() == "precious");
  CHECK(refusal(at_path(dir.at("no/such/folder"))) ==
        "listen " + dir.at("no/such/folder") + ": No such file or directory");
  CHECK(refusal(at_path(dir.at(std::string(120, 'x'))))
            .ends_with("a socket path has 1 to 107 bytes"));
}

TEST_CASE("unix socket: a file that somebody else put there meanwhile is left alone") {
  const TempDir dir;
  const std::string path = dir.at("s.sock");
  Stage first(at_path(path));
  REQUIRE(::unlink(path.c_str()) == 0);
  Stage second(at_path(path));
  first.server.reset();
  Wire wire(path);
  wire.send(get("/"));
  CHECK(second.until_text(wire, echoed("GET / []")));
}

TEST_CASE("tcp: addresses") {
  http::ServerOptions options;
  Stage stage(options);
  CHECK(stage.server->port() != 0);
  CHECK(stage.server->name() == "127.0.0.1:" + std::to_string(stage.server->port()));
  options.port = stage.server->port();
  CHECK(refusal(options) == "listen " + stage.server->name() + ": Address already in use");
  options.address = "localhost:4318";
  CHECK(refusal(options) == "listen localhost:4318: not an IP address");
}

TEST_CASE("tcp: every address of the host, IPv4 peers shown as such") {
  http::ServerOptions options;
  options.address = "::";
  std::string peer;
  Stage stage(options, [&peer](const http::ServerRequest& request, const http::Responder& respond) {
    peer = request.peer;
    respond({200, {}, ""});
  });
  CHECK(stage.server->name() == "[::]:" + std::to_string(stage.server->port()));
  Wire wire = stage.wire();
  wire.send(get("/"));
  REQUIRE(stage.until_text(wire, "\r\n\r\n"));
  CHECK(peer.starts_with("127.0.0.1:"));
}

TEST_CASE("tls: service, versions, protocols, renewal") {
  const test::Authority authority("test-ca");
  const test::PeerTls files = authority.issue("server-one", "DNS:localhost");
  Stage stage(with_tls(files));

  SUBCASE("requests and a clean end") {
    TlsWire wire(stage.server->port(), authority.ca(), {}, "\x02h2\x08http/1.1");
    REQUIRE(shake_hands(stage, wire));
    CHECK(wire.alpn() == "http/1.1");
    wire.send(get("/a"));
    REQUIRE(stage.until_text(wire, echoed("GET /a []")));
    wire.send("POST /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi");
    REQUIRE(stage.until_closed(wire));
    CHECK(wire.text().ends_with("connection: close\r\n\r\nPOST /b [hi]"));
    CHECK(wire.is_clean_end());
  }
  SUBCASE("a client that only speaks HTTP/2, one too old, and one without TLS") {
    TlsWire h2(stage.server->port(), authority.ca(), {}, "\x02h2");
    CHECK_FALSE(shake_hands(stage, h2));
    TlsWire old(stage.server->port(), authority.ca(), {}, {}, TLS1_1_VERSION);
    CHECK_FALSE(shake_hands(stage, old));
    TlsWire fine(stage.server->port(), authority.ca(), {}, {}, TLS1_2_VERSION);
    CHECK(shake_hands(stage, fine));
    Wire plain = stage.wire();
    plain.send(get("/"));
    CHECK(stage.until_closed(plain));
    CHECK(plain.text().find("HTTP/1.1") == std::string::npos);
    CHECK(stage.until([&] { return stage.server->counters().handshake_faults >= 2; }));
  }
  SUBCASE("new certificates for new connections") {
    TlsWire before(stage.server->port(), authority.ca());
    REQUIRE(shake_hands(stage, before));
    const test::PeerTls next = authority.issue("server-two", "DNS:localhost");
    CHECK_FALSE(stage.server->replace_tls({next.cert, files.key, {}}).has_value());
    CHECK(stage.server->replace_tls({next.cert, next.key, {}}).has_value());
    TlsWire after(stage.server->port(), authority.ca());
    REQUIRE(shake_hands(stage, after));
    CHECK(before.server_name() == "server-one");
    CHECK(after.server_name() == "server-two");
    before.send(get("/"));
    CHECK(stage.until_text(before, echoed("GET / []")));
  }
}

TEST_CASE("tls: a handshake that never ends") {
  const test::Authority authority("test-ca");
  http::ServerOptions options = with_tls(authority.issue("server", "DNS:localhost"));
  options.header_deadline = std::chrono::milliseconds(5);
  Stage stage(options);
  Wire wire = stage.wire();
  REQUIRE(stage.until_closed(wire));
  CHECK(stage.server->counters().timeouts == 1);
}

TEST_CASE("tls: client certificates") {
  const test::Authority authority("test-ca");
  const test::Authority stranger("other-ca");
  std::string name;
  Stage stage(with_tls(authority.issue("server", "DNS:localhost"), authority.ca()),
              [&name](const http::ServerRequest& request, const http::Responder& respond) {
                name = request.peer_name;
                respond({200, {}, "ok"});
              });
  TlsWire known(stage.server->port(), authority.ca(), authority.issue("store-42", "DNS:store"));
  REQUIRE(shake_hands(stage, known));
  known.send(get("/"));
  REQUIRE(stage.until_text(known, echoed("ok")));
  CHECK(name == "store-42");
  const test::PeerTls none;
  const test::PeerTls other = stranger.issue("store-42", "DNS:store");
  for (const test::PeerTls* own : {&none, &other}) {
    TlsWire wire(stage.server->port(), authority.ca(), *own);
    // With TLS 1.3 the client learns of the refusal only when it reads.
    if (shake_hands(stage, wire)) {
      wire.send(get("/"));
      REQUIRE(stage.until_closed(wire));
    }
    CHECK(wire.text().empty());
  }
  CHECK(stage.server->counters().requests == 1);
}

TEST_CASE("tls: faulty files are named") {
  const test::Authority authority("test-ca");
  const test::PeerTls one = authority.issue("one", "DNS:localhost");
  const test::PeerTls two = authority.issue("two", "DNS:localhost");
  const auto fault = [](const test::PeerTls& files, const std::string& client_ca) {
    return refusal(with_tls(files, client_ca));
  };
  CHECK(fault({"/nowhere.pem", one.key, {}}, {}).starts_with("tls: cert_file /nowhere.pem: "));
  CHECK(fault({one.cert, "/nowhere.key", {}}, {}).starts_with("tls: key_file /nowhere.key: "));
  CHECK(fault({one.cert, two.key, {}}, {}).starts_with("tls: key_file " + two.key));
  CHECK(fault(one, "/nowhere.ca").starts_with("tls: client_ca_file /nowhere.ca: "));
}
