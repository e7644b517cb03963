// SPDX-License-Identifier: Apache-2.0
// A configuration as written: maps, lists and scalars that remember their file and line, before
// anything is known of their meaning. Plain values; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace edgehaul::config {

struct Member;

struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  int line = 0;
  std::shared_ptr<const std::string> file;
  std::string text;             // scalar
  std::vector<Node> items;      // list
  std::vector<Member> members;  // map, in the order of writing; keys are unique

  bool is_null() const { return kind == Kind::null; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_list() const { return kind == Kind::list; }
  bool is_map() const { return kind == Kind::map; }
};

struct Member {
  std::string key;
  Node value;  // its line is the key's, but for the items of a list
};

Node* find(Node& map, std::string_view key);
const Node* find(const Node& map, std::string_view key);

// Lays `over` upon `base`: maps merge key by key, everything else is replaced. A null upon a map
// changes nothing (a section whose settings are all commented out).
void merge(Node& base, Node over);

// The node at `steps` below `root`, made on the way as of `file`; a step of digits upon a list (or
// upon nothing) is an index. Null when an index would leave a gap or pass `max_items`.
Node* reach(Node& root, const std::vector<std::string_view>& steps, std::size_t max_items,
            const std::shared_ptr<const std::string>& file);

}  // namespace edgehaul::config
