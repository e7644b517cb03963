// SPDX-License-Identifier: Apache-2.0
#include "sources/kubelet/summary.hpp"

#include <doctest/doctest.h>

#include "base/fd.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using namespace edgehaul::kubelet;

namespace {

Summary recorded(const std::string& version) {
  std::string buffer;
  const auto body =
      base::read_file(test::source_file("sources/kubelet/summaries/v" + version + ".json"), buffer);
  REQUIRE(body.has_value());
  auto summary = parse_summary(*body);
  REQUIRE_MESSAGE(summary.has_value(), summary.error().message);
  return std::move(*summary);
}

constexpr base::UnixNanos kTen = 1'795'600'800'000'000'000;  // 2026-11-25T10:00:00Z

}  // namespace

TEST_CASE("summary: times") {
  struct Row {
    std::string_view text;
    std::optional<base::UnixNanos> time;
  };
  const Row rows[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01T00:00:01Z", 1'000'000'000},
      {"1970-01-01T00:00:01.5Z", 1'500'000'000},
      {"1970-01-01T00:00:00.123456789Z", 123'456'789},
      {"1970-01-01T02:00:00+02:00", 0},
      {"1970-01-01T00:00:00-00:30", 1'800'000'000'000},
      {"2026-11-25T10:00:00Z", kTen},
      {"0001-01-01T00:00:00Z", 0},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000'000'000},
      {"2023-02-29T00:00:00Z", std::nullopt},
      {"2300-01-01T00:00:00Z", std::nullopt},
      {"2026-11-25T24:00:00Z", std::nullopt},
      {"2026-11-25T10:00:00", std::nullopt},
      {"2026-11-25T10:00:00.Z", std::nullopt},
      {"2026-11-25 10:00:00Z", std::nullopt},
      {"2026-11-25T10:00:00+2:00", std::nullopt},
      {"2026-11-25T10:00:00Zx", std::nullopt},
      {"-026-11-25T10:00:00Z", std::nullopt},
      {"", std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(parse_time(row.text) == row.time);
  }
}

TEST_CASE("summary: Kubernetes 1.24") {
  const Summary summary = recorded("1.24");
  CHECK(summary.node.name == "edge-1");
  CHECK(summary.node.cpu[Cpu::core_nanoseconds] == 4'321'000'000'000U);
  CHECK(summary.node.network[Net::send_errors] == 2U);
  CHECK(summary.node.interface == "eth0");
  CHECK(summary.node.fs[Fs::inodes_free] == 5'900'000U);
  REQUIRE(summary.system_containers.size() == 3);
  CHECK(summary.system_containers[1].name == "runtime");
  CHECK(summary.system_containers[1].memory[Memory::usage] == 2'000'000U);
  REQUIRE(summary.pods.size() == 2);
  const Pod& web = summary.pods[0];
  CHECK(web.usage.name == "web-0");
  CHECK(web.namespace_name == "shop");
  CHECK(web.usage.fs[Fs::used] == 12'288U);
  REQUIRE(web.containers.size() == 2);
  CHECK(web.containers[0].name == "app");
  CHECK(web.containers[0].start == kTen - 3'600'000'000'000);
  CHECK(web.containers[0].memory[Memory::available] == 20'000'000U);
  CHECK_FALSE(web.containers[1].memory[Memory::available].has_value());
  CHECK(web.containers[0].fs[Fs::used] == 8'192U);  // rootfs, not logs
  REQUIRE(web.volumes.size() == 2);
  CHECK(web.volumes[0].claim == "data-web-0");
  CHECK(web.volumes[0].fs[Fs::inodes_used] == 10U);
  CHECK(web.volumes[1].claim.empty());
  const Usage& fresh = summary.pods[1].containers.at(0);
  CHECK_FALSE(fresh.cpu[Cpu::nano_cores].has_value());
  CHECK(fresh.cpu[Cpu::core_nanoseconds] == 1'000U);
  CHECK(fresh.fs.is_empty());
  CHECK(summary.oddity.empty());
  CHECK(summary.left_out == 0);
}

TEST_CASE("summary: Kubernetes 1.29: null blocks, zero times, fractions of seconds") {
  const Summary summary = recorded("1.29");
  CHECK(summary.node.cpu.time == kTen + 1'123'456'789);
  REQUIRE(summary.pods.size() == 2);
  CHECK(summary.pods[1].usage.start == 0);
  const Usage& windows = summary.pods[1].containers.at(0);
  CHECK(windows.cpu.is_empty());
  CHECK(windows.memory[Memory::working_set] == 7U);
  CHECK_FALSE(windows.memory[Memory::usage].has_value());
  CHECK(summary.oddity.empty());
}

TEST_CASE("summary: Kubernetes 1.36: pressure is passed over, counts go to 2^64-1") {
  const Summary summary = recorded("1.36");
  const Pod& pod = summary.pods.at(0);
  CHECK(pod.containers.at(0).cpu[Cpu::core_nanoseconds] == UINT64_MAX);
  CHECK(pod.containers.at(0).cpu.time == kTen + 1'000'000'000);
  CHECK(pod.containers.at(0).fs.time == kTen - 48'000'000'000);
  CHECK_FALSE(pod.usage.network[Net::sent].has_value());
  CHECK(summary.oddity.empty());
}

TEST_CASE("summary: what is not what it should be counts as absent and is told") {
  struct Row {
    std::string_view json;
    std::string_view oddity;
  };
  const Row rows[] = {
      {R"({"node":{"cpu":{"usageNanoCores":-1}}})", "usageNanoCores: not a count"},
      {R"({"node":{"cpu":{"usageNanoCores":1.5}}})", "usageNanoCores: not a count"},
      {R"({"node":{"cpu":{"usageNanoCores":"12"}}})", "usageNanoCores: not a count"},
      {R"({"node":{"cpu":{"usageNanoCores":true}}})", "usageNanoCores: not a count"},
      {R"({"node":{"cpu":{"usageNanoCores":18446744073709551616}}})",
       "usageNanoCores: not a count"},
      {R"({"node":{"cpu":{"time":"yesterday"}}})", "time: not a time"},
      {R"({"pods":[{"podRef":{"name":"x"}}]})", "a pod without podRef.uid"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    const auto summary = parse_summary(row.json);
    REQUIRE(summary.has_value());
    CHECK(summary->oddity == row.oddity);
    CHECK(summary->node.cpu.is_empty());
    CHECK(summary->pods.empty());
  }
}

TEST_CASE("summary: shapes that are none of the kubelet's do no harm") {
  for (const std::string_view json :
       {"{}", R"({"node":null,"pods":null})", R"({"node":[1,2],"pods":{"containers":7}})",
        R"({"node":"x","pods":[[{"podRef":{"uid":"u"}}],null,3,"s"]})",
        R"({"node":{"cpu":{"cpu":{"usageNanoCores":1}}}})", R"({"volume":[{"name":"v"}]})"}) {
    CAPTURE(json);
    const auto summary = parse_summary(json);
    REQUIRE(summary.has_value());
    CHECK(summary->node.cpu.is_empty());
    CHECK(summary->pods.empty());
  }
  CHECK(parse_summary(R"({"pods":[{"podRef":{"uid":"u"},"containers":[{"name":"a"}]}]} )")
            ->pods.at(0)
            .containers.size() == 1);
}

TEST_CASE("summary: faults say where") {
  struct Row {
    std::string json;
    Errc code;
    std::string_view words;
  };
  const std::string deep = R"({"x":)" + std::string(100, '[') + std::string(100, ']') + "}";
  const Row rows[] = {
      {"", Errc::malformed, "ends in the middle"},
      {"[]", Errc::malformed, "no JSON object"},
      {"7", Errc::malformed, "no JSON object"},
      {R"("x")", Errc::malformed, "no JSON object"},
      {R"({"node":{"cpu":)", Errc::malformed, "ends in the middle, after 15 bytes"},
      {"{}{}", Errc::malformed, "something follows"},
      {"<html>", Errc::malformed, "byte"},
      {deep, Errc::too_large, "nested"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.json);
    const auto summary = parse_summary(row.json);
    REQUIRE_FALSE(summary.has_value());
    CHECK(summary.error().code == row.code);
    CHECK_MESSAGE(summary.error().message.find(row.words) != std::string::npos,
                  summary.error().message);
  }
}

TEST_CASE("summary: every cut of a recorded answer is refused or understood, never worse") {
  std::string buffer;
  const auto body =
      base::read_file(test::source_file("sources/kubelet/summaries/v1.29.json"), buffer);
  REQUIRE(body.has_value());
  for (std::size_t size = 0; size + 1 < body->size(); ++size)
    CHECK_FALSE(parse_summary(body->substr(0, size)).has_value());
}

TEST_CASE("summary: bytes that are no UTF-8 are repaired, names without end are none") {
  const std::string json =
      "{\"pods\":[{\"podRef\":{\"uid\":\"u\",\"name\":\"a\xff\"},\"containers\":"
      "[{\"name\":\"" +
      std::string(5000, 'x') + "\"}]}]}";
  const auto summary = parse_summary(json);
  REQUIRE(summary.has_value());
  CHECK(summary->pods.at(0).usage.name == "a\xef\xbf\xbd");
  CHECK(summary->pods.at(0).containers.at(0).name.empty());
}

TEST_CASE("summary: more pods than the bound are left out and counted") {
  std::string json = R"({"pods":[)";
  for (std::size_t i = 0; i < Summary::kMostPods + 10; ++i)
    json +=
        (i == 0 ? "" : ",") + std::string(R"({"podRef":{"uid":"u)") + std::to_string(i) + "\"}}";
  json += "]}";
  const auto summary = parse_summary(json);
  REQUIRE(summary.has_value());
  CHECK(summary->pods.size() == Summary::kMostPods);
  CHECK(summary->left_out == 10);
}
