// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_request.hpp"

#include <cstdint>
#include <limits>
#include <vector>

#include <boost/json/basic_parser_impl.hpp>

#include "base/text.hpp"
#include "otlp/json_value.hpp"
#include "otlp/schema.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp {

namespace {

using boost::system::error_code;
using schema::Field;
using schema::Kind;
using schema::Message;

// An object and an array for each protobuf message; request.hpp's walker allows 100 of these.
constexpr std::size_t kMaxDepth = 200;
constexpr std::size_t kMaxWord = 1024;  // keys and numbers longer than that are nobody's

bool is_packable(const Field& field) {
  return field.is_repeated && schema::wire_type(field.kind) != wire::Type::length;
}

// What basic_parser reports becomes protobuf at the end of `out_`. A message's length is written
// when its end is known: one byte is kept for it, longer ones are squeezed in.
class Handler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  Handler(const Message& root, std::size_t max_bytes) : root_(root), max_bytes_(max_bytes) {}

  std::string take() { return std::move(out_); }
  const std::string& why() const { return why_; }
  bool is_too_large() const { return is_too_large_; }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec);
  bool on_object_end(std::size_t, error_code& ec);
  bool on_array_begin(error_code& ec);
  bool on_array_end(std::size_t, error_code&);
  bool on_key_part(std::string_view part, std::size_t, error_code& ec) {
    return gather(part, kMaxWord, ec);
  }
  bool on_key(std::string_view part, std::size_t, error_code& ec);
  bool on_string_part(std::string_view part, std::size_t, error_code& ec) {
    return is_skipping() || gather(part, max_bytes_, ec);
  }
  bool on_string(std::string_view part, std::size_t, error_code& ec);
  bool on_number_part(std::string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, std::string_view, error_code& ec);
  bool on_uint64(std::uint64_t value, std::string_view, error_code& ec);
  bool on_double(double value, std::string_view, error_code& ec);
  bool on_bool(bool value, error_code& ec);
  bool on_null(error_code&) { return true; }  // the same as absent
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

 private:
  struct Level {
    const Message* message = nullptr;  // of an object; nullptr: skipped
    const Field* field = nullptr;      // the key in force, or an array's field
    bool is_array = false;
    std::size_t body = 0;     // where the message or the packed elements begin in out_
    bool has_length = false;  // a length byte before `body` waits for its value
  };

  bool refuse(std::string why, error_code& ec);
  bool gather(std::string_view part, std::size_t limit, error_code& ec);
  bool put_value(const JsonValue& value, error_code& ec);
  bool is_skipping() const { return levels_.empty() || levels_.back().field == nullptr; }
  // The field that a value belongs to now; nullptr: ignore the value.
  const Field* field() const { return levels_.empty() ? nullptr : levels_.back().field; }
  bool takes_one() const { return levels_.back().is_array || !field()->is_repeated; }
  void open(Level level, const Field& field);
  void close(const Level& level);
  std::string path() const;

  const Message& root_;
  const std::size_t max_bytes_;
  std::string out_;
  std::string word_;  // a key or string that comes in parts
  std::string bytes_;
  std::vector<Level> levels_;
  std::string why_;
  bool is_too_large_ = false;
};

std::string Handler::path() const {
  std::string out;
  for (const Level& level : levels_) {
    if (level.is_array || level.field == nullptr) continue;
    if (!out.empty()) out += '.';
    out += json_name(level.field->name);
  }
  return out.empty() ? "request" : out;
}

bool Handler::refuse(std::string why, error_code& ec) {
  why_ = path() + ": " + std::move(why);
  ec = boost::json::error::exception;
  return false;
}

bool Handler::gather(std::string_view part, std::size_t limit, error_code& ec) {
  if (word_.size() + part.size() > limit) {
    is_too_large_ = limit == max_bytes_;
    return refuse("too long", ec);
  }
  word_ += part;
  return true;
}

void Handler::open(Level level, const Field& field) {
  wire::put_varint(out_, static_cast<std::uint64_t>(field.number) << 3 |
                             static_cast<std::uint64_t>(wire::Type::length));
  out_ += '\0';
  level.body = out_.size();
  level.has_length = true;
  levels_.push_back(level);
}

void Handler::close(const Level& level) {
  if (!level.has_length) return;
  const std::size_t length = out_.size() - level.body;
  std::string coded;
  wire::put_varint(coded, length);
  out_[level.body - 1] = coded[0];
  if (coded.size() > 1) out_.insert(level.body, coded, 1);
}

