// SPDX-License-Identifier: Apache-2.0
// SQLite's files on the system, with the writes to a log joined: SQLite writes each page of it in
// two calls, and a commit of a megabyte makes five hundred. What is written in a row waits in
// memory, 128 KiB at most, until the log is synced, read or measured. Whoever opens a database this
// way must keep synchronous=FULL: what no sync follows, others may read too late. One thread for
// each database.
#pragma once

namespace edgehaul::spool {

// The name to give to sqlite3_open_v2. It goes over SQLite's default of the moment of each opening.
const char* joined_writes();

}  // namespace edgehaul::spool
