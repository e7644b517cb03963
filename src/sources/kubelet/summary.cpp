// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/summary.hpp"

#include <limits>

#include <boost/json/basic_parser_impl.hpp>

#include "base/text.hpp"

namespace edgehaul::kubelet {

namespace {

using boost::system::error_code;

constexpr std::size_t kMaxDepth = 64;
constexpr std::size_t kMaxWord = 1024;  // longer keys and names are nobody's

// Objects of the document that are looked into. A list stands for each of its elements.
enum class Place : std::uint8_t {
  skipped,
  root,
  node,
  system_container,
  pod,
  pod_ref,
  container,
  cpu,
  memory,
  fs,
  network,
  volume,
  claim,
};

struct Step {
  Place in;
  std::string_view key;
  Place to;
};

constexpr Step kSteps[] = {
    {Place::root, "node", Place::node},
    {Place::root, "pods", Place::pod},
    {Place::node, "cpu", Place::cpu},
    {Place::node, "memory", Place::memory},
    {Place::node, "network", Place::network},
    {Place::node, "fs", Place::fs},
    {Place::node, "systemContainers", Place::system_container},
    {Place::system_container, "cpu", Place::cpu},
    {Place::system_container, "memory", Place::memory},
    {Place::pod, "podRef", Place::pod_ref},
    {Place::pod, "containers", Place::container},
    {Place::pod, "cpu", Place::cpu},
    {Place::pod, "memory", Place::memory},
    {Place::pod, "network", Place::network},
    {Place::pod, "ephemeral-storage", Place::fs},
    {Place::pod, "volume", Place::volume},
    {Place::container, "cpu", Place::cpu},
    {Place::container, "memory", Place::memory},
    {Place::container, "rootfs", Place::fs},
    {Place::volume, "pvcRef", Place::claim},
};

struct Number {
  Place in;
  std::string_view key;
  std::uint8_t index;  // of the block's number
};

template <class Field>
constexpr Number number(Place in, std::string_view key, Field field) {
  return {in, key, static_cast<std::uint8_t>(field)};
}

constexpr Number kNumbers[] = {
    number(Place::cpu, "usageNanoCores", Cpu::nano_cores),
    number(Place::cpu, "usageCoreNanoSeconds", Cpu::core_nanoseconds),
    number(Place::memory, "availableBytes", Memory::available),
    number(Place::memory, "usageBytes", Memory::usage),
    number(Place::memory, "workingSetBytes", Memory::working_set),
    number(Place::memory, "rssBytes", Memory::rss),
    number(Place::memory, "pageFaults", Memory::page_faults),
    number(Place::memory, "majorPageFaults", Memory::major_page_faults),
    number(Place::fs, "availableBytes", Fs::available),
    number(Place::fs, "capacityBytes", Fs::capacity),
    number(Place::fs, "usedBytes", Fs::used),
    number(Place::fs, "inodes", Fs::inodes),
    number(Place::fs, "inodesFree", Fs::inodes_free),
    number(Place::fs, "inodesUsed", Fs::inodes_used),
    number(Place::volume, "availableBytes", Fs::available),
    number(Place::volume, "capacityBytes", Fs::capacity),
    number(Place::volume, "usedBytes", Fs::used),
    number(Place::volume, "inodes", Fs::inodes),
    number(Place::volume, "inodesFree", Fs::inodes_free),
    number(Place::volume, "inodesUsed", Fs::inodes_used),
    number(Place::network, "rxBytes", Net::received),
    number(Place::network, "rxErrors", Net::receive_errors),
    number(Place::network, "txBytes", Net::sent),
    number(Place::network, "txErrors", Net::send_errors),
};

// What basic_parser reports becomes the summary.
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  Summary take() { return std::move(summary_); }
  bool is_no_object() const { return is_no_object_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code& ec) { return !is_no_object_ || stop(ec); }
  bool on_object_begin(error_code&);
  bool on_object_end(std::size_t, error_code&);
  bool on_array_begin(error_code& ec);
  bool on_array_end(std::size_t, error_code&) {
    levels_.pop_back();
    return true;
  }
  bool on_key_part(std::string_view part, std::size_t, error_code&) { return gather(part); }
  bool on_key(std::string_view part, std::size_t, error_code&);
  bool on_string_part(std::string_view part, std::size_t, error_code&) { return gather(part); }
  bool on_string(std::string_view part, std::size_t, error_code&);
  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, std::string_view, error_code&) {
    return value < 0 ? odd_number() : put(static_cast<std::uint64_t>(value));
  }
  bool on_uint64(std::uint64_t value, std::string_view, error_code&) { return put(value); }
  bool on_double(double, std::string_view, error_code&) { return odd_number(); }
  bool on_bool(bool, error_code&) { return odd_number(); }
  bool on_null(error_code&) { return true; }  // the same as absent
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  struct Level {
    Place place = Place::skipped;  // of the object, or of a list's elements
    bool is_list = false;
    Usage* usage = nullptr;  // the one that this and the objects inside are part of
    Block* block = nullptr;
    std::string key;  // in force
  };

