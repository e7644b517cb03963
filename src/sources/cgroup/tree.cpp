// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <algorithm>
#include <cerrno>
#include <initializer_list>

#include "sources/cgroup/io_look.hpp"
#include "sources/cgroup/member.hpp"

namespace edgehaul::cgroup {

namespace {

// linux/magic.h
constexpr auto kCgroup1Magic = 0x27e0eb;
constexpr auto kCgroup2Magic = 0x63677270;

constexpr std::size_t kLongestPath = 1024;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

base::Fd open_first(int parent, std::initializer_list<const char*> names,
                    std::string* opened = nullptr) {
  for (const char* name : names) {
    auto found = base::open_at(parent, name, O_DIRECTORY);
    if (!found) continue;
    if (opened != nullptr) *opened = name;
    return std::move(*found);
  }
  return {};
}

bool is_cgroupfs(int fd) {
  struct statfs about {};
  if (::fstatfs(fd, &about) != 0) return false;
  return about.f_type == kCgroup1Magic || about.f_type == kCgroup2Magic;
}

// Relative to the root's descriptor.
const char* below_root(const Node& node) {
  return node.path.empty() ? "." : node.path.c_str() + 1;
}

std::string below_root(const Node& node, const char* file) {
  std::string path = below_root(node);
  path += '/';
  path += file;
  return path;
}

Result<base::Fd> open_below(int tree, const Node& node, const char* file) {
  return base::open_at(tree, below_root(node, file).c_str(), O_NONBLOCK | O_NOCTTY);
}

}  // namespace

Node::~Node() = default;

Tree::Tree(std::string root, Descriptors& descriptors)
    : root_path_(std::move(root)), descriptors_(descriptors) {}

Tree::~Tree() = default;

Result<void> Tree::find_hierarchies() {
  auto top = base::open_at(AT_FDCWD, root_path_.c_str(), O_DIRECTORY);
  if (!top) return pass(std::move(top.error()));
  if (::faccessat(top->get(), "cgroup.controllers", F_OK, 0) == 0) {
    version_ = Version::v2;
    walked_ = std::move(*top);
    walked_path_ = root_path_;
  } else {
    version_ = Version::v1;
    const int at = top->get();
    hierarchies_[static_cast<std::size_t>(Hierarchy::cpuacct)] =
        open_first(at, {"cpuacct", "cpu,cpuacct", "cpuacct,cpu"});
    hierarchies_[static_cast<std::size_t>(Hierarchy::cpu)] =
        open_first(at, {"cpu", "cpu,cpuacct", "cpuacct,cpu"});
    hierarchies_[static_cast<std::size_t>(Hierarchy::memory)] = open_first(at, {"memory"});
    hierarchies_[static_cast<std::size_t>(Hierarchy::blkio)] = open_first(at, {"blkio"});
    hierarchies_[static_cast<std::size_t>(Hierarchy::pids)] = open_first(at, {"pids"});
    // systemd and every runtime put all their cgroups into systemd's own hierarchy, but only those
    // with limits or accounting into the others.
    std::string name;
    walked_ = open_first(at, {"systemd", "memory", "cpuacct", "cpu,cpuacct", "cpu", "pids"}, &name);
    walked_path_ = root_path_ + "/" + name;
    if (!walked_) return fail(Errc::absent, "no cgroup hierarchy below {}", root_path_);
  }
  is_kernel_ = is_cgroupfs(walked_.get());
  root_ = std::make_unique<Node>();
  root_->name.kind = Kind::root;
  watch(*root_);
  return {};
}

Result<void> Tree::refresh() {
  if (!walked_) {
    if (auto found = find_hierarchies(); !found) return found;
  }
  ++tick_;
  nodes_.clear();
  left_out_ = 0;
  has_lost_io_ = false;
  take_changes();
  visit(*root_, 0);
  // Inodes of a recorded tree are as they come; names make samples of it comparable.
  if (!is_kernel_)
    std::sort(nodes_.begin(), nodes_.end(),
              [](const Node* a, const Node* b) { return a->path < b->path; });
  return {};
}

void Tree::watch(Node& node) {
  if (!is_kernel_ || node.name.kind == Kind::container) return;
  node.watch = watches_.add(walked_path_ + node.path);
  if (node.watch != Watches::kNone) watched_[node.watch] = &node;
}

void Tree::take_changes() {
  const bool is_whole = watches_.take([this](int watch) {
    if (const auto at = watched_.find(watch); at != watched_.end()) at->second->must_list = true;
  });
  if (is_whole) return;
  for (const auto& [watch, node] : watched_)
    node->must_list = true;
}

// One that is watched is told of. Of the others the link count tells how many are below; one that
// went while another came is told by reading the one that went, and by listing from time to time.
bool Tree::has_changed(Node& node) const {
  if (!is_kernel_) return true;
  const bool is_watched = node.watch != Watches::kNone;
  const std::uint64_t turn = tick_ + node.inode;  // not all in one tick
  const bool is_due = node.must_list || turn % (is_watched ? kListWatchedAnew : kListAnew) == 0;
  if (is_watched && !is_due) return false;
  struct stat about {};
  const int failed = node.directory ? ::fstat(node.directory.get(), &about)
                                    : ::fstatat(walked_.get(), below_root(node), &about, 0);
  if (failed != 0) return true;
  if (node.parent != nullptr && about.st_ino != node.inode) note_gone(node);
  if (about.st_nlink <= 2 && node.children.empty()) {
    node.links = about.st_nlink;
    node.must_list = false;
    return false;
  }
  return is_due || about.st_nlink != node.links;
}

void Tree::visit(Node& node, std::size_t depth) {
  if (node.parent != nullptr) nodes_.push_back(&node);
  // What is below a container belongs to it.
  if (node.name.kind == Kind::container) return;
  if (has_changed(node)) list(node);
  if (node.children.empty()) return;
  if (depth >= kMaxDepth) {
    left_out_ += node.children.size();
    return;
  }
  for (const auto& child : node.children)
    visit(*child, depth + 1);
}

void Tree::list(Node& node) {
  auto opened = open_directory(node);
  const std::unique_ptr<DIR, CloseDirectory> directory(opened ? ::fdopendir(opened->get())
                                                              : nullptr);
  if (!directory) {
    if (node.parent != nullptr) note_gone(node);
    return;
  }
  opened->release();
  node.must_list = false;
  ++listing_;
  struct stat about {};
  if (::fstat(::dirfd(directory.get()), &about) == 0) node.links = about.st_nlink;
  const std::size_t known = node.children.size();
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (entry->d_type == DT_DIR) note_child(node, known, name, entry->d_ino);
  }
  std::erase_if(node.children, [&](const std::unique_ptr<Node>& child) {
    if (child->seen == listing_) return false;
    forget(*child);
    return true;
  });
  std::sort(node.children.begin(), node.children.end(),
            [](const auto& a, const auto& b) { return a->inode < b->inode; });
}

