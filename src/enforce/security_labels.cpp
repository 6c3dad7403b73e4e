#include "enforce/security_labels.hpp"

#include <errno.h>
#include <fcntl.h>

#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

// A kernel with AppArmor built in and switched off has the file too, and says N.
Result<bool> has_apparmor(sys::Kernel& kernel) {
    const auto text = sys::read_file(kernel, AT_FDCWD, "/sys/module/apparmor/parameters/enabled");
    if (!text && text.error().errnum() == ENOENT) return false;
    if (!text) return text.error();
    return text->starts_with("Y");
}

// The file system is registered only while SELinux is in force (security/selinux/selinuxfs.c).
Result<bool> has_selinux(sys::Kernel& kernel) {
    NUCLEUS_TRY(const std::string text, sys::read_file(kernel, AT_FDCWD, "/proc/filesystems"));
    return text.find("\tselinuxfs\n") != std::string::npos;
}

Result<void> demand_selinux(sys::Kernel& kernel, std::string_view property) {
    NUCLEUS_TRY(const bool there, has_selinux(kernel));
    if (there) return {};
    return Error(Errc::unsupported, std::string(property) +
                                        ": a SELinux label needs SELinux, which this kernel has "
                                        "not got or has not switched on");
}

}  // namespace

Result<void> check_labels(sys::Kernel& kernel, policy::ProcessPolicy& process,
                          std::string_view document) {
    if (!process.selinux_label.empty())
        NUCLEUS_CHECK(demand_selinux(kernel, std::string(document) + "/selinuxLabel"));
    if (process.apparmor_profile.empty()) return {};
    NUCLEUS_TRY(const bool there, has_apparmor(kernel));
    if (there) return {};
    if (process.apparmor_profile == "unconfined") {
        process.apparmor_profile.clear();
        return {};
    }
    return Error(Errc::unsupported, std::string(document) + "/apparmorProfile: the profile '" +
                                        process.apparmor_profile +
                                        "' needs AppArmor, which this kernel has not got or has "
                                        "not switched on");
}

Result<void> check_mount_label(sys::Kernel& kernel, const policy::RootfsPolicy& rootfs) {
    if (rootfs.mount_label.empty()) return {};
    return demand_selinux(kernel, "config.json /linux/mountLabel");
}

}  // namespace nucleus::enforce
