// Attending a process in the foreground: its terminal shown on ours, our signals passed on, until
// it ends.
#pragma once

#include <termios.h>

#include "base/unique_fd.hpp"
#include "launch/launch.hpp"
#include "sys/kernel.hpp"

namespace nucleus::runtime {

// Made before the program starts, so that no signal is lost. What it changed (signal mask, terminal
// mode) is put back when it goes, on every path.
class Foreground {
public:
    explicit Foreground(sys::Kernel& kernel) : kernel_(kernel) {}
    Foreground(const Foreground&) = delete;
    Foreground& operator=(const Foreground&) = delete;
    ~Foreground();

    // Takes signals over. `console`: the terminal's master, or none.
    Result<void> prepare(base::UniqueFd console);
    // The exit status, 128 + n after signal n.
    Result<int> attend(launch::Launch& launch);

private:
    // One direction of the terminal. Both ends are read and written only when poll says so.
    struct Pump {
        int from = -1, to = -1;  // from < 0: closed
        char buffer[4096];
        std::size_t begin = 0, end = 0;
        bool empty() const { return begin == end; }
    };

    void make_raw();
    void copy_window_size();
    void pass_signals(launch::Launch& launch);
    void read_into(Pump& pump);
    void write_from(Pump& pump);
    void drain_console();

    sys::Kernel& kernel_;
    base::UniqueFd signals_, console_;
    std::uint64_t mask_before_ = 0;
    bool masked_ = false, raw_ = false;
    termios terminal_before_{};
    Pump input_, output_;
};

}  // namespace nucleus::runtime
