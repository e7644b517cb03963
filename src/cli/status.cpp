// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include <unistd.h>

#include <boost/json.hpp>

#include "cli/command.hpp"
#include "http/client.hpp"
#include "status/text.hpp"

namespace edgehaul::cli {

namespace {

constexpr std::array kOptions{
    OptionSpec{"--socket", "PATH", "status socket (default /run/edgehaul/status.sock)"},
    OptionSpec{"--json", "", "print the JSON as it came"},
    OptionSpec{"--watch", "", "ask again every two seconds until interrupted"},
};
constexpr std::chrono::seconds kWatchPeriod{2};

Result<std::string> ask(http::Client& client, const std::string& socket) {
  http::ClientRequest request;
  request.url = "http://localhost/status";
  request.unix_socket = socket;
  request.timeout = std::chrono::seconds(10);
  auto response = client.perform(std::move(request));
  if (!response) {
    return fail(Errc::unavailable, "{}: {} (is edgehaul running?)", socket,
                response.error().message);
  }
  if (response->status != 200) return fail(Errc::io, "{}: HTTP {}", socket, response->status);
  return std::move(response->body);
}

Result<std::string> rendered(const std::string& body, bool with_colour) {
  boost::system::error_code fault;
  const boost::json::value parsed = boost::json::parse(body, fault);
  if (fault) return fail(Errc::malformed, "the answer is not JSON: {}", fault.message());
  return edgehaul::status::render(parsed, with_colour);
}

int once(http::Client& client, const std::string& socket, bool as_json) {
  auto body = ask(client, socket);
  if (body && !as_json) body = rendered(*body, ::isatty(STDOUT_FILENO) == 1);
  if (!body) {
    complain("status", body.error().message);
    return kFailure;
  }
  return print(*body + (body->ends_with('\n') ? "" : "\n")) ? kOk : kFailure;
}

// Ends when the terminal or the pipe is gone; a restart of the service is waited out.
int watch(http::Client& client, const std::string& socket) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  for (;;) {
    auto text = ask(client, socket);
    if (text) text = rendered(*text, is_terminal);
    std::string screen = is_terminal ? "\x1b[H\x1b[2J" : "";
    screen += text ? *text : text.error().message + "\n";
    if (!print(screen)) return kOk;
    std::this_thread::sleep_for(kWatchPeriod);
  }
}

}  // namespace

int status(Words words) {
  const Parsed parsed = parse("status", "[--socket PATH] [--json|--watch]", words, kOptions);
  if (parsed.exit_code >= 0) return parsed.exit_code;
  const std::string socket = parsed.args.value("--socket").value_or("/run/edgehaul/status.sock");
  http::Client client;
  if (parsed.args.has("--watch")) return watch(client, socket);
  return once(client, socket, parsed.args.has("--json"));
}

}  // namespace edgehaul::cli
