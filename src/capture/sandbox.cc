#include <link.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>

#include "dfc/privileges.h"
#include "landlock.h"
#include "system_calls.h"

namespace dfc {

namespace {

// The loader's path is written in the program's own headers, which come first.
int FindLoader(dl_phdr_info* object, size_t /*bytes*/, void* path) {
  for (int n = 0; n < object->dlpi_phnum; ++n) {
    const ElfW(Phdr)& header = object->dlpi_phdr[n];
    if (header.p_type != PT_INTERP) continue;
    const void* const at = reinterpret_cast<const void*>(object->dlpi_addr + header.p_vaddr);
    *static_cast<std::string*>(path) = static_cast<const char*>(at);
  }
  return 1;
}

}  // namespace

absl::StatusOr<Sandbox> EnterSandbox(const SandboxRules& rules) {
  Sandbox sandbox;
  ForgoNewPrivileges();
  DFC_ASSIGN_OR_RETURN(sandbox.landlock, EnterLandlock(rules));
  DFC_RETURN_IF_ERROR(EnterSeccomp(rules));
  return sandbox;
}

std::vector<std::string> OwnProgram() {
  std::vector<std::string> program = {"/proc/self/exe"};
  std::string loader;
  ::dl_iterate_phdr(FindLoader, &loader);
  if (!loader.empty()) program.push_back(loader);
  return program;
}

}  // namespace dfc
