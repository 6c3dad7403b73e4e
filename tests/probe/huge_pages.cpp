// How many huge pages the process may reserve.
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "probe.hpp"

namespace probe {

// Pages of 2 MiB, reserved by mmap one by one and given back: at most 16, and the error of the
// first that is refused. None is touched.
void report_huge_pages(Json& json, const Request&) {
    constexpr std::size_t kSize = std::size_t{2} << 20;
    constexpr int kTwoMegabytes = 21 << MAP_HUGE_SHIFT;
    std::array<void*, 16> pages{};
    std::size_t reserved = 0;
    int error = 0;
    while (reserved < pages.size()) {
        void* page = mmap(nullptr, kSize, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | kTwoMegabytes, -1, 0);
        if (page == MAP_FAILED) {
            error = errno;
            break;
        }
        pages[reserved++] = page;
    }
    for (std::size_t i = 0; i < reserved; ++i) munmap(pages[i], kSize);
    json.begin_object();
    json.member("reserved", reserved);
    json.member("refusal", error_name(error));
    json.end_object();
}

}  // namespace probe
