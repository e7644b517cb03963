// SPDX-License-Identifier: Apache-2.0
// A folder that lives as long as the test, and a machine made of plain files inside it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/roots.hpp"

namespace edgehaul::test {

class TempDir {
 public:
  TempDir() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "edgehaul-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string at(std::string_view name) const { return path_ + "/" + std::string(name); }
  base::Roots roots() const { return base::Roots::below(path_); }

  // Writes a file below the folder, making the folders on the way.
  void write(std::string_view name, std::string_view body) const {
    const std::filesystem::path file = at(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << body;
  }
  void remove(std::string_view name) const { std::filesystem::remove_all(at(name)); }

 private:
  std::string path_;
};

// tests/<name> in the source tree.
inline std::string source_file(std::string_view name) {
  return std::string(EDGEHAUL_TESTS) + "/" + std::string(name);
}

}  // namespace edgehaul::test
