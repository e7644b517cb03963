// SPDX-License-Identifier: Apache-2.0
#include "config/report.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "base/text.hpp"

namespace edgehaul::config {

namespace {

// Someone's text as a part of one line: cut, printable, valid.
std::string printable(std::string_view text, std::size_t most) {
  std::string out = text::to_utf8(text.substr(0, most));
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text.size() > most ? out + "…" : out;
}

std::string origin(const Where& where) {
  if (where.file.empty()) return {};
  if (where.line == 0) return where.file + ": ";
  return fmt::format("{}:{}: ", where.file, where.line);
}

std::string count(const Faults& faults, Severity severity, const char* word) {
  const auto number = std::count_if(faults.begin(), faults.end(),
                                    [&](const Fault& fault) { return fault.severity == severity; });
  return number == 0 ? std::string() : fmt::format("{} {}{}", number, word, number == 1 ? "" : "s");
}

}  // namespace

std::string fault_line(const Fault& fault) {
  std::string line = origin(fault.where);
  if (fault.severity == Severity::warning) line += "warning: ";
  if (fault.severity == Severity::note) line += "note: ";
  if (!fault.key.empty()) line += printable(fault.key, 120);
  if (!fault.value.empty()) line += " = " + printable(fault.value, 60);
  if (!fault.key.empty()) line += ": ";
  line += printable(fault.message, 300);
  if (!fault.suggestion.empty()) line += " (" + printable(fault.suggestion, 200) + ")";
  return line;
}

std::string report(const Faults& faults, Severity least) {
  std::string out;
  for (const Fault& fault : faults) {
    if (fault.severity >= least) out += fault_line(fault) + "\n";
  }
  return out;
}

std::string summary(const Faults& faults) {
  std::string out;
  for (const std::string& part :
       {count(faults, Severity::error, "error"), count(faults, Severity::warning, "warning"),
        count(faults, Severity::note, "note")}) {
    if (!part.empty()) out += (out.empty() ? "" : ", ") + part;
  }
  return out.empty() ? "no faults" : out;
}

}  // namespace edgehaul::config
