// SPDX-License-Identifier: Apache-2.0
#include "sources/cgroup/usage.hpp"

#include <string>

#include <doctest/doctest.h>

using namespace edgehaul;
using namespace edgehaul::cgroup;

namespace {

struct Parsed {
  Usage usage;
  metric::Faults faults;
  Parsed(Parse parse, std::string_view body) { parse(body, usage, faults); }
  std::optional<std::uint64_t> operator[](Field field) const { return usage.get(field); }
};

}  // namespace

TEST_CASE("usage: cpu.stat of v2 and v1, with and without the controller") {
  const Parsed full(parse_keyed<Keys::cpu_stat>,
                    "usage_usec 5000001\nuser_usec 1\nsystem_usec 2\nnice_usec 0\nnr_periods 40\n"
                    "nr_throttled 7\nthrottled_usec 900\nnr_bursts 1\n");
  CHECK(full[Field::cpu_ns] == 5000001000);
  CHECK(full[Field::cpu_periods] == 40);
  CHECK(full[Field::cpu_throttled_periods] == 7);
  CHECK(full[Field::cpu_throttled_ns] == 900000);
  CHECK(full.faults.count() == 0);
  const Parsed bare(parse_keyed<Keys::cpu_stat>, "usage_usec 3\nuser_usec 1\nsystem_usec 2\n");
  CHECK(bare[Field::cpu_ns] == 3000);
  CHECK_FALSE(bare[Field::cpu_periods]);
  const Parsed v1(parse_keyed<Keys::v1_cpu_stat>,
                  "nr_periods 4\nnr_throttled 1\nthrottled_time 77\n");
  CHECK(v1[Field::cpu_throttled_ns] == 77);
}

TEST_CASE("usage: limits; the words for none leave nothing, also over an older value") {
  struct Row {
    const char* body;
    std::optional<std::uint64_t> quota, period;
    std::size_t faults;
  };
  const Row rows[] = {{"150000 100000\n", 150000, 100000, 0},
                      {"max 100000\n", {}, {}, 0},
                      {"", {}, {}, 0},
                      {"150000\n", {}, {}, 1},
                      {"-5 100000\n", {}, {}, 1},
                      {"x y\n", {}, {}, 1}};
  for (const Row& row : rows) {
    CAPTURE(row.body);
    Usage usage;
    metric::Faults faults;
    usage.set(Field::cpu_quota_us, 1);
    parse_cpu_max(row.body, usage, faults);
    CHECK(usage.get(Field::cpu_quota_us) == row.quota);
    CHECK(usage.get(Field::cpu_period_us) == row.period);
    CHECK(faults.count() == row.faults);
  }
  struct Number {
    const char* body;
    std::optional<std::uint64_t> value;
    std::size_t faults;
  };
  const Number numbers[] = {{"4096\n", 4096, 0},
                            {"0", 0, 0},
                            {"max\n", {}, 0},
                            {"-1\n", {}, 0},
                            {"9223372036854771712\n", {}, 0},
                            {"18446744073709551615\n", {}, 0},
                            {"18446744073709551616\n", {}, 1},
                            {"12kB\n", {}, 1},
                            {"\n", {}, 0},
                            {"", {}, 0}};
  for (const Number& row : numbers) {
    CAPTURE(row.body);
    Usage usage;
    metric::Faults faults;
    usage.set(Field::memory_limit, 7);
    parse_number<Field::memory_limit>(row.body, usage, faults);
    CHECK(usage.get(Field::memory_limit) == row.value);
    CHECK(faults.count() == row.faults);
  }
}

TEST_CASE("usage: memory.stat: every key in any order; half a file leaves no old value") {
  const Parsed v2(parse_keyed<Keys::memory_stat>,
                  "pgmajfault 9\nanon 1\nfile 2\nnew_key 3\ninactive_file 4\nworkingset_refault 5\n"
                  "file_dirty 6\nfile_writeback 7");
  CHECK(v2[Field::anon] == 1);
  CHECK(v2[Field::file] == 2);
  CHECK(v2[Field::inactive_file] == 4);
  CHECK(v2[Field::refault_file] == 5);
  CHECK(v2[Field::file_dirty] == 6);
  CHECK(v2[Field::file_writeback] == 7);
  CHECK(v2[Field::pgmajfault] == 9);
  const Parsed v1(parse_keyed<Keys::v1_memory_stat>,
                  "cache 1\nrss 2\ninactive_file 3\ntotal_cache 10\ntotal_rss 20\n"
                  "total_inactive_file 30\ntotal_swap 40\n");
  CHECK(v1[Field::file] == 10);
  CHECK(v1[Field::anon] == 20);
  CHECK(v1[Field::inactive_file] == 30);
  CHECK(v1[Field::swap_usage] == 40);

  Usage usage;
  metric::Faults faults;
  parse_keyed<Keys::memory_stat>("anon 1\nfile 2\n", usage, faults);
  parse_keyed<Keys::memory_stat>("anon 5\nfil", usage, faults);
  CHECK(usage.get(Field::anon) == 5);
  CHECK_FALSE(usage.get(Field::file));
  CHECK(faults.count() == 0);
  parse_keyed<Keys::memory_stat>("anon x\nfile -2\nsock 99999999999999999999\nslab_reclaimable\n",
                                 usage, faults);
  CHECK(faults.count() == 4);
  CHECK_FALSE(usage.get(Field::anon));
}

