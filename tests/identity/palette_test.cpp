// SPDX-License-Identifier: Apache-2.0
#include "identity/palette.hpp"

#include <algorithm>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "identity/device_uid.hpp"
#include "identity/user_data.hpp"
#include "support/temp_dir.hpp"

using namespace edgehaul;
using identity::Draft;
using identity::Identity;

namespace {

Identity detected(const test::TempDir& machine) {
  Draft draft;
  identity::detect_palette(machine.roots(), draft);
  return draft.take();
}

std::string value(const Identity& identity, std::string_view key) {
  for (const auto& [name, stated] : identity.attributes) {
    if (name == key) return std::get<std::string>(stated);
  }
  return "-";
}

bool has_note(const Identity& identity, std::string_view words) {
  return std::any_of(identity.notes.begin(), identity.notes.end(),
                     [words](const auto& note) { return note.find(words) != std::string::npos; });
}

std::string id_of(const test::TempDir& machine, std::string_view site) {
  machine.write("run/stylus/userdata", "stylus:\n  site:\n    x: y\n" + std::string(site));
  return value(detected(machine), "palette.edge_host.id");
}

}  // namespace

TEST_CASE("palette: a host that Palette does not manage says nothing") {
  const test::TempDir machine;
  machine.write("oem/90_custom.yaml", "install: {poweroff: true}\nsite:\n  name: x\n");
  machine.write("sys/class/dmi/id/product_uuid", "F1C0D6A2-3B4E-5F60-8172-93A4B5C6D7E8\n");
  const Identity found = detected(machine);
  CHECK(found.attributes.empty());
  CHECK(found.notes.empty());
}

TEST_CASE("palette: the edge host id as the agent makes it") {
  const test::TempDir machine;
  CHECK(id_of(machine, "") == "-");
  CHECK(has_note(detected(machine), "product_uuid: No such file or directory); set it under"));
  machine.write("sys/class/dmi/id/product_uuid", "F1C0D6A2-3B4E-5F60-8172-93A4B5C6D7E8\n");
  machine.write("etc/uid", "board 42, BRD-0007/x\nsecond line\n");
  const std::string uuid = "f1c0d6a23b4e5f60817293a4b5c6d7e8";
  struct Row {
    const char* site;
    std::string id;
  };
  const Row rows[] = {
      {"", "edge-" + uuid},
      {"    prefix: shop\n", "shop-" + uuid},
      {"    name: store-1\n    prefix: shop\n", "store-1"},
      {"    name: \"$random\"\n", "-"},
      {"    deviceUIDPaths:\n      - name: /etc/none\n      - name: "
       "/sys/class/dmi/id/product_uuid\n",
       "edge-" + uuid},
      {"    deviceUIDPaths:\n      - name: /etc/none\n", "-"},
      {"    deviceUIDPaths:\n      - name: /etc/uid\n", "-"},
      {"    deviceUIDPaths:\n    - regex: \"BRD-[0-9]{4}\"\n      name: /etc/uid\n",
       "edge-BRD-0007"},
      {"    deviceUIDPaths:\n      - name: /etc/uid\n        regex: second\n", "-"},
      {"    deviceUIDPaths:\n      - name: etc/uid\n", "-"},
      {"    deviceUIDPaths:\n      - name: /etc\n", "-"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.site);
    CHECK(id_of(machine, row.site) == row.id);
  }
  machine.write("etc/uid", std::string(200, 'a'));
  CHECK(id_of(machine, "    deviceUIDPaths:\n      - name: /etc/uid\n").size() == 128);
  CHECK(id_of(machine, "    name: " + std::string(200, 'b') + "\n").size() == 128);
}

TEST_CASE("palette: expressions that are refused, and those that are not") {
  using identity::first_match;
  CHECK(first_match("[0-9]+", "ab123c").value() == "123");
  CHECK(first_match("edge.*", "an edge-1").value() == "edge-1");
  CHECK(first_match("a\\.b", "a.b").value() == "a.b");
  CHECK(first_match("x", "abc").error().code == Errc::absent);
  for (const char* pattern : {"(", "\\d+", "(a)\\1", "(?i)a", "(a{99}){99}", "a\\"}) {
    CAPTURE(pattern);
    CHECK(first_match(pattern, "abc").error().code == Errc::invalid);
  }
  CHECK(first_match(std::string(200, 'a'), "abc").error().code == Errc::invalid);
  // What makes backtracking matchers hang.
  CHECK(first_match("(a*)*b", std::string(4000, 'a')).error().code == Errc::absent);
}

TEST_CASE("palette: later files beat earlier ones, key by key") {
  const test::TempDir machine;
  const auto site = [](std::string_view rest) { return "stylus:\n  site:\n" + std::string(rest); };
  machine.write("oem/10_a.yaml", site("    name: a\n    projectName: p\n    tags:\n      t: 1\n"));
  machine.write("oem/20_b.yml", site("    name: b\n    tags:\n      u: 2\n      t: 3\n"));
  machine.write("oem/95_userdata", site("    clusterName: c\n"));
  machine.write("oem/notes.txt", site("    name: no\n"));
  Identity found = detected(machine);
  CHECK(value(found, "palette.edge_host.id") == "b");
  CHECK(value(found, "palette.project.name") == "p");
  CHECK(value(found, "palette.site.tag.t") == "3");
  CHECK(value(found, "palette.site.tag.u") == "2");
  CHECK(value(found, "k8s.cluster.name") == "c");
  machine.write("oem/userdata", site("    name: d\n"));
  CHECK(value(detected(machine), "palette.edge_host.id") == "d");
  machine.write("var/lib/spectro/userdata", site("    name: e\n"));
  CHECK(value(detected(machine), "palette.edge_host.id") == "e");
  machine.write("run/stylus/userdata", site("    name: f\n"));
  CHECK(value(detected(machine), "palette.edge_host.id") == "f");
}

