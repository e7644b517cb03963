// SPDX-License-Identifier: Apache-2.0
// A kernel file that is read at every tick: its descriptor stays open and its buffer is reused, so
// a read is one or two system calls and no allocation. Belongs to its source; collect thread.
#pragma once

#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace edgehaul::host {

class KeptFile {
 public:
  // `records`: whether one of them may come near 3 KiB, see base::read_fd_of_short_records.
  enum class Records : bool { are_short, may_be_long };

  explicit KeptFile(std::string path, Records records = Records::are_short)
      : path_(std::move(path)), records_(records) {}

  // The whole file as it is now; the view lives until the next read. After a failure the file is
  // opened anew the next time.
  Result<std::string_view> read();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  Records records_;
  base::Fd fd_;
  std::string buffer_;
};

}  // namespace edgehaul::host
