// SPDX-License-Identifier: Apache-2.0
// Owners of libcurl's C objects with typed setters, so that an option cannot get a value of the
// wrong size. Each belongs to the thread of its Client.
#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

namespace edgehaul::http {

// Once per process, before the first handle.
void init_curl();

struct CurlFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};

class Easy {
 public:
  Easy() : handle_(curl_easy_init()) {}
  CURL* get() const { return handle_.get(); }
  // The first option that libcurl refused; CURLE_OK when none.
  CURLcode fault() const { return fault_; }

  void set(CURLoption option, long value) { put(option, value); }
  void set(CURLoption option, bool value) { put(option, value ? 1L : 0L); }
  void set(CURLoption option, const char* text) { put(option, text); }  // libcurl copies it
  void set(CURLoption option, const std::string& text) { put(option, text.c_str()); }
  void set_size(CURLoption option, std::size_t size) { put(option, static_cast<curl_off_t>(size)); }
  void set_text(CURLoption option, const std::string& text) {
    curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
    put(option, &blob);
  }
  // Data or a function that must outlive the exchange.
  template <class Pointed>
  void set_pointer(CURLoption option, Pointed* pointer) {
    put(option, pointer);
  }

  long info_long(CURLINFO which) const;
  std::string info_text(CURLINFO which) const;
  curl_off_t info_size(CURLINFO which) const;

 private:
  template <class Value>
  void put(CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(handle_.get(), option, value);
    if (fault_ == CURLE_OK) fault_ = code;
  }

  std::unique_ptr<CURL, CurlFree> handle_;
  CURLcode fault_ = CURLE_OK;
};

class List {
 public:
  void add(const std::string& line) {
    curl_slist* longer = curl_slist_append(head_.get(), line.c_str());
    if (longer == nullptr) return;
    static_cast<void>(head_.release());
    head_.reset(longer);
  }
  curl_slist* get() const { return head_.get(); }

 private:
  std::unique_ptr<curl_slist, CurlFree> head_;
};

}  // namespace edgehaul::http