  bool stop(error_code& ec);
  bool gather(std::string_view part);
  Place next_place() const;
  void enter(Place place);
  void enter_part(Level& level);
  void put_text(Level& level, const std::string& word);
  void put_time(Level& level);
  bool put(std::uint64_t value);
  bool odd_number();
  void note(std::string_view what);
  const Number* number_here() const;

  Summary summary_;
  std::vector<Level> levels_;
  std::string word_;
  bool is_word_too_long_ = false;
  bool is_no_object_ = false;
  std::size_t containers_ = 0;
  std::size_t volumes_ = 0;
};

bool Handler::stop(error_code& ec) {
  is_no_object_ = true;
  ec = boost::json::error::exception;
  return false;
}

bool Handler::gather(std::string_view part) {
  if (word_.size() + part.size() > kMaxWord) {
    is_word_too_long_ = true;
    part = part.substr(0, kMaxWord - word_.size());
  }
  word_ += part;
  return true;
}

Place Handler::next_place() const {
  const Level& in = levels_.back();
  if (in.is_list) return in.place;
  for (const Step& step : kSteps) {
    if (step.in == in.place && step.key == in.key) return step.to;
  }
  return Place::skipped;
}

bool Handler::on_object_begin(error_code&) {
  enter(levels_.empty() ? Place::root : next_place());
  return true;
}

bool Handler::on_object_end(std::size_t, error_code&) {
  const Level ended = std::move(levels_.back());
  levels_.pop_back();
  // A pod that nothing identifies would be a series of nobody's.
  if (ended.place == Place::pod && summary_.pods.back().uid.empty()) {
    note("a pod without podRef.uid");
    summary_.pods.pop_back();
  }
  return true;
}

bool Handler::on_array_begin(error_code& ec) {
  if (levels_.empty()) return stop(ec);
  const Place place = levels_.back().is_list ? Place::skipped : next_place();
  Level list;
  list.place = place;
  list.is_list = true;
  list.usage = levels_.back().usage;
  levels_.push_back(std::move(list));
  return true;
}

void Handler::enter(Place place) {
  Level level;
  level.place = place;
  if (!levels_.empty()) level.usage = levels_.back().usage;
  enter_part(level);
  levels_.push_back(std::move(level));
}

// Makes what the object will fill; what is one too many is skipped and counted.
void Handler::enter_part(Level& level) {
  const auto add = [&](auto& list, bool is_too_many) {
    if (is_too_many) {
      ++summary_.left_out;
      level.place = Place::skipped;
    } else {
      list.emplace_back();
    }
    return !is_too_many;
  };
  switch (level.place) {
    case Place::node:
      level.usage = &summary_.node;
      return;
    case Place::system_container:
      if (add(summary_.system_containers, summary_.system_containers.size() >= 64))
        level.usage = &summary_.system_containers.back();
      return;
    case Place::pod:
      if (add(summary_.pods, summary_.pods.size() >= Summary::kMostPods))
        level.usage = &summary_.pods.back().usage;
      return;
    case Place::container:
      if (add(summary_.pods.back().containers, containers_ >= Summary::kMostParts)) {
        level.usage = &summary_.pods.back().containers.back();
        ++containers_;
      }
      return;
    case Place::volume:
      if (add(summary_.pods.back().volumes, volumes_ >= Summary::kMostParts)) {
        level.block = &summary_.pods.back().volumes.back().fs;
        ++volumes_;
      }
      return;
    case Place::cpu:
      level.block = &(level.usage->cpu = {});
      return;
    case Place::memory:
      level.block = &(level.usage->memory = {});
      return;
    case Place::fs:
      level.block = &(level.usage->fs = {});
      return;
    case Place::network:
      level.block = &(level.usage->network = {});
      return;
    default:
      return;
  }
}

