// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_code.hpp"

#include <cstdint>

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

namespace edgehaul::base {

namespace {

void* pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);  // NOLINT(performance-no-int-to-ptr): ELF has no other
}

// Code that was relocated in place differs from its file.
bool has_text_relocations(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object.dlpi_phdr[i];
    if (header.p_type != PT_DYNAMIC) continue;
    const auto* entry = static_cast<const ElfW(Dyn)*>(pointer(object.dlpi_addr + header.p_vaddr));
    for (; entry->d_tag != DT_NULL; ++entry) {
      if (entry->d_tag == DT_TEXTREL ||
          (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0)) {
        return true;
      }
    }
  }
  return false;
}

int let_go_of(dl_phdr_info* object, std::size_t, void* sum) {
  if (has_text_relocations(*object)) return 0;
  const std::uintptr_t page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    if (header.p_type != PT_LOAD || (header.p_flags & PF_W) != 0) continue;
    // A page that this segment shares with a writable one belongs to that one.
    const std::uintptr_t begin = (object->dlpi_addr + header.p_vaddr + page - 1) / page * page;
    const std::uintptr_t end = (object->dlpi_addr + header.p_vaddr + header.p_memsz) / page * page;
    if (begin >= end) continue;
    // Refused for the kernel's own page of code, which is no file's.
    if (::madvise(pointer(begin), end - begin, MADV_DONTNEED) == 0) {
      *static_cast<std::size_t*>(sum) += end - begin;
    }
  }
  return 0;
}

}  // namespace

std::size_t let_go_of_code() {
  std::size_t sum = 0;
  ::dl_iterate_phdr(let_go_of, &sum);
  return sum;
}

}  // namespace edgehaul::base