TEST_CASE("palette: modes") {
  const test::TempDir machine;
  machine.write("opt/spectrocloud/bin/x", "");
  Identity found = detected(machine);
  CHECK(value(found, "palette.host_mode") == "appliance");
  CHECK(value(found, "palette.management_mode") == "central");
  machine.write("oem/userdata", "stylus:\n  path: /persistent/spectro/\n  managementMode: local\n");
  machine.write("persistent/spectro/opt/spectrocloud/state/agent-mode", "");
  found = detected(machine);
  CHECK(value(found, "palette.host_mode") == "agent");
  CHECK(value(found, "palette.management_mode") == "local");
  machine.write("etc/spectro/environment", "export STYLUS_ROOT=\"/elsewhere\"\n");
  CHECK(value(detected(machine), "palette.host_mode") == "appliance");
  machine.write("elsewhere/opt/spectrocloud/state/agent-mode", "");
  CHECK(value(detected(machine), "palette.host_mode") == "agent");
}

TEST_CASE("palette: tags, their bound, and values that are not plain") {
  const test::TempDir machine;
  std::string text = "stylus:\n  site:\n    tags:\n";
  for (int i = 0; i < 100; ++i)
    text += "      t" + std::to_string(i) + ": v\n";
  machine.write("oem/userdata", text);
  Identity found = detected(machine);
  CHECK(value(found, "palette.site.tag.t31") == "v");
  CHECK(value(found, "palette.site.tag.t32") == "-");
  CHECK(has_note(found, "/oem/userdata: more than 32 tags"));
  machine.write("oem/userdata",
                "stylus:\n  site:\n    name: |\n      block\n    tags: {a: b}\n    prefix: *p\n"
                "    projectName: " +
                    std::string(10'000, 'x') + "\n");
  found = detected(machine);
  CHECK(value(found, "palette.project.name") == "-");
  for (const char* key : {"name", "tags", "prefix", "projectName"})
    CHECK(has_note(found, std::string("stylus.site.") + key + " is not a plain value"));
  machine.write("etc/tags", "a:1\nb : x:y\nnothing\n:none\n\xFF:\xFF\n");
  machine.write(
      "oem/userdata",
      "stylus:\n  site:\n    tags:\n      a: own\n    tagsFromFile:\n      fileName: /etc/tags\n"
      "      delimiter: \"\\n\"\n");
  found = detected(machine);
  CHECK(value(found, "palette.site.tag.a") == "own");
  CHECK(value(found, "palette.site.tag.b") == "x:y");
  CHECK(value(found, "palette.site.tag.\uFFFD") == "\uFFFD");
}

TEST_CASE("palette: hostile files cost a note, never the host") {
  const std::string site = "stylus:\n  site:\n    name: kept\n";
  struct Row {
    const char* what;
    std::string body;
  };
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'z'; ++c)
    bomb += std::string(1, c) + ": &" + c + " [*" + char(c - 1) + ",*" + char(c - 1) + "]\n";
  std::string binary;
  for (int i = 0; i < 100'000; ++i)
    binary += static_cast<char>(i * 131 % 256);
  const Row rows[] = {
      {"alias bomb", bomb},
      {"binary", binary},
      {"no newline", std::string(900'000, 'x')},
      {"brackets", std::string(900'000, '{')},
      {"half a pair", "stylus:\n  site:\n    na"},
      {"half a text", "stylus:\n  site:\n    projectName: \"half"},
      {"zeros", std::string(10'000, '\0')},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const test::TempDir machine;
    machine.write("oem/10_site.yaml", site);
    machine.write("oem/20_bad.yaml", row.body);
    CHECK(value(detected(machine), "palette.edge_host.id") == "kept");
  }
}

TEST_CASE("palette: files that cannot be read leave the id open") {
  const test::TempDir machine;
  machine.write("sys/class/dmi/id/product_uuid", "F1C0D6A2-3B4E-5F60-8172-93A4B5C6D7E8\n");
  machine.write("oem/10_site.yaml", "stylus:\n  site:\n    projectName: p\n");
  CHECK(value(detected(machine), "palette.edge_host.id") ==
        "edge-f1c0d6a23b4e5f60817293a4b5c6d7e8");
  const std::string link = machine.at("oem/90_loop.yaml");
  REQUIRE(::symlink(link.c_str(), link.c_str()) == 0);
  Identity found = detected(machine);
  CHECK(value(found, "palette.edge_host.id") == "-");
  CHECK(value(found, "palette.management_mode") == "-");
  CHECK(value(found, "palette.project.name") == "p");
  CHECK(has_note(found, "90_loop.yaml: Too many levels of symbolic links"));
  machine.remove("oem/90_loop.yaml");
  machine.write("oem/90_giant.yaml", std::string((1 << 20) + 1, '#'));
  CHECK(has_note(detected(machine), "90_giant.yaml: larger than 1048576 bytes"));
  machine.remove("oem/90_giant.yaml");
  // Nobody writes into this pipe: opening it must not wait.
  REQUIRE(::mkfifo(machine.at("oem/90_pipe.yaml").c_str(), 0600) == 0);
  CHECK(has_note(detected(machine), "90_pipe.yaml: not a regular file"));
}

TEST_CASE("palette: of very many files the last ones count") {
  const test::TempDir machine;
  for (int i = 100; i < 200; ++i)
    machine.write("oem/" + std::to_string(i) + ".yaml",
                  "stylus:\n  site:\n    name: n" + std::to_string(i) + "\n");
  const Identity found = detected(machine);
  CHECK(value(found, "palette.edge_host.id") == "n199");
  CHECK(has_note(found, "more than 32 files in /oem"));
}
