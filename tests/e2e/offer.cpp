// SPDX-License-Identifier: Apache-2.0
// Offers logs over OTLP/gRPC as fast as they are taken: offer PORT SENDERS RECORDS SIZE. A request
// is repeated until it is acknowledged, as an exporter does. One line per answer: "taken SENDER
// FIRST", or the code and whether it came with RetryInfo. Texts are "gSENDER-NUMBER-…". Ends when
// its input does.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "grpc/call.hpp"
#include "http/client.hpp"
#include "otlp/answer.hpp"

using namespace edgehaul;

namespace {

struct Offer {
  std::uint64_t port = 0;
  std::uint64_t senders = 0;
  std::uint64_t records = 0;  // of one request
  std::uint64_t size = 0;     // of one text, about
};

std::atomic<bool> is_over{false};

// A length-delimited protobuf field.
std::string field(unsigned number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3U | 2U));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7U)
    out.push_back(static_cast<char>(size | 0x80U));
  out.push_back(static_cast<char>(size));
  return out + bytes;
}

std::string request_of(const Offer& offer, std::uint64_t sender, std::uint64_t first,
                       std::mt19937_64& random) {
  std::string stamp("\x09", 1);  // time_unix_nano = 1, fixed64
  const auto now = static_cast<std::uint64_t>(base::SystemClock().wall());
  for (unsigned shift = 0; shift < 64; shift += 8)
    stamp.push_back(static_cast<char>(now >> shift & 0xFFU));
  std::string records;
  for (std::uint64_t i = 0; i < offer.records; ++i) {
    std::string text = fmt::format("g{}-{}-", sender, first + i);
    while (text.size() < offer.size)
      text += fmt::format("{:016x}", random());
    records += field(2, stamp + field(5, field(1, text)));
  }
  return field(1, field(2, records));
}

void tell(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

// True when the request was taken.
bool send(http::Client& client, const Offer& offer, const std::string& request) {
  auto call = grpc::make_call(fmt::format("http://127.0.0.1:{}", offer.port),
                              otlp::grpc_path(otlp::Signal::logs), request, codec::Coding::identity,
                              {}, std::chrono::seconds(30));
  if (!call) return false;
  const auto response = client.perform(std::move(*call));
  if (!response) return tell("no answer"), false;
  const auto answer = grpc::read_answer(*response, 1 << 20);
  if (answer.code == grpc::Code::ok) return true;
  const auto status = otlp::parse_status(answer.details, false);
  const bool has_delay = status && status->retry_delay;
  tell(
      fmt::format("{} {} RetryInfo", grpc::code_name(answer.code), has_delay ? "with" : "without"));
  return false;
}

void run(const Offer& offer, std::uint64_t sender) {
  http::Client client;
  std::mt19937_64 random(sender);
  for (std::uint64_t first = 0; !is_over; first += offer.records) {
    const std::string request = request_of(offer, sender, first, random);
    while (!is_over) {
      if (send(client, offer, request)) {
        tell(fmt::format("taken {} {}", sender, first));
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  Offer offer;
  std::uint64_t* const numbers[] = {&offer.port, &offer.senders, &offer.records, &offer.size};
  bool reads = argc == 5;
  for (int i = 0; reads && i < 4; ++i)
    reads = text::parse_into(argv[i + 1], *numbers[i]);
  if (!reads) return std::fprintf(stderr, "usage: offer PORT SENDERS RECORDS SIZE\n"), 2;
  std::vector<std::thread> threads;
  for (std::uint64_t sender = 0; sender < offer.senders; ++sender)
    threads.emplace_back(run, offer, sender);
  while (std::getchar() != EOF) {
  }
  is_over = true;
  for (std::thread& thread : threads)
    thread.join();
  return 0;
}
