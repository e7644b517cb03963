// SPDX-License-Identifier: Apache-2.0
// The pages of the program and its libraries that lie in memory as they lie in their files.
#pragma once

#include <cstddef>

namespace edgehaul::base {

// Takes them out of this process's page tables, so that what start-up alone ran (configuration,
// certificates) does not stay resident for good; what is used comes back from the page cache, a
// fault for every 64 KiB. Nothing written is touched. Any thread. Returns how many bytes were given
// up at most.
std::size_t let_go_of_code();

}  // namespace edgehaul::base
