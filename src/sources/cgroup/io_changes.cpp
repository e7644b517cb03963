// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/io_changes.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>

#include "sources/cgroup/io_look.hpp"

namespace edgehaul::cgroup {

namespace {

constexpr std::size_t kLargest = std::size_t{256} * 1024;

}  // namespace

void IoChanges::begin(std::span<const std::uint8_t> wanted) {
  ++tick_;
  files_.clear();
  for (const std::uint8_t index : wanted) {
    const File& file = files_of(tree_.version())[index];
    if (file.pace == Pace::io_changed && files_.size() < kIoFiles) files_.push_back(&file);
  }
}

std::uint32_t IoChanges::changed(Node& node) {
  if (node.parent == nullptr || files_.empty()) return tick_;  // the root counts the host's own
  if (node.children.size() < kWorthLooking && !node.io) return changed(*node.parent);
  if (!node.io) node.io = std::make_unique<IoLook>();
  IoLook& last = *node.io;
  if (last.asked == tick_) return last.changed;
  last.asked = tick_;
  if (changed(*node.parent) <= last.looked) return last.changed;
  std::uint64_t text = 0;
  const bool is_known = look(node, last, text);
  // Where something no longer counts, that may hide what another one did.
  if (!is_known || tree_.has_lost_io() || last.looked == 0 || text != last.text)
    last.changed = tick_;
  last.text = text;
  last.looked = tick_;
  return last.changed;
}

bool IoChanges::look(const Node& node, IoLook& look, std::uint64_t& text) {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (!read(node, look.files[i], *files_[i], text)) return false;
  }
  return true;
}

// A file of an older name counts the cgroup alone.
bool IoChanges::read(const Node& node, base::Fd& kept, const File& file, std::uint64_t& text) {
  base::Fd opened;
  if (!kept) {
    auto result = tree_.open(node, file.hierarchy, file.name);
    if (!result) return false;
    opened = std::move(*result);
  }
  const int fd = kept ? kept.get() : opened.get();
  const auto body = base::read_fd_of_short_records(fd, buffer_, kLargest);
  if (!body) {
    descriptors_.drop(kept);
    return false;
  }
  text = text * 0x9E3779B97F4A7C15ULL + std::hash<std::string_view>{}(*body) + 1;
  if (opened && tree_.is_kernel()) descriptors_.keep(opened, kept, 0);
  return true;
}

}  // namespace edgehaul::cgroup