TEST_CASE("usage: events and threads") {
  const Parsed events(
      parse_keyed<Keys::memory_events>,
      "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\nsock_throttled 7\n");
  CHECK(events[Field::event_low] == 1);
  CHECK(events[Field::event_oom_kill] == 5);
  CHECK(events[Field::event_oom_group_kill] == 6);
  const Parsed old(parse_keyed<Keys::v1_oom_control>,
                   "oom_kill_disable 0\nunder_oom 0\noom_kill 8\n");
  CHECK(old[Field::event_oom_kill] == 8);
  CHECK(Parsed(parse_keyed<Keys::pids_events>, "max 3\n")[Field::pids_limit_hits] == 3);
}

TEST_CASE("usage: io.stat by key: devices without keys, more keys, broken lines") {
  const Parsed io(parse_io_stat,
                  "259:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0 cost.usage=9\n"
                  "254:0\n8:0 wbytes=7 rbytes=x\nnonsense 1\n8 rbytes=1\n4294967296:0 rbytes=1\n");
  REQUIRE(io.usage.devices.size() == 3);
  CHECK(io.usage.devices[0].read_bytes == 1);
  CHECK(io.usage.devices[0].writes == 4);
  CHECK(io.usage.devices[1].major == 254);
  CHECK(io.usage.devices[1].read_bytes == 0);
  CHECK(io.usage.devices[2].written_bytes == 7);
  CHECK(io.usage.devices[2].read_bytes == 0);
  CHECK(io.faults.count() == 4);
}

TEST_CASE("usage: devices are bounded and forgotten when they go") {
  std::string body;
  for (int i = 0; i < 1000; ++i)
    body += "8:" + std::to_string(i) + " rbytes=1 wbytes=1 rios=1 wios=1\n";
  Usage usage;
  metric::Faults faults;
  parse_io_stat(body, usage, faults);
  CHECK(usage.devices.size() == Usage::kMaxDevices);
  parse_io_stat("8:1 rbytes=5 wbytes=1 rios=1 wios=1\n", usage, faults);
  REQUIRE(usage.devices.size() == 1);
  CHECK(usage.devices[0].read_bytes == 5);
}

TEST_CASE("usage: blkio of v1: read and write only, bytes and operations meet in one device") {
  Usage usage;
  metric::Faults faults;
  parse_v1_blkio_bytes("8:0 Read 10\n8:0 Write 20\n8:0 Sync 1\n8:0 Total 30\nTotal 30\n", usage,
                       faults);
  parse_v1_blkio_operations("8:0 Read 3\n8:0 Write 4\n8:0 Discard 9\nTotal 7\n", usage, faults);
  REQUIRE(usage.devices.size() == 1);
  CHECK(usage.devices[0].read_bytes == 10);
  CHECK(usage.devices[0].written_bytes == 20);
  CHECK(usage.devices[0].reads == 3);
  CHECK(usage.devices[0].writes == 4);
  CHECK(faults.count() == 0);
  parse_v1_blkio_bytes("8:0 Read\nx Write 3\n", usage, faults);
  CHECK(faults.count() == 2);
  CHECK(usage.devices[0].read_bytes == 0);
}

TEST_CASE("usage: pressure") {
  Usage usage;
  metric::Faults faults;
  const auto parse = parse_stalls<Field::io_some_us, Field::io_full_us>;
  parse(
      "some avg10=0.00 avg60=0.00 avg300=0.00 total=12\nfull avg10=0.00 avg60=0.00 avg300=0.00 "
      "total=5\n",
      usage, faults);
  CHECK(usage.get(Field::io_some_us) == 12);
  CHECK(usage.get(Field::io_full_us) == 5);
  parse("some avg10=0.00 total=\nnew line\n", usage, faults);
  CHECK_FALSE(usage.get(Field::io_some_us));
  CHECK_FALSE(usage.get(Field::io_full_us));
  CHECK(faults.count() == 1);
}
