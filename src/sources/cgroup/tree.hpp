// SPDX-License-Identifier: Apache-2.0
// The tree of cgroups as directories: finds what came and went since the last tick without listing
// what has not changed. A cgroup is its inode, not its path: a service that was restarted is a new
// one. Directories are held open and everything is opened below them. Collect thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "sources/cgroup/descriptors.hpp"
#include "sources/cgroup/files.hpp"
#include "sources/cgroup/name.hpp"
#include "sources/cgroup/watches.hpp"

namespace edgehaul::cgroup {

struct Member;  // what the source keeps of a cgroup that it reports
struct IoLook;  // what its block I/O and that of all below it was when it was last looked at

// What becomes of a cgroup; the source decides.
enum class Standing : std::uint8_t {
  unsettled,  // new, or a container of which it is not clear yet whether it is a sandbox
  excluded,   // by its kind, a glob, or because it is a sandbox
  reported,
  other,  // past the bound: a part of the remainder
};

// A part of the remainder as it was when it was last read.
struct Rest {
  bool was_read = false;
  std::uint64_t cpu_ns = 0;
  std::uint64_t memory = 0;
  std::uint64_t pids = 0;
};

struct Node {
  Node* parent = nullptr;
  std::string path;  // below the root, as the kernel has it: "/system.slice"; empty for the root
  std::uint64_t inode = 0;
  Name name;
  base::Fd directory;  // of the walked hierarchy; missing where it is not needed or too many
  int watch = Watches::kNone;
  std::uint64_t links = 0;  // directories below it and two, when it was last listed
  bool must_list = true;
  bool is_gone = false;
  std::uint32_t seen = 0;  // the listing that it was last in
  // By inode, so that a listing finds them again quickly.
  std::vector<std::unique_ptr<Node>> children;
  Standing standing = Standing::unsettled;
  std::uint8_t looks = 0;   // in vain, while unsettled
  bool is_covered = false;  // counted in a part of the remainder above it
  Rest rest;
  std::unique_ptr<Member> member;  // of a reported one
  std::unique_ptr<IoLook> io;      // of one with many below it

  ~Node();
};

class Tree {
 public:
  // More directories than this are not looked at, and none deeper: their usage is in their
  // parents'.
  static constexpr std::size_t kMaxNodes = 20'000;
  static constexpr std::size_t kMaxDepth = 24;
  // Everything is listed anew after so many ticks, should a change have gone unseen; and what is
  // watched after so many.
  static constexpr std::uint32_t kListAnew = 6;
  static constexpr std::uint32_t kListWatchedAnew = 60;

  Tree(std::string root, Descriptors& descriptors);
  ~Tree();

  // Errc::absent when there is no cgroup hierarchy. Nodes that are gone are destroyed.
  Result<void> refresh();
  // All nodes but the root, parents before children; until the next refresh().
  const std::vector<Node*>& nodes() const { return nodes_; }
  // Whether some are gone since the last refresh() whose block I/O those above no longer count.
  bool has_lost_io() const { return has_lost_io_; }
  // Descriptors that are to be left to it.
  std::size_t reserve() const;
  // Directories left out because of the bounds.
  std::size_t left_out() const { return left_out_; }
  Version version() const { return version_; }
  // False for a recorded copy, in which descriptors would go on showing what was removed.
  bool is_kernel() const { return is_kernel_; }

  // Opens a file of a cgroup in the hierarchy that has it; absent when that one is not mounted.
  Result<base::Fd> open(const Node& node, Hierarchy hierarchy, const char* file) const;
  // Opens a file in the walked hierarchy: cgroup.procs and the like.
  Result<base::Fd> open(const Node& node, const char* file) const;
  // Modification time of a file there, "." for the directory; Unix nanoseconds.
  std::optional<std::int64_t> modified(const Node& node, const char* file) const;
  // To be called when reading a node failed because it is gone: its parent is listed next time.
  static void note_gone(Node& node);

 private:
  Result<void> find_hierarchies();
  void visit(Node& node, std::size_t depth);
  void list(Node& node);
  void note_child(Node& node, std::size_t known, std::string_view name, std::uint64_t inode);
  void add_child(Node& node, std::string_view name, std::uint64_t inode);
  void forget(Node& node);
  bool has_changed(Node& node) const;
  void watch(Node& node);
  void take_changes();
  Result<base::Fd> open_directory(const Node& node) const;

  std::string root_path_;
  std::string walked_path_;
  Descriptors& descriptors_;
  Version version_ = Version::v2;
  bool is_kernel_ = false;
  base::Fd walked_;                     // the hierarchy whose directories tell which cgroups exist
  base::Fd hierarchies_[kHierarchies];  // v1
  std::unique_ptr<Node> root_;
  Watches watches_;
  std::unordered_map<int, Node*> watched_;
  bool has_lost_io_ = false;
  std::vector<Node*> nodes_;
  std::size_t count_ = 0;  // of nodes that exist
  std::size_t left_out_ = 0;
  std::uint32_t tick_ = 0;
  std::uint32_t listing_ = 0;
};

}  // namespace edgehaul::cgroup
