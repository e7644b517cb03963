// SPDX-License-Identifier: Apache-2.0
#include "identity/identity.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/text.hpp"
#include "identity/draft.hpp"
#include "identity/host.hpp"
#include "identity/os.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using identity::Identity;
using identity::Options;

namespace {

constexpr const char* kId = "0123456789abcdef0123456789abcdef";

std::string value(const Identity& identity, std::string_view key) {
  std::string found = "-";
  for (const auto* attributes : {&identity.attributes, &identity.details}) {
    for (const auto& [name, stated] : *attributes) {
      if (name != key) continue;
      CHECK(found == "-");  // keys are unique, in both together
      found = std::get<std::string>(stated);
    }
  }
  return found;
}

bool has_note(const Identity& identity, std::string_view words) {
  return std::any_of(identity.notes.begin(), identity.notes.end(),
                     [words](const auto& note) { return note.find(words) != std::string::npos; });
}

void write_debian(const test::TempDir& machine) {
  machine.write("proc/sys/kernel/hostname", "edge-7\n");
  machine.write("proc/sys/kernel/arch", "aarch64\n");
  machine.write("proc/sys/kernel/osrelease", "6.1.0-30-arm64\n");
  machine.write("etc/machine-id", std::string(kId) + "\n");
  machine.write("etc/os-release",
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n"
                "VERSION_ID=\"12\"\nID=debian\nBUILD_ID='20250517'\n");
}

}  // namespace

TEST_CASE("identity: a whole machine, in a stable order") {
  const test::TempDir machine;
  write_debian(machine);
  Options options;
  options.version = "1.2.3";
  const Identity found = identity::resolve(machine.roots(), options);
  const metric::Attributes expected{
      {"host.name", std::string("edge-7")},      {"host.id", std::string(kId)},
      {"host.arch", std::string("arm64")},       {"os.type", std::string("linux")},
      {"service.name", std::string("edgehaul")},
  };
  const metric::Attributes details{
      {"os.name", std::string("Debian GNU/Linux")},
      {"os.version", std::string("12")},
      {"os.description", std::string("Debian GNU/Linux 12 (bookworm) (Linux 6.1.0-30-arm64)")},
      {"os.build_id", std::string("20250517")},
      {"service.version", std::string("1.2.3")},
  };
  CHECK(found.attributes == expected);
  CHECK(found.details == details);
  CHECK(found.notes.empty());
}

TEST_CASE("identity: an empty machine leaves out what it does not know") {
  const test::TempDir machine;
  const Identity found = identity::resolve(machine.roots(), {});
  const metric::Attributes expected{{"os.type", std::string("linux")},
                                    {"service.name", std::string("edgehaul")}};
  CHECK(found.attributes == expected);
  CHECK(found.details.empty());
  CHECK(has_note(found, "host.name: this host has no name"));
  CHECK(has_note(found, "host.id: there is no machine-id"));
}

TEST_CASE("identity: this live host has a name and an architecture") {
  const Identity found = identity::resolve({}, {});
  CHECK(value(found, "host.name") != "-");
  CHECK(value(found, "host.arch") != "-");
  CHECK(value(found, "os.description").find("Linux") != std::string::npos);
}

TEST_CASE("identity: machine-id of images, and its fallback") {
  struct Row {
    const char* etc;
    const char* dbus;
    std::string id;
  };
  const std::string upper = "0123456789ABCDEF0123456789ABCDEF";
  const Row rows[] = {
      {"", "", "-"},
      {"uninitialized\n", "", "-"},
      {"00000000000000000000000000000000\n", "", "-"},
      {"0123456789abcdef0123456789abcde\n", "", "-"},
      {"01234567-89ab-cdef-0123-456789abcdef\n", "", "-"},
      {"0123456789abcdef0123456789abcdeg\n", "", "-"},
      {"uninitialized\n", kId, kId},
      {"", kId, kId},
      {kId, "ffffffffffffffffffffffffffffffff", kId},
      {upper.c_str(), "", kId},
  };
  for (const Row& row : rows) {
    CAPTURE(row.etc);
    const test::TempDir machine;
    machine.write("etc/machine-id", row.etc);
    machine.write("var/lib/dbus/machine-id", row.dbus);
    const Identity found = identity::resolve(machine.roots(), {});
    CHECK(value(found, "host.id") == row.id);
    CHECK(has_note(found, "host.id: ") == (row.id == "-"));
  }
}

