// SPDX-License-Identifier: Apache-2.0
#include "http/easy.hpp"

namespace edgehaul::http {

void init_curl() {
  static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(once);
}

long Easy::info_long(CURLINFO which) const {
  long value = 0;
  curl_easy_getinfo(handle_.get(), which, &value);
  return value;
}

std::string Easy::info_text(CURLINFO which) const {
  const char* text = nullptr;
  curl_easy_getinfo(handle_.get(), which, &text);
  return text == nullptr ? std::string() : std::string(text);
}

curl_off_t Easy::info_size(CURLINFO which) const {
  curl_off_t value = 0;
  curl_easy_getinfo(handle_.get(), which, &value);
  return value;
}

}  // namespace edgehaul::http
