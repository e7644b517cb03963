// SPDX-License-Identifier: Apache-2.0
// The spool under power_cut_test.py. `workload run DIR SEED ROUNDS [dies]` uses it as the service
// does and marks in POWERCUT_LOG what was promised; `workload window` does so with a loss window of
// six ticks; `workload look` opens the folders named on standard input, one at a time, and tells
// what is in them.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "spool/spool.hpp"

using namespace edgehaul;

namespace {

spool::Options options_for(const std::string& directory) {
  spool::Options options;
  options.directory = directory;
  options.max_size = 2U << 20;
  options.keep_peers = true;
  options.destinations = {"a"};
  return options;
}

// A body that tells which record it is and whether it is whole.
std::string body_of(std::uint64_t number) {
  std::mt19937_64 random(number);
  std::string body = fmt::format("{} ", number);
  const std::size_t size = random() % 16 == 0 ? 20'000 : 100 + random() % 3000;
  while (body.size() < size) {
    const std::uint64_t noise = random();
    body.append(reinterpret_cast<const char*>(&noise), sizeof noise);
  }
  return body;
}

void append_little_endian(std::string& bytes, std::uint64_t number) {
  for (unsigned shift = 0; shift < 64; shift += 8)
    bytes += static_cast<char>(number >> shift);
}

// A length-delimited field of protobuf, of less than 16 KiB.
std::string field(unsigned number, std::string_view content) {
  std::string bytes{static_cast<char>(number << 3U | 2U)};
  bytes += static_cast<char>((content.size() & 0x7FU) | 0x80U);
  bytes += static_cast<char>(content.size() >> 7U);
  return bytes.append(content);
}

// A request of one gauge, which the spool keeps as a frame: the number is the last value of some.
// Now and then its name changes, and with it the shape.
std::string tick_of(std::uint64_t number) {
  constexpr char kValue = 6U << 3U | 1U;
  std::mt19937_64 random(number);
  std::string points;
  for (int i = 0; i < 30; ++i) {
    std::string value{kValue};
    append_little_endian(value, i < 29 ? random() % 1000 : number);
    points += field(1, value);
  }
  const std::string name = fmt::format("tick {}", number / 16 % 4);
  return field(1, field(2, field(2, field(1, name) + field(5, points))));
}

// 0: not one of ours, or not whole.
std::uint64_t number_of(const std::string& body) {
  if (body.size() > 8 && body.front() == '\n') {
    std::uint64_t last = 0;
    std::memcpy(&last, body.data() + body.size() - 8, 8);
    return body == tick_of(last) ? last : 0;
  }
  const auto head = text::split_once(body, ' ');
  const auto number = head ? text::parse_u64(head->head) : std::nullopt;
  return number && body == body_of(*number) ? *number : 0;
}

class Marks {
 public:
  Marks() {
    const char* path = std::getenv("POWERCUT_LOG");
    if (path != nullptr) fd_ = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  }
  void put(std::string_view text) const {
    constexpr std::uint32_t kMark = 9;
    struct {
      std::uint32_t op, size;
      std::uint64_t file, offset;
    } head{kMark, static_cast<std::uint32_t>(text.size()), 0, 0};
    const iovec parts[] = {{&head, sizeof head}, {const_cast<char*>(text.data()), text.size()}};
    if (fd_ >= 0 && ::writev(fd_, parts, 2) < 0) std::abort();
  }

 private:
  int fd_ = -1;
};

// Up to `most` records, the oldest or the newest. False when there is nothing.
bool settle_some(spool::Spool& spool, const Marks& marks, std::mt19937_64& random, unsigned most,
                 spool::Outcome outcome) {
  spool::Wanted wanted;
  wanted.max_records = static_cast<std::uint32_t>(1 + random() % most);
  if (random() % 2 == 0) wanted.order = spool::Order::newest_first;
  const auto records = spool.lease(0, wanted);
  if (!records || records->empty()) return false;
  std::vector<spool::RecordId> ids;
  std::string numbers;
  for (const spool::Record& record : *records) {
    ids.push_back(record.id);
    numbers += fmt::format(" {}", number_of(record.body));
  }
  marks.put("ask" + numbers);
  if (spool.settle(0, ids, outcome, "no")) marks.put("done" + numbers);
  return true;
}

class Workload {
 public:
  Workload(spool::Spool& spool, std::uint64_t seed) : spool_(spool), random_(seed), next_(seed) {}