// `known` children stand in the order of their inodes; behind them are those of this listing.
void Tree::note_child(Node& node, std::size_t known, std::string_view name, std::uint64_t inode) {
  const auto end = node.children.begin() + static_cast<std::ptrdiff_t>(known);
  const auto found = std::lower_bound(node.children.begin(), end, inode,
                                      [](const std::unique_ptr<Node>& child, std::uint64_t wanted) {
                                        return child->inode < wanted;
                                      });
  if (found != end && (*found)->inode == inode &&
      std::string_view((*found)->path).substr(node.path.size() + 1) == name) {
    (*found)->seen = listing_;
    (*found)->is_gone = false;
    return;
  }
  add_child(node, name, inode);
}

void Tree::add_child(Node& node, std::string_view name, std::uint64_t inode) {
  Name meaning = classify(node.name, name);
  if (meaning.kind == Kind::helper) return;
  if (count_ >= kMaxNodes || node.path.size() + 1 + name.size() > kLongestPath) {
    ++left_out_;
    node.must_list = true;  // there may be room next time, and what is left out is counted anew
    return;
  }
  auto child = std::make_unique<Node>();
  child->parent = &node;
  child->path = node.path + "/" + std::string(name);
  child->inode = inode;
  child->name = std::move(meaning);
  child->seen = listing_;
  watch(*child);
  // Files of v1 are not opened below it, and what is below a container is not looked at.
  if (version_ == Version::v2 ||
      (child->name.kind != Kind::container && child->watch == Watches::kNone)) {
    if (auto opened = open_directory(*child)) descriptors_.keep(*opened, child->directory, 0);
  }
  ++count_;
  node.children.push_back(std::move(child));
}

void Tree::forget(Node& node) {
  for (const auto& child : node.children)
    forget(*child);
  if (node.member) {
    // v2 goes on counting what was removed.
    has_lost_io_ |= version_ == Version::v1 && !node.member->usage.devices.empty();
    node.member->close(descriptors_);
  }
  if (node.io) node.io->close(descriptors_);
  descriptors_.drop(node.directory);
  // One that was renamed is watched as another one by now.
  if (const auto at = watched_.find(node.watch); at != watched_.end() && at->second == &node) {
    watches_.remove(node.watch);
    watched_.erase(at);
  }
  --count_;
}

std::size_t Tree::reserve() const {
  const bool keeps_few = version_ == Version::v1 && root_ && root_->watch != Watches::kNone;
  return descriptors_.most() / (keeps_few ? 64 : 8);
}

void Tree::note_gone(Node& node) {
  node.is_gone = true;
  if (node.parent != nullptr) node.parent->must_list = true;
}

Result<base::Fd> Tree::open_directory(const Node& node) const {
  if (node.directory) return base::open_at(node.directory.get(), ".", O_DIRECTORY);
  return base::open_at(walked_.get(), below_root(node), O_DIRECTORY | O_NOFOLLOW);
}

Result<base::Fd> Tree::open(const Node& node, const char* file) const {
  if (node.directory) return base::open_at(node.directory.get(), file, O_NONBLOCK | O_NOCTTY);
  return open_below(walked_.get(), node, file);
}

Result<base::Fd> Tree::open(const Node& node, Hierarchy hierarchy, const char* file) const {
  if (version_ == Version::v2) return open(node, file);
  const base::Fd& tree = hierarchies_[static_cast<std::size_t>(hierarchy)];
  if (!tree) return fail(Errc::absent, "{}: its hierarchy is not mounted", file);
  return open_below(tree.get(), node, file);
}

std::optional<std::int64_t> Tree::modified(const Node& node, const char* file) const {
  struct stat about {};
  const int failed = node.directory
                         ? ::fstatat(node.directory.get(), file, &about, 0)
                         : ::fstatat(walked_.get(), below_root(node, file).c_str(), &about, 0);
  if (failed != 0) return std::nullopt;
  return std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec;
}

}  // namespace edgehaul::cgroup
