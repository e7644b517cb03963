// SPDX-License-Identifier: Apache-2.0
#include "config/tree.hpp"

#include "base/text.hpp"

namespace edgehaul::config {

namespace {

Node* reach_item(Node& list, std::size_t index, std::size_t max_items) {
  if (list.is_null()) list.kind = Node::Kind::list;
  if (index > list.items.size() || index >= max_items) return nullptr;
  if (index == list.items.size()) list.items.emplace_back();
  return &list.items[index];
}

Node* reach_member(Node& map, std::string_view key) {
  if (!map.is_map()) {
    map.kind = Node::Kind::map;
    map.text.clear();
    map.items.clear();
  }
  if (Node* found = find(map, key)) return found;
  map.members.push_back({std::string(key), Node()});
  return &map.members.back().value;
}

}  // namespace

Node* find(Node& map, std::string_view key) {
  for (Member& member : map.members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

const Node* find(const Node& map, std::string_view key) {
  for (const Member& member : map.members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

void merge(Node& base, Node over) {
  if (over.is_null() && base.is_map()) return;
  if (!over.is_map() || !base.is_map() || base.members.empty()) {
    base = std::move(over);
    return;
  }
  for (Member& member : over.members) {
    if (Node* found = find(base, member.key)) {
      merge(*found, std::move(member.value));
    } else {
      base.members.push_back(std::move(member));
    }
  }
}

Node* reach(Node& root, const std::vector<std::string_view>& steps, std::size_t max_items,
            const std::shared_ptr<const std::string>& file) {
  Node* node = &root;
  for (const std::string_view step : steps) {
    const auto index = text::parse_u64(step);
    const bool is_index = index && (node->is_list() || node->is_null());
    node = is_index ? reach_item(*node, static_cast<std::size_t>(*index), max_items)
                    : reach_member(*node, step);
    if (node == nullptr) return nullptr;
    if (!node->file) node->file = file;
  }
  return node;
}

}  // namespace edgehaul::config