  void round(unsigned number) {
    add_some();
    if (number % 3 == 0) save(number);
    if (number % 5 < 2)
      deliver(number % 7 == 0 ? spool::Outcome::rejected : spool::Outcome::delivered);
    if (number % 11 == 0) fill();
  }
  void empty() {
    while (deliver(spool::Outcome::delivered)) {
    }
  }

 private:
  void add_some() {
    const std::size_t count = 1 + random_() % 4;
    std::atomic<std::size_t> answered{0};
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t number = next_++;
      marks_.put(fmt::format("try {}", number));
      const auto origin = random_() % 2 == 0 ? spool::Origin::own : spool::Origin::peer;
      add(number, origin, answered);
    }
    while (answered < count)
      std::this_thread::yield();
  }

  void add(std::uint64_t number, spool::Origin origin, std::atomic<std::size_t>& answered) {
    const bool is_peers = origin == spool::Origin::peer;
    spool_.append({spool::Signal::metrics, origin, 1'700'000'000'000'000'000, 1, body_of(number)},
                  [this, number, is_peers, &answered](Result<spool::RecordId> id) {
                    if (id) marks_.put(fmt::format("{} {}", is_peers ? "ack" : "own", number));
                    ++answered;
                  });
  }

  // Peers' records until no more fit: the bound, the ballast and the log at its limit. Own records
  // make room for them.
  void fill() {
    marks_.put("fill");
    for (bool is_full = false; !is_full;) {
      const std::uint64_t number = next_++;
      marks_.put(fmt::format("try {}", number));
      auto id = spool_.append_and_wait({spool::Signal::metrics, spool::Origin::peer,
                                        1'700'000'000'000'000'000, 1, body_of(number)});
      if (id) marks_.put(fmt::format("ack {}", number));
      is_full = !id;
    }
    empty();
  }

  bool deliver(spool::Outcome outcome) { return settle_some(spool_, marks_, random_, 12, outcome); }

  void save(unsigned number) {
    marks_.put(fmt::format("saving {}", number));
    if (spool_.save_value("test.number", std::to_string(number))) {
      marks_.put(fmt::format("saved {}", number));
    }
  }

  spool::Spool& spool_;
  std::mt19937_64 random_;
  std::uint64_t next_;
  Marks marks_;
};

// Ticks, ten seconds by this clock from each other.
class WindowClock final : public base::Clock {
 public:
  base::UnixNanos wall() const override { return start_ + now_.load(); }
  base::Steady steady() const override { return base::Steady(since_boot()); }
  std::chrono::nanoseconds since_boot() const override {
    return std::chrono::nanoseconds(now_.load()) + std::chrono::hours(1);
  }
  void advance() { now_ += 10'000'000'000; }

 private:
  const base::UnixNanos start_ = base::SystemClock().wall();
  std::atomic<std::int64_t> now_{0};
};

class WindowWorkload {
 public:
  WindowWorkload(spool::Spool& spool, WindowClock& clock, std::uint64_t seed)
      : spool_(spool), clock_(clock), random_(seed), next_(seed) {
    marks_.put("begin");
  }

  void round() {
    add(spool::Origin::own);
    if (random_() % 12 == 0) add(spool::Origin::peer);
    if (random_() % 5 == 0) deliver();
  }
  void stopped() const { marks_.put("stopped"); }

 private:
  void add(spool::Origin origin) {
    const bool is_peers = origin == spool::Origin::peer;
    const std::uint64_t number = next_++;
    marks_.put(fmt::format("try {}", number));
    const auto id = spool_.append_and_wait({spool::Signal::metrics, origin, clock_.wall(), 1,
                                            is_peers ? body_of(number) : tick_of(number)});
    if (id) marks_.put(fmt::format("{} {}", is_peers ? "ack" : "tick", number));
    if (!is_peers) clock_.advance();
  }

  void deliver() { settle_some(spool_, marks_, random_, 8, spool::Outcome::delivered); }

