// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.hpp"

#include <algorithm>
#include <exception>
#include <memory>
#include <sstream>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/node/node.h>
#include <yaml-cpp/parser.h>

#include "base/text.hpp"

namespace edgehaul::config {

namespace {

constexpr const char* kBracket = "or is a bracket left open?";
constexpr std::size_t kMaxKeyLength = 256;

// Leaves yaml-cpp's recursion; caught in parse_yaml.
struct Stop {
  int line;
  std::string message;
  std::string suggestion;
};

// Builds the tree from the parser's events. Nodes are built on a stack and moved into their parent
// when they end.
class Builder final : public YAML::EventHandler {
 public:
  Builder(std::shared_ptr<const std::string> file, Faults& faults)
      : file_(std::move(file)), faults_(faults) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    if (wants_key()) throw Stop{line_of(mark), "a key is missing before ':'", {}};
    add(make(Node::Kind::null, line_of(mark)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Stop{line_of(mark), "aliases (*name) are not supported", "write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& value) override {
    if (wants_key()) {
      take_key(value, line_of(mark));
      return;
    }
    Node node = make(Node::Kind::scalar, line_of(mark));
    node.text = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::list, line_of(mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::map, line_of(mark));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    std::string key;
    int key_line = 0;
    bool has_key = false;
    std::unordered_map<std::string, int> lines;  // of the keys so far
  };

  static int line_of(const YAML::Mark& mark) { return mark.line + 1; }
  bool wants_key() const {
    return !stack_.empty() && stack_.back().node.is_map() && !stack_.back().has_key;
  }

  Node make(Node::Kind kind, int line) {
    if (++count_ > kMaxYamlNodes) {
      throw Stop{line, fmt::format("more than {} values", kMaxYamlNodes), {}};
    }
    Node node;
    node.kind = kind;
    node.line = line;
    node.file = file_;
    return node;
  }

  void open(Node::Kind kind, int line) {
    if (wants_key()) throw Stop{line, "a key must be plain text", kBracket};
    if (stack_.size() >= kMaxYamlDepth) {
      throw Stop{line, fmt::format("nested more than {} deep", kMaxYamlDepth), {}};
    }
    Open entry;
    entry.node = make(kind, line);
    stack_.push_back(std::move(entry));
  }

  void close() {
    Node node = std::move(stack_.back().node);
    stack_.pop_back();
    add(std::move(node));
  }

  void take_key(const std::string& key, int line) {
    if (key.size() > kMaxKeyLength) throw Stop{line, "a key of more than 256 bytes", {}};
    Open& map = stack_.back();
    map.key = key;
    map.key_line = line;
    map.has_key = true;
  }

  void add(Node node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    parent.has_key = false;
    node.line = parent.key_line;
    const auto [seen, is_new] = parent.lines.emplace(parent.key, parent.key_line);
    if (is_new) {
      parent.node.members.push_back({std::move(parent.key), std::move(node)});
    } else {
      report_twice(parent, seen->second);
    }
  }

  void report_twice(const Open& parent, int first_line) {
    faults_.push_back({Severity::error,
                       {*file_, parent.key_line},
                       path_to(parent.key),
                       {},
                       fmt::format("written twice, first in line {}", first_line),
                       "remove one of the two"});
  }

  std::string path_to(const std::string& key) const {
    std::string path;
    for (std::size_t i = 0; i < stack_.size(); ++i) {
      const Open& level = stack_[i];
      const bool is_last = i + 1 == stack_.size();
      if (level.node.is_list()) {
        path += fmt::format("[{}]", level.node.items.size());
      } else {
        path += (path.empty() ? "" : ".") + (is_last ? key : level.key);
      }
    }
    return path;
  }

  std::shared_ptr<const std::string> file_;
  Faults& faults_;
  Node root_;
  std::vector<Open> stack_;
  std::size_t count_ = 0;
};

// The first line that no text editor would have written; 0 when all is text.
int binary_line(std::string_view text) {
  int line = 1;
  std::string_view rest = text;
  while (const auto next = text::next_line(rest)) {
    const auto is_control = [](char c) {
      return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r';
    };
    if (std::any_of(next->begin(), next->end(), is_control) || !text::is_utf8(*next)) return line;
    ++line;
  }
  return 0;
}

bool is_tab_indented(std::string_view text, int line) {
  std::string_view rest = text;
  std::optional<std::string_view> found;
  for (int i = 0; i < line; ++i)
    found = text::next_line(rest);
  if (!found) return false;
  const std::size_t start = found->find_first_not_of(" \t");
  return found->substr(0, start).find('\t') != std::string_view::npos;
}

Fault syntax_fault(std::string_view text, const std::string& file, const YAML::Exception& error) {
  const int line = error.mark.line + 1;
  Fault fault{Severity::error, {file, line}, {}, {}, "not valid YAML: " + error.msg, {}};
  if (is_tab_indented(text, line)) {
    fault.message = "indented with a tab";
    fault.suggestion = "YAML wants spaces";
  }
  return fault;
}

std::optional<Node> build(std::string_view text, const std::string& file, Faults& faults) {
  // yaml-cpp takes a quote that is left open for closed when a line break is the last it sees.
  const std::string_view trimmed = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  std::istringstream stream{std::string(trimmed)};
  YAML::Parser parser(stream);
  Builder builder(std::make_shared<const std::string>(file), faults);
  if (!parser.HandleNextDocument(builder)) return Node();
  Node root = builder.take();
  Builder second(std::make_shared<const std::string>(file), faults);
  if (parser.HandleNextDocument(second)) {
    throw Stop{second.take().line, "a second document begins here", "one document per file"};
  }
  return root;
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, const std::string& file, Faults& faults) {
  if (text.size() > kMaxYamlBytes) {
    faults.push_back({Severity::error, {file, 0}, {}, {}, "larger than 1 MiB", {}});
    return std::nullopt;
  }
  if (const int line = binary_line(text); line != 0) {
    faults.push_back({Severity::error, {file, line}, {}, {}, "not text in UTF-8", {}});
    return std::nullopt;
  }
  // The scanner looks far ahead of the parser, some 250 bytes for each bracket or comma.
  const auto is_mark = [](char c) { return c == '[' || c == '{' || c == ','; };
  if (static_cast<std::size_t>(std::count_if(text.begin(), text.end(), is_mark)) > kMaxYamlNodes) {
    const std::string message = fmt::format("more than {} brackets and commas", kMaxYamlNodes);
    faults.push_back({Severity::error, {file, 0}, {}, {}, message, {}});
    return std::nullopt;
  }
  try {
    return build(text, file, faults);
  } catch (const Stop& stop) {
    faults.push_back({Severity::error, {file, stop.line}, {}, {}, stop.message, stop.suggestion});
  } catch (const YAML::Exception& error) {
    faults.push_back(syntax_fault(text, file, error));
  }
  return std::nullopt;
}

}  // namespace edgehaul::config
