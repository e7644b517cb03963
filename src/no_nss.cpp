// SPDX-License-Identifier: Apache-2.0
// For static builds alone: what glibc would answer through NSS, which loads shared libraries of the
// host. Names are c-ares' business and listeners have numeric addresses, so nobody calls these;
// libraries only refer to them, and without these definitions the whole of NSS would be linked in.
#include <cerrno>

#include <netdb.h>

extern "C" {

int getaddrinfo(const char*, const char*, const addrinfo*, addrinfo**) {
  return EAI_FAIL;
}

void freeaddrinfo(addrinfo*) {}

int getnameinfo(const sockaddr*, socklen_t, char*, socklen_t, char*, socklen_t, int) {
  return EAI_FAIL;
}

servent* getservbyname(const char*, const char*) {
  return nullptr;
}

int getservbyport_r(int, const char*, servent*, char*, size_t, servent** result) {
  *result = nullptr;
  return ENOENT;
}

}  // extern "C"
