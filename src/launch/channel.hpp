// The host's end of the channel to the init (wire/message.hpp).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/unique_fd.hpp"
#include "nucleus/error.hpp"
#include "sys/kernel.hpp"
#include "wire/message.hpp"

namespace nucleus::launch {

struct Received {
    wire::Report report;
    base::UniqueFd descriptor;
};

class Channel {
public:
    Channel(sys::Kernel& kernel, base::UniqueFd fd) : kernel_(&kernel), fd_(std::move(fd)) {}

    // Nothing at end-of-file: every process that held the other end is gone or has executed the
    // program.
    Result<std::optional<Received>> receive();
    Result<void> send(wire::Order::Kind kind, std::uint32_t flags = 0);
    // Fills the slots from `first_slot` on.
    Result<void> send_descriptors(std::uint32_t first_slot, const std::vector<int>& fds);
    int fd() const { return fd_.get(); }
    void close() { fd_.reset(); }

private:
    Result<void> send(const wire::Order& order, std::span<const int> fds);

    sys::Kernel* kernel_;
    base::UniqueFd fd_;
};

}  // namespace nucleus::launch