bool Handler::on_object_begin(error_code& ec) {
  if (levels_.empty()) {
    levels_.push_back({.message = &root_});
    return true;
  }
  const Field* in = field();
  if (in == nullptr) {
    levels_.push_back({});
    return true;
  }
  if (in->kind != Kind::message || !takes_one()) return refuse("an object is not expected", ec);
  open({.message = in->child}, *in);
  return true;
}

bool Handler::on_object_end(std::size_t, error_code& ec) {
  close(levels_.back());
  levels_.pop_back();
  if (out_.size() > max_bytes_) {
    is_too_large_ = true;
    return refuse(fmt::format("more than {} bytes", max_bytes_), ec);
  }
  return true;
}

bool Handler::on_array_begin(error_code& ec) {
  const Field* in = field();
  if (levels_.empty()) return refuse("the document is not an object", ec);
  if (in == nullptr) {
    levels_.push_back({.is_array = true});
    return true;
  }
  if (!in->is_repeated || levels_.back().is_array) return refuse("a list is not expected", ec);
  const Level level{.field = in, .is_array = true};
  if (is_packable(*in)) {
    open(level, *in);
  } else {
    levels_.push_back(level);
  }
  return true;
}

bool Handler::on_array_end(std::size_t, error_code&) {
  close(levels_.back());
  levels_.pop_back();
  return true;
}

bool Handler::on_key(std::string_view part, std::size_t, error_code& ec) {
  if (!gather(part, kMaxWord, ec)) return false;
  Level& level = levels_.back();
  level.field = level.message == nullptr ? nullptr : find_by_json_name(*level.message, word_);
  word_.clear();
  return true;
}

bool Handler::on_string(std::string_view part, std::size_t, error_code& ec) {
  if (levels_.empty()) return refuse("the document is not an object", ec);
  if (is_skipping()) return true;
  bool done = false;
  if (word_.empty()) {
    done = put_value(JsonValue(part), ec);
  } else if (gather(part, max_bytes_, ec)) {
    done = put_value(JsonValue(std::string_view(word_)), ec);
  }
  word_.clear();
  return done;
}

bool Handler::on_int64(std::int64_t value, std::string_view, error_code& ec) {
  return put_value(JsonValue(value), ec);
}
bool Handler::on_uint64(std::uint64_t value, std::string_view, error_code& ec) {
  return put_value(JsonValue(value), ec);
}
// Boost.JSON's own value may be off by the last bit; it stays for what has no finite nearest
// double.
bool Handler::on_double(double value, std::string_view digits, error_code& ec) {
  return put_value(JsonValue(text::parse_double(digits).value_or(value)), ec);
}
bool Handler::on_bool(bool value, error_code& ec) {
  return put_value(JsonValue(value), ec);
}

bool Handler::put_value(const JsonValue& value, error_code& ec) {
  if (levels_.empty()) return refuse("the document is not an object", ec);
  const Field* in = field();
  if (in == nullptr) return true;
  if (!takes_one()) return refuse("a list is expected", ec);
  const bool is_packed = levels_.back().has_length && levels_.back().is_array;
  const std::string_view fault = put_field(out_, *in, value, is_packed, bytes_);
  return fault.empty() || refuse(std::string(fault), ec);
}

}  // namespace

Result<std::string> from_json(Signal signal, std::string_view json, std::size_t max_bytes) {
  if (signal == Signal::profiles) {
    return fail(Errc::invalid, "profiles are taken as protobuf only");
  }
  boost::json::parse_options options;
  options.max_depth = kMaxDepth;
  boost::json::basic_parser<Handler> parser(options, schema::request(signal), max_bytes);
  error_code fault;
  const std::size_t read = parser.write_some(false, json.data(), json.size(), fault);
  if (!parser.handler().why().empty()) {
    return fail(parser.handler().is_too_large() ? Errc::too_large : Errc::malformed,
                "{}, at byte {}", parser.handler().why(), read);
  }
  if (fault) return fail(Errc::malformed, "not JSON at byte {}: {}", read, fault.message());
  if (!text::trim(json.substr(read)).empty()) {
    return fail(Errc::malformed, "bytes after the document, at byte {}", read);
  }
  return parser.handler().take();
}

}  // namespace edgehaul::otlp
