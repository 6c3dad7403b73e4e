#include "launch/init_image.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <string>

#include "sys/files.hpp"

namespace nucleus::launch {

extern const unsigned char kInitImage[];
extern const std::size_t kInitImageSize;

namespace {

constexpr std::size_t kPage = 65536;  // the largest page of a supported architecture
constexpr unsigned kExecutable =
    0x10;  // MFD_EXEC (Linux 6.3): asked for where vm.memfd_noexec may forbid it by default
constexpr int kSealExecutable = 0x20;  // F_SEAL_EXEC (Linux 6.3)

}  // namespace

Result<SealedInit> seal_init(sys::Kernel& kernel, std::string_view block) {
    constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = kernel.memfd_create("nucleus-init", kFlags | kExecutable);
    const bool seals_mode = fd >= 0;
    if (fd == -EINVAL) fd = kernel.memfd_create("nucleus-init", kFlags);
    if (fd < 0) {
        auto error = Error::from_errno(-fd, "make the memfd of nucleus-init");
        if (fd == -EACCES)
            return Error(
                Errc::unsupported,
                error.message() + " (vm.memfd_noexec=2 forbids executing it: set it to 1 or 0)");
        return error;
    }
    SealedInit sealed{base::UniqueFd(fd), (kInitImageSize + kPage - 1) / kPage * kPage};
    NUCLEUS_CHECK(sys::write_fd(kernel, fd, "nucleus-init",
                                {reinterpret_cast<const char*>(kInitImage), kInitImageSize}));
    if (int error = kernel.lseek(fd, static_cast<off_t>(sealed.plan_offset), SEEK_SET); error < 0)
        return Error::from_errno(-error, "seek in nucleus-init");
    NUCLEUS_CHECK(sys::write_fd(kernel, fd, "nucleus-init", block));
    const int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL |
                      (seals_mode ? kSealExecutable : 0);
    if (int error = kernel.fcntl(fd, F_ADD_SEALS, seals); error < 0)
        return Error::from_errno(-error, "seal nucleus-init");
    return sealed;
}

}  // namespace nucleus::launch
