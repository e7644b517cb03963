// SPDX-License-Identifier: Apache-2.0
#include "sources/host/kept_file.hpp"

#include <fcntl.h>

namespace edgehaul::host {

Result<std::string_view> KeptFile::read() {
  if (!fd_) {
    auto opened = base::open_at(AT_FDCWD, path_.c_str(), O_NONBLOCK | O_NOCTTY);
    if (!opened) return pass(std::move(opened.error()));
    fd_ = std::move(*opened);
  }
  auto body = records_ == Records::are_short ? base::read_fd_of_short_records(fd_.get(), buffer_)
                                             : base::read_fd(fd_.get(), buffer_);
  if (body) return body;
  fd_.reset();
  return within(path_, std::move(body.error()));
}

}  // namespace edgehaul::host
