// SPDX-License-Identifier: Apache-2.0
#include "relay/access.hpp"

#include <doctest/doctest.h>

using edgehaul::relay::Access;
using edgehaul::relay::AccessOptions;

TEST_CASE("access: without credentials everybody may send") {
  const Access access{AccessOptions{}};
  CHECK(access.is_open());
  CHECK(access.judge("").is_allowed);
}

TEST_CASE("access: basic and bearer, and who it is") {
  const Access access({.basic = {"admin@openobserve.dev:admin"}, .bearer = {"t0ken", "other"}});
  const auto basic = access.judge("Basic YWRtaW5Ab3Blbm9ic2VydmUuZGV2OmFkbWlu");
  CHECK(basic.is_allowed);
  CHECK(basic.name == "admin@openobserve.dev");
  CHECK(access.judge("bearer  other").name == "bearer 2");
  CHECK(access.challenge() == "Basic realm=\"edgehaul\", Bearer");
  for (const char* wrong : {"", "Basic", "Basic YWRtaW5Ab3Blbm9ic2VydmUuZGV2OmFkbWl", "Bearer",
                            "Bearer t0kem", "Bearer t0ken0", "Basic t0ken", "t0ken"}) {
    CAPTURE(wrong);
    CHECK_FALSE(access.judge(wrong).is_allowed);
  }
}

TEST_CASE("access: nothing equals an empty secret") {
  CHECK(edgehaul::relay::equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(edgehaul::relay::equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(edgehaul::relay::equal_in_constant_time("abcabc", "abc"));
  CHECK_FALSE(edgehaul::relay::equal_in_constant_time("", ""));
}
