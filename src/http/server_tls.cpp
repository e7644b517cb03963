// SPDX-License-Identifier: Apache-2.0
#include "http/server_tls.hpp"

#include <tuple>

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <boost/system/error_code.hpp>

#include "base/text.hpp"

namespace edgehaul::http {
namespace {

namespace ssl = boost::asio::ssl;
using Names = std::vector<std::string>;

void free_names(void*, void* names, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Names*>(names);
}

// Where a context keeps its ALPN names; they die with it.
int names_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, &free_names);
  return index;
}

// `offered` is a list of length-prefixed names (RFC 7301 section 3.1).
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void* names) {
  for (const std::string& name : *static_cast<const Names*>(names)) {
    for (unsigned int at = 0; at < offered_size; at += 1U + offered[at]) {
      const std::string_view candidate(reinterpret_cast<const char*>(offered + at + 1),
                                       offered[at]);
      if (candidate != name) continue;
      *chosen = offered + at + 1;
      *chosen_size = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_policy(SSL_CTX* context, Names protocols) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // an idle connection keeps no 34 kB
  // Resumption together with client certificates fails without a context id.
  static constexpr unsigned char kId[] = "edgehaul";
  SSL_CTX_set_session_id_context(context, kId, sizeof(kId) - 1);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets need no memory here
  auto names = std::make_unique<Names>(std::move(protocols));
  SSL_CTX_set_alpn_select_cb(context, &select_protocol, names.get());
  // The context frees them.
  if (SSL_CTX_set_ex_data(context, names_index(), names.get()) == 1) std::ignore = names.release();
}

Result<void> require_clients_of(ssl::context& context, const std::string& ca_file) {
  boost::system::error_code error;
  context.load_verify_file(ca_file, error);
  if (error) return fail(Errc::invalid, "tls: client_ca_file {}: {}", ca_file, error.message());
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  if (error) return fail(Errc::invalid, "tls: {}", error.message());
  // Tells clients which of their certificates to send.
  SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(ca_file.c_str()));
  return {};
}

Result<void> load_identity(ssl::context& context, const ServerTls& files) {
  boost::system::error_code error;
  context.use_certificate_chain_file(files.cert_file, error);
  if (error) return fail(Errc::invalid, "tls: cert_file {}: {}", files.cert_file, error.message());
  context.use_private_key_file(files.key_file, ssl::context::pem, error);
  if (error) return fail(Errc::invalid, "tls: key_file {}: {}", files.key_file, error.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
    return fail(Errc::invalid, "tls: key_file {} does not belong to cert_file {}", files.key_file,
                files.cert_file);
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_server_tls(const ServerTls& files,
                                                      std::vector<std::string> protocols) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  set_policy(context->native_handle(), std::move(protocols));
  if (auto done = load_identity(*context, files); !done) return pass(done.error());
  if (!files.client_ca_file.empty()) {
    auto done = require_clients_of(*context, files.client_ca_file);
    if (!done) return pass(done.error());
  }
  return context;
}

std::string peer_common_name(const SSL* connection) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(connection), &X509_free);
  if (!certificate) return {};
  const X509_NAME* subject = X509_get_subject_name(certificate.get());
  const int index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* bytes = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, index)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  // A name with a NUL or a line break is somebody's trick, not a name.
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return {};
  }
  return text::to_utf8(name);
}

}  // namespace edgehaul::http
