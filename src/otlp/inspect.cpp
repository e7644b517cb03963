// SPDX-License-Identifier: Apache-2.0
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"
#include "otlp/request.hpp"
#include "otlp/schema.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp {

namespace {

using schema::Field;
using schema::Kind;
using schema::Message;
using schema::Role;
using wire::Fault;
using wire::Reader;
using wire::Token;

// Messages inside one another. protobuf's own parsers (C++, prost in OpenObserve) stop at 100;
// taking no more means that what is taken here is taken there.
constexpr int kMaxDepth = 100;

// Where the walk stands: a chain of frames on the stack, looked at only to word an error.
struct Step {
  const Step* up = nullptr;
  std::string_view within;       // bytes of the message that holds the field
  const Field* field = nullptr;  // of that message
  const char* at = nullptr;      // where the field begins in `within`
};

// How many fields of the same number come before `step` in its message.
std::size_t index_of(const Step& step) {
  std::size_t index = 0;
  Reader reader(step.within);
  Token token;
  while (reader.at() < step.at && reader.next(token) == Fault::none) {
    if (token.number == step.field->number) ++index;
  }
  return index;
}

std::string path_of(const Step* step) {
  std::array<const Step*, kMaxDepth + 1> chain{};
  std::size_t length = 0;
  for (; step != nullptr && length < chain.size(); step = step->up)
    chain[length++] = step;
  std::string path;
  while (length > 0) {
    const Step& part = *chain[--length];
    if (!path.empty()) path += '.';
    path += part.field->name;
    if (part.field->is_repeated) path += fmt::format("[{}]", index_of(part));
  }
  return path.empty() ? "request" : path;
}

class Walker {
 public:
  explicit Walker(std::string_view request) : request_(request) {}

  bool walk(const Message& message, std::string_view bytes, const Step* up, int depth);

  std::uint64_t items() const { return items_; }
  Error take_error() { return std::move(error_); }

 private:
  bool value(const Field& field, const Token& token, const Step& step, int depth);
  bool packed(const Field& field, const Token& token, const Step& step);
  bool refuse(const Step* step, std::string_view why);
  bool refuse_at(const Step* step, Fault fault, const char* at);

  std::string_view request_;
  std::uint64_t items_ = 0;
  Error error_;
};

bool Walker::refuse(const Step* step, std::string_view why) {
  error_ = Error(Errc::malformed, fmt::format("{}: {}", path_of(step), why));
  return false;
}

bool Walker::refuse_at(const Step* step, Fault fault, const char* at) {
  return refuse(step, fmt::format("{} at byte {}", wire::words(fault), at - request_.data()));
}

bool Walker::walk(const Message& message, std::string_view bytes, const Step* up, int depth) {
  if (depth > kMaxDepth) return refuse(up, "nested too deeply");
  Reader reader(bytes);
  Token token;
  const Field* kind = nullptr;  // of a metric's data
  while (!reader.done()) {
    const char* begin = reader.at();
    const Field* field = message.find_tag(static_cast<unsigned char>(*begin));
    const Fault fault = field != nullptr ? reader.next_of(schema::wire_type(field->kind), token)
                                         : reader.next(token);
    if (fault != Fault::none) return refuse_at(up, fault, begin);
    if (field == nullptr) field = message.find(token.number);
    if (field == nullptr) continue;
    const Step step{up, bytes, field, begin};
    // The last member of a oneof would win and silently drop the points of the others; no producer
    // writes two.
    if (field->is_choice && field->role == Role::carrier) {
      if (kind != nullptr && kind != field) return refuse(&step, "a second kind of data");
      kind = field;
    }
    if (!value(*field, token, step, depth)) return false;
  }
  return true;
}

bool Walker::value(const Field& field, const Token& token, const Step& step, int depth) {
  if (token.type != schema::wire_type(field.kind)) {
    if (field.is_repeated && token.type == wire::Type::length) return packed(field, token, step);
    return refuse(&step, "wrong wire type");
  }
  if (field.role == Role::item) ++items_;
  if (field.kind == Kind::message) return walk(*field.child, token.bytes, &step, depth + 1);
  if (field.kind == Kind::text && !text::is_utf8(token.bytes)) return refuse(&step, "not UTF-8");
  return true;
}

// Scalars in a row without tags (proto3's default for repeated numbers).
bool Walker::packed(const Field& field, const Token& token, const Step& step) {
  const wire::Type type = schema::wire_type(field.kind);
  if (type == wire::Type::fixed64 || type == wire::Type::fixed32) {
    const std::size_t width = type == wire::Type::fixed64 ? 8 : 4;
    return token.bytes.size() % width == 0 || refuse(&step, "packed values are cut short");
  }
  Reader reader(token.bytes);
  std::uint64_t ignored = 0;
  while (!reader.done()) {
    const char* begin = reader.at();
    if (const Fault fault = reader.read_varint(ignored); fault != Fault::none) {
      return refuse_at(&step, fault, begin);
    }
  }
  return true;
}

}  // namespace

Result<Inspection> inspect(Signal signal, std::string_view request) {
  Walker walker(request);
  if (!walker.walk(schema::request(signal), request, nullptr, 0)) return pass(walker.take_error());
  return Inspection{walker.items()};
}

}  // namespace edgehaul::otlp
