// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_view.hpp"

#include <bit>
#include <vector>

#include "otlp/encode.hpp"
#include "otlp/json_text.hpp"
#include "otlp/request.hpp"
#include "otlp/schema.hpp"
#include "otlp/wire.hpp"

namespace edgehaul::otlp {

namespace {

using schema::Field;
using schema::Kind;
using schema::Message;
using wire::Fault;
using wire::Reader;
using wire::Token;

// "time_unix_nano" → "timeUnixNano", in quotes.
void put_key(std::string& out, std::string_view name) {
  out += '"';
  bool raise = false;
  for (const char c : name) {
    if (c != '_') out += raise ? static_cast<char>(c - 'a' + 'A') : c;
    raise = c == '_';
  }
  out += "\":";
}

void put_scalar(std::string& out, Kind kind, std::uint64_t value) {
  switch (kind) {
    case Kind::boolean:
      out += value != 0 ? "true" : "false";
      return;
    case Kind::sint32:
      return json_text::put_number(out, static_cast<std::int32_t>(wire::unzigzag(value)));
    case Kind::uint32:
    case Kind::fixed32:
      return json_text::put_number(out, static_cast<std::uint32_t>(value));
    case Kind::uint64:
    case Kind::fixed64:
      return json_text::put_quoted(out, value);
    case Kind::int64:
    case Kind::sfixed64:
      return json_text::put_quoted(out, static_cast<std::int64_t>(value));
    case Kind::real:
      return json_text::put_double(out, std::bit_cast<double>(value));
    default:  // int32 and enumeration
      return json_text::put_number(out, static_cast<std::int32_t>(value));
  }
}

// Writes messages that inspect() has accepted; recursion is bounded there.
class View {
 public:
  void message(const Message& message, std::string_view bytes) {
    std::vector<Token> tokens;
    const Field* chosen = nullptr;  // of the oneof the last one on the wire counts
    Reader reader(bytes);
    for (Token token; !reader.done() && reader.next(token) == Fault::none;) {
      const Field* field = message.find(token.number);
      if (field == nullptr) continue;
      tokens.push_back(token);
      if (field->is_choice) chosen = field;
    }
    out_ += '{';
    bool is_first = true;
    for (const Field& field : message.fields) {
      if (field.is_choice && &field != chosen) continue;
      one_field(field, tokens, is_first);
    }
    out_ += '}';
  }

  std::string take() { return std::move(out_); }

 private:
  void one_field(const Field& field, const std::vector<Token>& tokens, bool& is_first) {
    const Token* last = nullptr;
    std::size_t count = 0;
    for (const Token& token : tokens) {
      if (token.number != field.number) continue;
      last = &token;
      ++count;
    }
    if (count == 0) return;
    if (!is_first) out_ += ',';
    is_first = false;
    put_key(out_, field.name);
    if (field.is_repeated) return list(field, tokens);
    if (field.kind == Kind::message && count > 1) return merged(field, tokens);
    value(field, *last);
  }

  // A singular message that occurs more than once is merged: the concatenation of its bytes.
  void merged(const Field& field, const std::vector<Token>& tokens) {
    std::string bytes;
    for (const Token& token : tokens) {
      if (token.number == field.number) bytes += token.bytes;
    }
    message(*field.child, bytes);
  }

  void list(const Field& field, const std::vector<Token>& tokens) {
    out_ += '[';
    const std::size_t begin = out_.size();
    for (const Token& token : tokens) {
      if (token.number != field.number) continue;
      if (token.type == schema::wire_type(field.kind)) {
        if (out_.size() > begin) out_ += ',';
        value(field, token);
      } else {
        packed(field.kind, token.bytes, begin);
      }
    }
    out_ += ']';
  }

  void packed(Kind kind, std::string_view bytes, std::size_t begin) {
    Reader reader(bytes);
    const wire::Type type = schema::wire_type(kind);
    while (!reader.done()) {
      std::uint64_t number = 0;
      const Fault fault = type == wire::Type::varint
                              ? reader.read_varint(number)
                              : reader.read_fixed(number, type == wire::Type::fixed32 ? 4 : 8);
      if (fault != Fault::none) return;
      if (out_.size() > begin) out_ += ',';
      put_scalar(out_, kind, number);
    }
  }

  void value(const Field& field, const Token& token) {
    switch (field.kind) {
      case Kind::message:
        return message(*field.child, token.bytes);
      case Kind::text:
        return json_text::put_string(out_, token.bytes);
      case Kind::id:
        return json_text::put_hex(out_, token.bytes);
      case Kind::bytes:
      case Kind::opaque:
        return json_text::put_base64(out_, token.bytes);
      default:
        return put_scalar(out_, field.kind, token.value);
    }
  }

  std::string out_;
};

}  // namespace

Result<std::string> request_to_json(Signal signal, std::string_view request) {
  if (signal == Signal::profiles) return fail(Errc::invalid, "profiles have no JSON form here");
  if (const auto seen = inspect(signal, request); !seen) return pass(seen.error());
  View view;
  view.message(schema::request(signal), request);
  return view.take();
}

std::string to_json(const metric::Batch& batch, const metric::Attributes& host,
                    const std::string& version) {
  return request_to_json(Signal::metrics, Encoder(version).encode(batch, host)).value_or("{}");
}

}  // namespace edgehaul::otlp
