// SPDX-License-Identifier: Apache-2.0
#include "identity/kairos.hpp"

#include <unistd.h>

#include "base/fd.hpp"
#include "base/text.hpp"
#include "identity/os.hpp"

namespace edgehaul::identity {

namespace {

constexpr std::string_view kOrigin = "kairos";
constexpr std::size_t kMaxFile = std::size_t{64} * 1024;

struct Row {
  std::string_view key;
  std::string_view attribute;
};
constexpr Row kRows[] = {{"KAIROS_NAME", "kairos.name"},
                         {"KAIROS_VERSION", "kairos.version"},
                         {"KAIROS_IMAGE_LABEL", "kairos.image.label"},
                         {"KAIROS_FIPS", "kairos.fips"}};

bool exists(const base::Roots& roots, std::string_view path) {
  return ::access(roots.at(path).c_str(), F_OK) == 0;
}

void take_release(std::string_view body, Draft& draft) {
  while (auto line = text::next_line(body)) {
    const auto parts = text::split_once(text::trim(*line), '=');
    if (!parts) continue;
    for (const Row& row : kRows) {
      if (parts->head == row.key) draft.set(kOrigin, row.attribute, unquoted(parts->tail));
    }
  }
}

// immucore leaves a sentinel of the image that booted.
void take_boot_state(const base::Roots& roots, Draft& draft) {
  constexpr std::string_view kStates[] = {"active", "passive", "recovery", "autoreset", "live"};
  for (const std::string_view state : kStates) {
    if (exists(roots, "/run/cos/" + std::string(state) + "_mode")) {
      return draft.set(kOrigin, "kairos.boot.state", state);
    }
  }
}

}  // namespace

void detect_kairos(const base::Roots& roots, Draft& draft) {
  std::string buffer;
  // Older images state the same keys in os-release.
  for (const char* path : {"/etc/os-release", "/etc/kairos-release"}) {
    const auto body = base::read_file(roots.at(path), buffer, kMaxFile);
    if (body) {
      take_release(*body, draft);
    } else if (body.error().code != Errc::absent) {
      draft.note("kairos: " + body.error().message);
    }
  }
  take_boot_state(roots, draft);
  if (exists(roots, "/run/cos/uki_boot_mode")) draft.set(kOrigin, "kairos.boot.uki", "true");
}

}  // namespace edgehaul::identity
