// SPDX-License-Identifier: Apache-2.0
// `edgehaul docs`: the tables that the documentation is made of; not listed in the usage.
#include "cli/command.hpp"
#include "config/describe.hpp"
#include "identity/attributes.hpp"

namespace edgehaul::cli {

int docs(Words words) {
  const std::string_view what = words.empty() ? std::string_view() : words[0];
  std::string text;
  if (what == "metrics") text = config::metrics_markdown();
  if (what == "config") text = config::describe_markdown();
  if (what == "attributes") text = identity::attributes_markdown();
  if (what == "man") text = config::describe_man();
  if (what == "sample") text = config::describe_sample();
  if (text.empty()) {
    complain("docs", "takes one of: metrics, attributes, config, man, sample");
    return kUsage;
  }
  return print(text) ? kOk : kFailure;
}

}  // namespace edgehaul::cli
