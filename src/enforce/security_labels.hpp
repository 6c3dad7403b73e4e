// What the running kernel says of AppArmor and SELinux, asked only for a process or a mount that
// names a profile or a label.
#pragma once

#include <string>
#include <string_view>

#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// Errc::unsupported where the kernel has not got the security module that the process asks for; the
// error names the property in `document` (`config.json /process`, `process`). `unconfined` without
// AppArmor is what the process is anyway: it is taken out.
Result<void> check_labels(sys::Kernel& kernel, policy::ProcessPolicy& process,
                          std::string_view document);
// The same of linux.mountLabel.
Result<void> check_mount_label(sys::Kernel& kernel, const policy::RootfsPolicy& rootfs);

}  // namespace nucleus::enforce