bool Handler::on_key(std::string_view part, std::size_t, error_code&) {
  gather(part);
  levels_.back().key = std::move(word_);
  word_.clear();
  is_word_too_long_ = false;
  return true;
}

bool Handler::on_string(std::string_view part, std::size_t, error_code& ec) {
  if (levels_.empty()) return stop(ec);
  gather(part);
  Level& level = levels_.back();
  if (!level.is_list) {
    if (number_here() != nullptr) odd_number();
    if (level.key == "time" || level.key == "startTime") {
      put_time(level);
    } else if (!is_word_too_long_) {
      put_text(level, word_);
    }
  }
  word_.clear();
  is_word_too_long_ = false;
  return true;
}

void Handler::put_time(Level& level) {
  base::UnixNanos* target = nullptr;
  if (level.key == "time" && level.block != nullptr) target = &level.block->time;
  const bool has_start = level.place == Place::node || level.place == Place::pod ||
                         level.place == Place::container || level.place == Place::system_container;
  if (level.key == "startTime" && has_start) target = &level.usage->start;
  if (target == nullptr) return;
  if (const auto time = parse_time(word_)) {
    *target = *time;
  } else {
    note(fmt::format("{}: not a time", level.key));
  }
}

void Handler::put_text(Level& level, const std::string& word) {
  const auto is = [&](Place place, std::string_view key) {
    return level.place == place && level.key == key;
  };
  if (is(Place::node, "nodeName") || is(Place::container, "name") ||
      is(Place::system_container, "name") || is(Place::pod_ref, "name")) {
    level.usage->name = text::to_utf8(word);
  } else if (is(Place::network, "name")) {
    level.usage->interface = text::to_utf8(word);
  } else if (is(Place::pod_ref, "namespace")) {
    summary_.pods.back().namespace_name = text::to_utf8(word);
  } else if (is(Place::pod_ref, "uid")) {
    summary_.pods.back().uid = text::to_utf8(word);
  } else if (is(Place::volume, "name")) {
    summary_.pods.back().volumes.back().name = text::to_utf8(word);
  } else if (is(Place::claim, "name")) {
    summary_.pods.back().volumes.back().claim = text::to_utf8(word);
  }
}

const Number* Handler::number_here() const {
  if (levels_.empty() || levels_.back().is_list || levels_.back().block == nullptr) return nullptr;
  for (const Number& known : kNumbers) {
    if (known.in == levels_.back().place && known.key == levels_.back().key) return &known;
  }
  return nullptr;
}

bool Handler::put(std::uint64_t value) {
  if (levels_.empty()) is_no_object_ = true;
  if (const Number* known = number_here()) levels_.back().block->set(known->index, value);
  return true;
}

bool Handler::odd_number() {
  if (levels_.empty()) is_no_object_ = true;
  if (number_here() != nullptr) note(fmt::format("{}: not a count", levels_.back().key));
  return true;
}

void Handler::note(std::string_view what) {
  if (summary_.oddity.empty()) summary_.oddity = what;
}

}  // namespace

Result<Summary> parse_summary(std::string_view json) {
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  options.allow_invalid_utf8 = true;
  boost::json::basic_parser<Handler> parser(options);
  error_code fault;
  const std::size_t used = parser.write_some(false, json.data(), json.size(), fault);
  if (parser.handler().is_no_object()) return fail(Errc::malformed, "the answer is no JSON object");
  if (fault == boost::json::error::too_deep)
    return fail(Errc::too_large, "the answer is nested more than {} deep", kMaxDepth);
  if (fault == boost::json::error::incomplete || (!fault && !parser.done()))
    return fail(Errc::malformed, "the answer ends in the middle, after {} bytes", json.size());
  if (fault) return fail(Errc::malformed, "byte {} of the answer: {}", used, fault.message());
  if (json.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
    return fail(Errc::malformed, "something follows the answer's JSON object");
  return parser.handler().take();
}

}  // namespace edgehaul::kubelet