TEST_CASE("identity: names that are none, and the file that knows better") {
  struct Row {
    const char* kernel;
    const char* file;
    const char* name;
    bool has_note;
  };
  for (const Row& row : {Row{"a\n", "b\n", "a", false}, Row{"(none)\n", "b\n", "b", false},
                         Row{"", "b\n", "b", false}, Row{"(none)\n", "", "-", true},
                         Row{"localhost\n", "", "localhost", true},
                         Row{"localhost.localdomain\n", "", "localhost.localdomain", true}}) {
    CAPTURE(row.kernel);
    const test::TempDir machine;
    machine.write("proc/sys/kernel/hostname", row.kernel);
    machine.write("etc/hostname", row.file);
    const Identity found = identity::resolve(machine.roots(), {});
    CHECK(value(found, "host.name") == row.name);
    CHECK(has_note(found, "host.name: ") == row.has_note);
  }
}

TEST_CASE("identity: architectures by their conventional names") {
  struct Row {
    const char* machine;
    const char* arch;
  };
  for (const Row& row : {Row{"x86_64", "amd64"}, Row{"aarch64", "arm64"}, Row{"armv7l", "arm32"},
                         Row{"armv6l", "arm32"}, Row{"i686", "x86"}, Row{"ppc64le", "ppc64"},
                         Row{"s390x", "s390x"}, Row{"riscv64", "riscv64"}, Row{"", ""}}) {
    CHECK(identity::conventional_arch(row.machine) == row.arch);
  }
}

