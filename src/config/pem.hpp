// SPDX-License-Identifier: Apache-2.0
// Whether a file that the configuration names can be what it should be. Reads the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edgehaul::config {

inline constexpr std::string_view kCertificateMark = "-----BEGIN CERTIFICATE-----";
inline constexpr std::string_view kPrivateKeyMark = "PRIVATE KEY-----";

// Why `path` is no plain file with `mark` in it ("cannot be read: …", "holds no private key in PEM
// form"); nullopt when it is, or when the path is empty.
std::optional<std::string> judge_pem(const std::string& path, std::string_view mark,
                                     std::string_view what);

}  // namespace edgehaul::config
