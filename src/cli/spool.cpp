// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <array>
#include <cstdio>
#include <string>

#include <fmt/core.h>

#include "base/text.hpp"
#include "base/units.hpp"
#include "cli/command.hpp"
#include "otlp/json_view.hpp"
#include "spool/reader.hpp"
#include "spool/senders.hpp"

namespace edgehaul::cli {

namespace {

using edgehaul::spool::Reader;
using edgehaul::spool::Record;
using edgehaul::spool::RecordId;

constexpr std::array kOptions{
    OptionSpec{"--dir", "DIR", "the spool's folder (default /var/lib/edgehaul)"},
    OptionSpec{"--rejected", "", "records that were set aside instead of those waiting"},
    OptionSpec{"--otlp", "", "export: serialized requests, one file per record, into --to"},
    OptionSpec{"--to", "DIR", "export --otlp: an existing folder"},
};
constexpr std::string_view kSynopsis = "ls | show ID | verify | export  [--dir DIR] [--rejected]";
constexpr std::size_t kPage = 500;

std::string row(const Reader::Entry& entry) {
  const auto signal = static_cast<otlp::Signal>(entry.signal);
  const std::uint64_t count = entry.ids.count();
  return fmt::format("{:>10}  {}  {:<8} {:<4} {:>4} {:>7} items {:>9} {:>9} stored", entry.id,
                     units::format_utc(entry.time), otlp::signal_name(signal),
                     entry.origin == edgehaul::spool::Origin::own ? "own" : "peer",
                     count > 1 ? fmt::format("x{}", count) : "", entry.items,
                     units::format_bytes(entry.size), units::format_bytes(entry.stored));
}

// Calls `each` with every record, page by page, so that a spool of any size needs little memory.
template <class Each>
Result<void> walk(Reader& reader, Each each) {
  RecordId after = 0;
  for (;;) {
    auto page = reader.records(after, kPage);
    if (!page) return pass(std::move(page.error()));
    if (page->empty()) return {};
    for (const Reader::Entry& entry : *page) {
      if (Result<void> done = each(entry); !done) return done;
      after = entry.id;
    }
  }
}

Result<void> put(std::string_view text) {
  if (!print(text)) return fail(Errc::io, "cannot write to the standard output");
  return {};
}

Result<void> list(Reader& reader, const Args& args) {
  if (args.has("--rejected")) {
    auto rows = reader.set_aside();
    if (!rows) return pass(std::move(rows.error()));
    for (const Reader::SetAside& aside : *rows) {
      auto printed =
          put(fmt::format("{}  {}  {}: {}\n", row(aside.entry), units::format_utc(aside.since),
                          aside.destination, text::to_utf8(aside.words)));
      if (!printed) return printed;
    }
    return {};
  }
  auto destinations = reader.destinations();
  if (!destinations) return pass(std::move(destinations.error()));
  return walk(reader, [&](const Reader::Entry& entry) {
    std::string line = row(entry);
    for (std::size_t i = 0; i < entry.settled.size() && i < destinations->size(); ++i) {
      line += fmt::format("  {}: {}", (*destinations)[i].name,
                          entry.settled[i] ? "delivered" : "waiting");
    }
    return put(line + "\n");
  });
}

Result<std::string> as_json(const Record& record) {
  return otlp::request_to_json(static_cast<otlp::Signal>(record.signal), record.body);
}

Result<void> show(Reader& reader, const Args& args) {
  if (args.rest().size() < 2) return fail(Errc::invalid, "show needs the id of a record");
  const auto id = text::parse_u64(args.rest()[1]);
  if (!id) return fail(Errc::invalid, "'{}' is not an id", args.rest()[1]);
  auto record = args.has("--rejected") ? reader.set_aside_record(*id) : reader.record(*id);
  if (!record) return pass(std::move(record.error()));
  auto text = as_json(*record);
  if (!text) return pass(std::move(text.error()));
  return put(*text + "\n");
}

Result<void> verify(Reader& reader) {
  // Block after block is decoded: the heap would be given back and fetched again for each.
  ::mallopt(M_TRIM_THRESHOLD, 16 << 20);
  auto found = reader.verify();
  if (!found) return pass(std::move(found.error()));
  std::string text =
      fmt::format("{} records intact ({} items, {} stored) on {} pages\n", found->records,
                  found->items, units::format_bytes(found->bytes), found->pages);
  text += fmt::format("{} damaged records, {} damaged pages, {} records of a newer edgehaul\n",
                      found->damaged_records, found->damaged_pages, found->unknown_kinds);
  if (found->damaged_shapes > 0) {
    text +=
        fmt::format("{} damaged copies of shapes (each is kept twice)\n", found->damaged_shapes);
  }
  for (const auto& [kind, words] : found->first_problem) {
    text += fmt::format("first {}: {}\n", kind, text::to_utf8(words));
  }
  auto values = reader.values();
  if (!values) return pass(std::move(values.error()));
  for (const auto& sender : edgehaul::spool::report_senders(*values)) {
    text +=
        fmt::format("{}: {} missing, {} duplicates dropped since {}{}\n", sender.peer,
                    sender.missing, sender.repeats, units::format_utc(sender.since).substr(0, 10),
                    sender.is_cloned ? "; several machines run from one image of it" : "");
  }
  const auto owner = reader.owner();
  text += owner ? fmt::format("in use by PID {}\n", *owner) : "not in use\n";
  if (auto printed = put(text); !printed) return printed;
  if (!found->is_sound()) return fail(Errc::malformed, "the spool is damaged");
  return {};
}

Result<void> write_file(const std::string& path, std::string_view body) {
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr) return fail(Errc::io, "{}: cannot create it (does it exist already?)", path);
  const bool wrote = std::fwrite(body.data(), 1, body.size(), file) == body.size();
  const bool closed = std::fclose(file) == 0;
  if (!wrote || !closed) return fail(Errc::io, "{}: cannot write it", path);
  return {};
}

Result<void> export_all(Reader& reader, const Args& args) {
  const bool as_files = args.has("--otlp");
  if (as_files && !args.value("--to")) return fail(Errc::invalid, "export --otlp needs --to DIR");
  std::size_t damaged = 0;
  const auto spoilt = [&](RecordId id, const Error& error) {
    complain("spool", fmt::format("record {}: {}", id, error.message));
    ++damaged;
  };
  auto walked = walk(reader, [&](const Reader::Entry& entry) -> Result<void> {
    auto records = reader.row(entry.id);
    if (!records) {
      spoilt(entry.id, records.error());
      return {};
    }
    for (const Record& record : *records) {
      // The row may have grown since it was listed.
      if (!entry.ids.contains(record.id)) continue;
      Result<void> done;
      if (as_files) {
        done = write_file(fmt::format("{}/{:012}.{}.pb", *args.value("--to"), record.id,
                                      otlp::signal_name(static_cast<otlp::Signal>(entry.signal))),
                          record.body);
      } else if (auto text = as_json(record)) {
        done = put(*text + "\n");
      } else {
        spoilt(record.id, text.error());
      }
      if (!done) return done;
    }
    return {};
  });
  if (walked && damaged > 0)
    return fail(Errc::malformed, "{} records could not be exported", damaged);
  return walked;
}

Result<void> dispatch(Reader& reader, const Args& args) {
  const std::string& what = args.rest()[0];
  if (what == "ls") return list(reader, args);
  if (what == "show") return show(reader, args);
  if (what == "verify") return verify(reader);
  if (what == "export") return export_all(reader, args);
  return fail(Errc::invalid, "no '{}'; there are ls, show, verify, export", what);
}

}  // namespace

int spool(Words words) {
  const Parsed parsed = parse("spool", kSynopsis, words, kOptions);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  if (parsed.args.rest().empty()) {
    complain("spool", "say what to do: ls, show ID, verify, export");
    return kUsage;
  }
  auto reader = Reader::open(parsed.args.value("--dir").value_or("/var/lib/edgehaul"));
  Result<void> done;
  if (reader) {
    done = dispatch(*reader, parsed.args);
  } else {
    done = pass(std::move(reader.error()));
  }
  if (done) return kOk;
  complain("spool", done.error().message);
  return done.error().code == Errc::invalid ? kUsage : kFailure;
}

}  // namespace edgehaul::cli