TEST_CASE("identity: os-release and its quoting") {
  struct Row {
    const char* value;
    const char* expected;
  };
  for (const Row& row :
       {Row{"plain", "plain"}, Row{"\"a b\"", "a b"}, Row{"'a \"b\\'", "a \"b\\"},
        Row{R"("a \"b\" \$c \`d\` \\ \n")", R"(a "b" $c `d` \ \n)"}, Row{"a\\ b", "a b"},
        Row{"\"open", "open"}, Row{"\"\"", ""}, Row{"a\\", "a\\"}, Row{"\"a\"'b'", "ab"}}) {
    CAPTURE(row.value);
    CHECK(identity::unquoted(row.value) == row.expected);
  }
  const test::TempDir machine;
  machine.write("usr/lib/os-release", "# NAME=no\r\nID=kairos\r\nVERSION_ID='3.1'\r\njunk\r\n");
  const Identity found = identity::resolve(machine.roots(), {});
  CHECK(value(found, "os.name") == "kairos");
  CHECK(value(found, "os.version") == "3.1");
  CHECK(value(found, "os.description") == "-");
  machine.write("etc/os-release", std::string(100'000, 'x'));
  CHECK(has_note(identity::resolve(machine.roots(), {}), "os: "));
}

TEST_CASE(
    "identity: configuration beats OTEL_SERVICE_NAME beats OTEL_RESOURCE_ATTRIBUTES beats "
    "detectors") {
  const test::TempDir machine;
  write_debian(machine);
  Options options;
  options.environment_attributes = "service.name=from-attributes,host.name=renamed,site=env";
  Identity found = identity::resolve(machine.roots(), options);
  CHECK(value(found, "service.name") == "from-attributes");
  CHECK(value(found, "host.name") == "renamed");
  CHECK(value(found, "site") == "env");
  options.environment_service = "from-service";
  options.attributes = {{"site", "store-0042"}, {"host.id", ""}, {"rack", "r1"}};
  found = identity::resolve(machine.roots(), options);
  CHECK(value(found, "service.name") == "from-service");
  CHECK(value(found, "site") == "store-0042");
  CHECK(value(found, "host.id") == "-");
  CHECK(found.attributes.back().first == "rack");
  options.attributes = {{"service.name", "from-configuration"}};
  CHECK(value(identity::resolve(machine.roots(), options), "service.name") == "from-configuration");
}

TEST_CASE("identity: what every sample carries is chosen by name or glob") {
  const test::TempDir machine;
  write_debian(machine);
  Options options;
  options.kubernetes = {"k3s", "node-1"};
  const auto on_resource = [&](std::string_view key) {
    const Identity found = identity::resolve(machine.roots(), options);
    return std::any_of(found.attributes.begin(), found.attributes.end(),
                       [key](const auto& attribute) { return attribute.first == key; });
  };
  CHECK(on_resource("k8s.node.name"));
  CHECK(!on_resource("os.name"));
  CHECK(!on_resource("palette.kubernetes.distribution"));
  options.choice.include = {"os.n*", "os.d*", "palette.kubernetes.distribution"};
  options.choice.exclude = {"os.d*", "host.id"};
  CHECK(on_resource("os.name"));
  CHECK(on_resource("palette.kubernetes.distribution"));
  const Identity found = identity::resolve(machine.roots(), options);
  CHECK(value(found, "os.description") == "-");
  CHECK(value(found, "host.id") == "-");
  // The configuration's own words are always on the resource, and only there.
  options.attributes = {{"os.version", "mine"}, {"os.description", "kept"}};
  CHECK(on_resource("os.version"));
  CHECK(on_resource("os.description"));
  CHECK(value(identity::resolve(machine.roots(), options), "os.version") == "mine");
}

TEST_CASE("identity: detectors that are not asked for do not run") {
  const test::TempDir machine;
  write_debian(machine);
  Options options;
  options.kubernetes = {"k3s", "node-1"};
  options.choice.detectors = {"os"};
  const Identity found = identity::resolve(machine.roots(), options);
  CHECK(value(found, "host.name") == "-");
  CHECK(value(found, "k8s.node.name") == "-");
  CHECK(value(found, "os.name") == "Debian GNU/Linux");
  options.choice.detectors = {};
  CHECK(identity::resolve(machine.roots(), options).details.empty());
}

TEST_CASE("identity: a faulty variable is ignored as a whole and noted") {
  const test::TempDir machine;
  write_debian(machine);
  Options options;
  options.environment_attributes = "host.name=renamed,broken";
  options.environment_service = " named ";
  const Identity found = identity::resolve(machine.roots(), options);
  CHECK(value(found, "host.name") == "edge-7");
  CHECK(value(found, "service.name") == "named");
  CHECK(has_note(found, "OTEL_RESOURCE_ATTRIBUTES is ignored: entry 2: no '='"));
}

TEST_CASE("identity: bytes that are not UTF-8, long values, too many attributes") {
  const test::TempDir machine;
  machine.write("proc/sys/kernel/hostname", "h\xFFst\n");
  Options options;
  options.environment_attributes = "raw=%FF";
  options.attributes = {{"long", std::string(1023, 'a') + "ö"},
                        {std::string(300, 'k'), "v"},
                        {"", "v"},
                        {"\xFF", "v"}};
  for (int i = 0; i < 200; ++i)
    options.attributes.emplace_back("key." + std::to_string(i), "v");
  const Identity found = identity::resolve(machine.roots(), options);
  CHECK(value(found, "host.name") == "h\uFFFDst");
  CHECK(value(found, "raw") == "\uFFFD");
  CHECK(value(found, "long") == std::string(1023, 'a'));
  CHECK(found.attributes.size() == identity::kMaxAttributes);
  CHECK(has_note(found, "configuration: long is cut to 1024 bytes"));
  CHECK(has_note(found, "key.199 is left out, there are 128 attributes already"));
  for (const auto& [key, stated] : found.attributes) {
    CHECK(!key.empty());
    CHECK(key.size() <= identity::kMaxKey);
    CHECK(text::is_utf8(key));
    CHECK(text::is_utf8(std::get<std::string>(stated)));
  }
}