  spool::Spool& spool_;
  WindowClock& clock_;
  std::mt19937_64 random_;
  std::uint64_t next_;
  Marks marks_;
};

int fail_with(std::string_view what) {
  fmt::print(stderr, "{}\n", what);
  return 1;
}

int run(const std::string& directory, std::uint64_t seed, unsigned rounds, bool dies) {
  const base::SystemClock clock;
  auto spool = spool::Spool::open(options_for(directory), clock, {});
  if (!spool) return fail_with(spool.error().message);
  Workload workload(**spool, seed);
  for (unsigned i = 1; i <= rounds; ++i)
    workload.round(i);
  if (dies) ::_exit(0);
  return 0;
}

int run_with_window(const std::string& directory, std::uint64_t seed, unsigned rounds, bool dies) {
  WindowClock clock;
  spool::Options options = options_for(directory);
  options.loss_window = std::chrono::seconds(60);
  auto spool = spool::Spool::open(options, clock, {});
  if (!spool) return fail_with(spool.error().message);
  WindowWorkload workload(**spool, clock, seed);
  for (unsigned i = 0; i < rounds; ++i)
    workload.round();
  if (dies) ::_exit(0);
  spool->reset();
  workload.stopped();
  return 0;
}

struct Found {
  std::vector<std::uint64_t> numbers;
  std::size_t broken = 0;
  std::string value;
  spool::Stats stats;
};

Found take_all(spool::Spool& spool) {
  Found found;
  for (;;) {
    auto records = spool.lease(0, {});
    if (!records || records->empty()) break;
    for (const spool::Record& record : *records) {
      const std::uint64_t number = number_of(record.body);
      number == 0 ? static_cast<void>(++found.broken) : found.numbers.push_back(number);
    }
  }
  if (auto value = spool.load_value("test.number"); value && *value) found.value = **value;
  found.stats = spool.stats();
  return found;
}

// Opens the spool, tells what it holds, then uses it: a record more must survive the next start.
std::string look(const std::string& directory) {
  constexpr std::uint64_t kProbe = 1;
  const base::SystemClock clock;
  const auto begin = clock.steady();
  auto spool = spool::Spool::open(options_for(directory), clock, {});
  const auto opened = clock.steady() - begin;
  if (!spool) return fmt::format(R"({{"error":"{}"}})", spool.error().message);
  const Found found = take_all(**spool);
  const auto probe = (*spool)->append_and_wait(
      {spool::Signal::metrics, spool::Origin::own, clock.wall(), 1, body_of(kProbe)});
  // Full of peers' records: an honest answer.
  const bool is_full = !probe && probe.error().code == Errc::full;
  const spool::Mode mode = (*spool)->stats().mode;
  spool->reset();
  spool = spool::Spool::open(options_for(directory), clock, {});
  std::multiset<std::uint64_t> again;
  if (spool) {
    for (const std::uint64_t number : take_all(**spool).numbers)
      again.insert(number);
  }
  std::multiset<std::uint64_t> before(found.numbers.begin(), found.numbers.end());
  if (probe) before.insert(kProbe);
  return fmt::format(
      R"({{"numbers":[{}],"broken":{},"value":"{}","durable":{},"goes_on":{},"salvaged":{},)"
      R"("quarantined":{},"corrupt":{},"micros":{}}})",
      fmt::join(found.numbers, ","), found.broken, found.value, mode == spool::Mode::durable,
      (probe || is_full) && again == before, found.stats.salvaged, found.stats.quarantined_files,
      found.stats.dropped_corrupt,
      std::chrono::duration_cast<std::chrono::microseconds>(opened).count());
}

}  // namespace

int main(int argc, char** argv) {
  log::start(log::Level::error, false);
  const std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() >= 4 && (args[0] == "run" || args[0] == "window")) {
    const auto seed = text::parse_u64(args[2]);
    const auto rounds = text::parse_u64(args[3]);
    if (!seed || !rounds) return fail_with("SEED and ROUNDS are numbers");
    const auto work = args[0] == "run" ? run : run_with_window;
    return work(args[1], *seed, static_cast<unsigned>(*rounds), args.size() > 4);
  }
  if (args.size() == 1 && args[0] == "look") {
    for (std::string directory; std::getline(std::cin, directory);)
      fmt::print("{}\n", look(directory)), std::fflush(stdout);
    return 0;
  }
  return fail_with("workload run|window DIR SEED ROUNDS [dies] | workload look");
}
