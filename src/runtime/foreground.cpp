#include "runtime/foreground.hpp"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>

namespace nucleus::runtime {

namespace {

constexpr std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }

// Ours to keep: a child's end is seen on the pidfd, and a fault or a broken pipe is no message to
// the container.
constexpr std::uint64_t kOwn =
    bit(SIGCHLD) | bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGABRT);

}  // namespace

Foreground::~Foreground() {
    if (raw_) kernel_.ioctl(STDIN_FILENO, TCSETS, &terminal_before_);
    if (masked_) kernel_.sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
}

Result<void> Foreground::prepare(base::UniqueFd console) {
    const std::uint64_t taken = ~kOwn;
    if (int error = kernel_.sigprocmask(SIG_SETMASK, &taken, &mask_before_); error < 0)
        return Error::from_errno(-error, "take over signals");
    masked_ = true;
    const int signals = kernel_.signalfd(taken, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0) return Error::from_errno(-signals, "take over signals");
    signals_.reset(signals);
    console_ = std::move(console);
    if (!console_) return {};
    if (int error = kernel_.fcntl(console_.get(), F_SETFL, O_RDWR | O_NONBLOCK); error < 0)
        return Error::from_errno(-error, "set up the terminal");
    make_raw();
    copy_window_size();
    input_.from = STDIN_FILENO;
    input_.to = console_.get();
    output_.from = console_.get();
    output_.to = STDOUT_FILENO;
    return {};
}

// As cfmakeraw(3), but for output: what the container's terminal has processed is shown as it is.
void Foreground::make_raw() {
    if (kernel_.ioctl(STDIN_FILENO, TCGETS, &terminal_before_) < 0) return;  // no terminal of ours
    termios raw = terminal_before_;
    raw.c_iflag &=
        ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    raw.c_cflag = (raw.c_cflag & ~static_cast<tcflag_t>(CSIZE | PARENB)) | CS8;
    raw_ = kernel_.ioctl(STDIN_FILENO, TCSETS, &raw) >= 0;
}

void Foreground::copy_window_size() {
    winsize size{};
    if (kernel_.ioctl(STDIN_FILENO, TIOCGWINSZ, &size) >= 0)
        kernel_.ioctl(console_.get(), TIOCSWINSZ, &size);
}

void Foreground::pass_signals(launch::Launch& launch) {
    signalfd_siginfo info;
    while (kernel_.read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        const int signal = static_cast<int>(info.ssi_signo);
        if (signal == SIGWINCH && console_)
            copy_window_size();
        else if (signal != SIGPIPE)
            kernel_.pidfd_send_signal(launch.pidfd(), signal);
    }
}

void Foreground::read_into(Pump& pump) {
    const ssize_t got = kernel_.read(pump.from, pump.buffer, sizeof pump.buffer);
    if (got == -EAGAIN || got == -EINTR) return;
    // EIO: the last process that held the terminal is gone; 0: our input has ended.
    if (got <= 0) {
        pump.from = -1;
        return;
    }
    pump.begin = 0;
    pump.end = static_cast<std::size_t>(got);
}

void Foreground::write_from(Pump& pump) {
    const ssize_t put = kernel_.write(pump.to, pump.buffer + pump.begin, pump.end - pump.begin);
    if (put == -EAGAIN || put == -EINTR) return;
    if (put < 0) {
        // Nobody reads any more: what comes is dropped, so that the container does not hang on it.
        pump.begin = pump.end = 0;
        return;
    }
    pump.begin += static_cast<std::size_t>(put);
}

// What was written before the end is still shown.
void Foreground::drain_console() {
    while (output_.from >= 0) {
        if (output_.empty()) {
            pollfd ready{output_.from, POLLIN, 0};
            if (kernel_.poll(&ready, 1, 0) <= 0) return;
            read_into(output_);
        } else {
            write_from(output_);
        }
    }
}

Result<int> Foreground::attend(launch::Launch& launch) {
    for (;;) {
        pollfd waited[] = {{launch.pidfd(), POLLIN, 0},
                           {signals_.get(), POLLIN, 0},
                           {input_.empty() ? input_.from : -1, POLLIN, 0},
                           {input_.empty() ? -1 : input_.to, POLLOUT, 0},
                           {output_.empty() ? output_.from : -1, POLLIN, 0},
                           {output_.empty() ? -1 : output_.to, POLLOUT, 0}};
        const int ready = kernel_.poll(waited, sizeof waited / sizeof waited[0], -1);
        if (ready < 0 && ready != -EINTR) return Error::from_errno(-ready, "attend the process");
        if (waited[1].revents != 0) pass_signals(launch);
        if (waited[2].revents != 0) read_into(input_);
        if (waited[3].revents != 0) write_from(input_);
        if (waited[4].revents != 0) read_into(output_);
        if (waited[5].revents != 0) write_from(output_);
        if (waited[0].revents != 0) break;
    }
    if (console_) drain_console();
    return launch.wait();
}

}  // namespace nucleus::runtime
