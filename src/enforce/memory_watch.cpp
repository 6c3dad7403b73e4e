#include "enforce/memory_watch.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include <utility>

#include "enforce/cgroup_text.hpp"
#include "sys/files.hpp"

namespace nucleus::enforce {

namespace {

struct Place {
    std::string directory;
    bool unified;
};

Result<Place> place_of(const state::CgroupRecord& record) {
    if (const auto v1 = record.paths.find("memory"); v1 != record.paths.end())
        return Place{v1->second, false};
    if (const auto unified = record.paths.find(""); unified != record.paths.end())
        return Place{unified->second, true};
    return Error(Errc::unsupported, "the container has no memory cgroup that could give notices");
}

constexpr const char* kLevels[] = {"low", "medium", "critical"};
// Microseconds of waiting, of microseconds of time.
constexpr const char* kTriggers[] = {"some 50000 1000000", "some 200000 1000000",
                                     "full 100000 1000000"};

Error no_controller(const std::string& directory) {
    return Error(Errc::unsupported, "no memory controller here: '" + directory + "' has none");
}

}  // namespace

Result<MemoryWatch> MemoryWatch::for_oom(sys::Kernel& kernel, const state::CgroupRecord& record) {
    NUCLEUS_TRY(const Place place, place_of(record));
    MemoryWatch watch(kernel, place.directory);
    if (!place.unified) {
        NUCLEUS_CHECK(watch.listen("memory.oom_control", ""));
        return watch;
    }
    auto opened = sys::open_at(kernel, AT_FDCWD, place.directory + "/memory.events", O_RDONLY);
    if (!opened && opened.error().errnum() == ENOENT) return no_controller(place.directory);
    NUCLEUS_TRY(watch.polled_, std::move(opened));
    watch.kind_ = Kind::counter;
    // Reading says from where on a change is news.
    watch.kills_ = watch.kills();
    return watch;
}

Result<MemoryWatch> MemoryWatch::for_pressure(sys::Kernel& kernel,
                                              const state::CgroupRecord& record,
                                              Shortage shortage) {
    NUCLEUS_TRY(const Place place, place_of(record));
    MemoryWatch watch(kernel, place.directory);
    if (!place.unified) {
        NUCLEUS_CHECK(watch.listen("memory.pressure_level",
                                   std::string(" ") + kLevels[static_cast<std::size_t>(shortage)]));
        return watch;
    }
    const std::string path = place.directory + "/memory.pressure";
    NUCLEUS_TRY(watch.polled_, sys::open_at(kernel, AT_FDCWD, path, O_RDWR | O_NONBLOCK));
    const std::string_view trigger = kTriggers[static_cast<std::size_t>(shortage)];
    NUCLEUS_CHECK(sys::write_fd(kernel, watch.polled_.get(), path, trigger));
    watch.kind_ = Kind::trigger;
    return watch;
}

Result<void> MemoryWatch::listen(const std::string& file, const std::string& arguments) {
    const int events = kernel_->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (events < 0) return Error::from_errno(-events, "make an eventfd");
    polled_.reset(events);
    NUCLEUS_TRY(source_, sys::open_at(*kernel_, AT_FDCWD, directory_ + "/" + file, O_RDONLY));
    return sys::write_existing(
        *kernel_, AT_FDCWD, directory_ + "/cgroup.event_control",
        std::to_string(polled_.get()) + " " + std::to_string(source_.get()) + arguments);
}

std::uint64_t MemoryWatch::kills() {
    if (kernel_->lseek(polled_.get(), 0, SEEK_SET) < 0) return kills_;
    const auto text = sys::read_fd(*kernel_, polled_.get(), "memory.events", 1U << 16);
    if (!text) return kills_;
    const auto counts = flat_keyed_in(*text);
    const auto found = counts.find("oom_kill");
    return found == counts.end() ? kills_ : found->second;
}

bool MemoryWatch::noticed(short ready) {
    // A trigger on memory.pressure has no count: that it is ready is the notice.
    if (kind_ == Kind::trigger) return (ready & POLLPRI) != 0;
    if (kind_ == Kind::eventfd) {
        std::uint64_t count = 0;
        if (kernel_->read(polled_.get(), &count, sizeof count) != sizeof count) return false;
        // The removal of the cgroup is told the same way.
        const std::string path = directory_ + "/cgroup.event_control";
        return kernel_->faccessat(AT_FDCWD, path.c_str(), F_OK, 0) == 0;
    }
    const std::uint64_t before = std::exchange(kills_, kills());
    return kills_ != before;
}

}  // namespace nucleus::enforce
