// SPDX-License-Identifier: Apache-2.0
// The tables and their version (PRAGMA user_version). A file of the version before is upgraded in
// place, in one transaction; a newer one is never touched. Spool thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/result.hpp"
#include "spool/database.hpp"

namespace edgehaul::spool {

// What leads to version `to`: from version to - 1 (`upgrade`) or from nothing (`create`, all of
// it).
struct SchemaStep {
  std::int64_t to = 0;
  const char* create = "";
  const char* upgrade = "";  // "" where there is no version before
};

// The versions this build knows, ascending; the last one is written.
std::span<const SchemaStep> schema_steps();

// PRAGMA application_id of a spool, "edge" in ASCII.
inline constexpr std::int64_t kApplicationId = 0x65646765;

// Brings an open file to the last of `steps`. Errc::invalid: the file is of a newer version (or of
// something else altogether) and was left as it is.
Result<void> prepare_schema(Database& database, std::span<const SchemaStep> steps);

}  // namespace edgehaul::spool
