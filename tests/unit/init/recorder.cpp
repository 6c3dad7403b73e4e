#include "recorder.hpp"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "call_names.hpp"
#include "init/channel.hpp"

namespace nucleus::init {

long (*hosted_call)(long number, const long (&arguments)[6]) = nullptr;

}  // namespace nucleus::init

namespace nucleus::init::testing {

namespace {

Recorder* current = nullptr;
constexpr unsigned kLastCapability = 40;

const char* text_at(long address) { return reinterpret_cast<const char*>(address); }

std::string hexadecimal(long value) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%lx", static_cast<unsigned long>(value));
    return text;
}

}  // namespace

long record(long number, const long (&arguments)[6]) { return current->call(number, arguments); }

Recorder::Recorder() {
    current = this;
    hosted_call = record;
    modes = {{"/proc/kcore", 0100400},   {"/usr/bin/sh", 0100755}, {"/hook", 0100755},
             {"/usr/bin/hook", 0100755}, {"/etc/passwd", 0100644}, {"/dev/null", 0020666}};
    devices = {{"/dev/null", {1, 3}}};
    owners = {{"0", 1000}, {"1", 1000}, {"2", 1000}};
    for (const char* stdio : {"0", "1", "2"}) modes[stdio] = 0010600;
    contents = {{"/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"}};
}

Recorder::~Recorder() {
    hosted_call = nullptr;
    current = nullptr;
}

void Recorder::load(const plan::LaunchPlan& plan, int gate) {
    const std::vector<std::uint8_t> filter(plan.needs_seccomp ? 16 : 0);
    auto encoded = plan::encode(plan, filter, gate, {80, 81});
    if (!encoded) throw std::runtime_error(encoded.error().message());
    block_.assign(encoded->size() / sizeof block_[0] + 1, 0);
    std::memcpy(block_.data(), encoded->data(), encoded->size());
    init_ = std::make_unique<Init>();
    init_->block = reinterpret_cast<char*>(block_.data());
    init_->header = reinterpret_cast<const wire::Header*>(init_->block);
    init_->steps = reinterpret_cast<const wire::Step*>(init_->block + init_->header->steps);
    static const char* const kArguments[] = {"nucleus-init", "73", "70", "0", nullptr};
    init_->channel = kChannel;
    init_->memory = kMemory;
    init_->arguments = kArguments;
    calls_.clear();
    reports_.clear();
    read_already_.clear();
    environment_.clear();
    sources_sent_ = false;
    next_fd_ = 100;
    names_ = {{kChannel, "channel"}, {kGate, "gate"},  {kRoot, "root"},
              {kMemory, "memory"},   {80, "tasks 80"}, {81, "tasks 81"}};
}

Ended Recorder::run(const plan::LaunchPlan& plan, int gate) {
    load(plan, gate);
    try {
        return {false, walk(*init_)};
    } catch (const Ended& ended) {
        return ended;
    }
}

int Recorder::step(plan::Step step) { return this->step(std::move(step), {}); }

int Recorder::step(plan::Step step, plan::LaunchPlan tables) {
    const wire::Op op = step.op;
    tables.steps = {std::move(step)};
    load(tables, kGate);
    init_->root = kRoot;
    return function_of(op)(*init_, init_->steps[0]);
}

std::vector<std::size_t> Recorder::steps_of_calls(const plan::LaunchPlan& plan, int gate) {
    load(plan, gate);
    std::vector<std::size_t> steps;
    try {
        for (std::size_t i = plan.unawaited; i < plan.steps.size(); ++i) {
            const wire::Step& step = init_->steps[i];
            const StepFunction function = function_of(step.op);
            const bool last = i + 1 == plan.steps.size() ||
                              wire::operation(plan.steps[i + 1].op).side == wire::Side::init;
            if (function != nullptr) {
                init_->detail = "";
                function(*init_, step);
            } else if (last) {
                report_reached(*init_, static_cast<int>(i));
                await_order(*init_);
            }
            steps.resize(calls_.size(), i);
        }
    } catch (const Ended&) {
        steps.resize(calls_.size(), plan.steps.size() - 1);
    }
    return steps;
}

void Recorder::answer(const std::string& beginning, std::vector<long> results) {
    answers_[beginning].assign(results.begin(), results.end());
}

void Recorder::fail_call(std::size_t number, long result) {
    fault_ = number;
    fault_result_ = result;
}

std::vector<std::string> Recorder::texts() const {
    std::vector<std::string> texts;
    for (const Call& call : calls_) texts.push_back(call.text);
    return texts;
}

bool Recorder::has(const std::string& beginning) const {
    return std::ranges::any_of(calls_,
                               [&](const Call& call) { return call.text.starts_with(beginning); });
}

std::string Recorder::name_of(long fd) const {
    if (fd == AT_FDCWD) return "cwd";
    const auto found = names_.find(fd);
    return found != names_.end() ? found->second : std::to_string(fd);
}

// One argument a letter: f a descriptor, s a string, x hexadecimal, o octal, d decimal, - nothing.
std::string Recorder::words(const char* kinds, const long (&arguments)[6]) const {
    std::string text;
    for (int i = 0; kinds[i] != 0; ++i) {
        const long value = arguments[i];
        char octal[16];
        switch (kinds[i]) {
            case 'f':
                text += " <" + name_of(value) + ">";
                break;
            case 's':
                text += value == 0 ? " null" : " '" + std::string(text_at(value)) + "'";
                break;
            case 'x':
                text += " " + hexadecimal(value);
                break;
            case 'd':
                text += " " + std::to_string(value);
                break;
            case 'o':
                std::snprintf(octal, sizeof octal, " 0%lo", static_cast<unsigned long>(value));
                text += octal;
                break;
            default:
                break;
        }
    }
    return text;
}

std::string Recorder::describe(long number, const long (&arguments)[6]) const {
    const CallName& known = call_name(number);
    std::string text = known.name + words(known.kinds, arguments);
    switch (number) {
        case __NR_openat2: {
            const auto& how = *reinterpret_cast<const open_how*>(arguments[2]);
            text += " " + hexadecimal(static_cast<long>(how.flags)) + " resolve " +
                    hexadecimal(static_cast<long>(how.resolve));
            break;
        }
        case __NR_mount_setattr: {
            const auto& attributes = *reinterpret_cast<const mount_attr*>(arguments[3]);
            text += " set " + hexadecimal(static_cast<long>(attributes.attr_set)) + " clear " +
                    hexadecimal(static_cast<long>(attributes.attr_clr)) + " propagation " +
                    hexadecimal(static_cast<long>(attributes.propagation));
            break;
        }
        case __NR_clone3: {
            const auto& clone = *reinterpret_cast<const clone_args*>(arguments[0]);
            text += " " + hexadecimal(static_cast<long>(clone.flags));
            if (clone.cgroup != 0)
                text += " into <" + name_of(static_cast<long>(clone.cgroup)) + ">";
            break;
        }
        case __NR_write:
            text += " '" +
                    std::string(text_at(arguments[1]), static_cast<unsigned long>(arguments[2])) +
                    "'";
            break;
        case __NR_capset: {
            const auto* words = reinterpret_cast<const __user_cap_data_struct*>(arguments[1]);
            text += " effective " + hexadecimal(words[0].effective) + " permitted " +
                    hexadecimal(words[0].permitted) + " inheritable " +
                    hexadecimal(words[0].inheritable);
            break;
        }
        default:
            break;
    }
    return text;
}

long Recorder::call(long number, const long (&arguments)[6]) {
    const std::string text = describe(number, arguments);
    calls_.push_back({number, text, 0});
    if (calls_.size() == fault_) return calls_.back().result = fault_result_;
    for (auto& [beginning, results] : answers_) {
        if (!text.starts_with(beginning) || results.empty()) continue;
        const long result = results.front();
        results.pop_front();
        if (result < 0) return calls_.back().result = result;
        break;
    }
    const std::size_t index = calls_.size() - 1;
    const long result = perform(number, arguments);
    return calls_[index].result = result;
}

long Recorder::open(std::string name) {
    names_[next_fd_] = std::move(name);
    return next_fd_++;
}

long Recorder::fill_statx(const std::string& name, void* to) const {
    auto& out = *static_cast<struct statx*>(to);
    const auto mode = modes.find(name);
    out.stx_mode = static_cast<unsigned short>(mode != modes.end() ? mode->second : 0040755);
    if (const auto owner = owners.find(name); owner != owners.end()) out.stx_uid = owner->second;
    if (const auto device = devices.find(name); device != devices.end()) {
        out.stx_rdev_major = device->second.first;
        out.stx_rdev_minor = device->second.second;
    }
    return 0;
}

long Recorder::send(const long (&arguments)[6]) {
    const auto& message = *reinterpret_cast<const msghdr*>(arguments[1]);
    wire::Report report;
    std::memcpy(&report, message.msg_iov[0].iov_base, sizeof report);
    reports_.push_back(report);
    if (message.msg_controllen > 0)
        std::memcpy(&last_passed_, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof last_passed_);
    return host_is_gone ? -EPIPE : static_cast<long>(sizeof report);
}

// The host's run of steps that the init has just reached opens the sources of its mounts.
bool Recorder::sources_are_due() const {
    if (sources_sent_ || reports_.empty()) return false;
    for (int i = reports_.back().step; i >= 0; --i) {
        const wire::Op op = init_->steps[i].op;
        if (wire::operation(op).side == wire::Side::init) return false;
        if (op == wire::Op::open_sources) return true;
    }
    return false;
}

wire::Order Recorder::next_order(bool from_host) {
    wire::Order order;
    if (!orders.empty()) {
        order = orders.front();
        orders.pop_front();
        return order;
    }
    // Without a gate the channel itself says go, once the init waits for it.
    const bool waits_for_start =
        std::ranges::any_of(calls_, [](const Call& c) { return c.number == __NR_signalfd4; });
    order.kind = !from_host || waits_for_start ? wire::Order::Kind::go : wire::Order::Kind::proceed;
    // Who said go has one step to do too.
    if (!reports_.empty() && reports_.back().kind == wire::Report::Kind::reached &&
        init_->steps[reports_.back().step].op == wire::Op::take_listener)
        order.kind = wire::Order::Kind::proceed;
    if (from_host && sources_are_due()) {
        sources_sent_ = true;
        order.kind = wire::Order::Kind::descriptors;
        order.slot_count = init_->header->slot_count;
    }
    return order;
}

long Recorder::receive(const long (&arguments)[6]) {
    auto& message = *reinterpret_cast<msghdr*>(arguments[1]);
    message.msg_controllen = 0;
    const bool from_host = arguments[0] == kChannel;
    if (from_host ? host_is_gone : name_of(arguments[0]) == "leaving starter") return 0;
    wire::Order order = next_order(from_host);
    if (order.kind == wire::Order::Kind::descriptors) {
        message.msg_controllen = CMSG_SPACE(sizeof(int) * order.slot_count);
        auto* header = static_cast<cmsghdr*>(message.msg_control);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * order.slot_count);
        for (std::uint32_t i = 0; i < order.slot_count; ++i) {
            const int fd = static_cast<int>(open("source " + std::to_string(order.first_slot + i)));
            std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    std::memcpy(message.msg_iov[0].iov_base, &order, sizeof order);
    return static_cast<long>(sizeof order);
}

long Recorder::read(const long (&arguments)[6]) {
    const std::string name = name_of(arguments[0]);
    auto* to = reinterpret_cast<char*>(arguments[1]);
    if (name == "signals") {
        if (signals.empty()) return -EAGAIN;
        signalfd_siginfo info{};
        info.ssi_signo = signals.front();
        signals.pop_front();
        std::memcpy(to, &info, sizeof info);
        return static_cast<long>(sizeof info);
    }
    const auto found = contents.find(name);
    if (found == contents.end() || !read_already_.insert(name).second) return 0;
    const std::size_t size = std::min(found->second.size(), static_cast<std::size_t>(arguments[2]));
    std::memcpy(to, found->second.data(), size);
    return static_cast<long>(size);
}

long Recorder::control(const long (&arguments)[6]) {
    const bool past_the_last =
        arguments[0] == PR_CAPBSET_DROP && arguments[1] > long{kLastCapability};
    return past_the_last ? -EINVAL : 0;
}

long Recorder::perform(long number, const long (&arguments)[6]) {
    switch (number) {
        case __NR_exit_group:
            throw Ended{false, arguments[0]};
        case __NR_execve: {
            for (auto* env = reinterpret_cast<char* const*>(arguments[2]); *env != nullptr; ++env)
                environment_.push_back(*env);
            throw Ended{true, 0};
        }
        case __NR_clone3:
            return is_parent ? 4321 : 0;
        case __NR_openat:
        case __NR_openat2:
            return open(text_at(arguments[1]));
        case __NR_open_tree: {
            const std::string path = text_at(arguments[1]);
            return open(path.empty() ? name_of(arguments[0]) : path);
        }
        case __NR_fsopen:
            return open(std::string("fs ") + text_at(arguments[0]));
        case __NR_fspick:
            return open("fs of " + name_of(arguments[0]));
        case __NR_fsmount:
            return open("mount of " + name_of(arguments[0]));
        case __NR_socket:
            return open("socket");
        case __NR_signalfd4:
            return open("signals");
        case __NR_accept4:
            if (starters_that_leave == 0) return open("starter");
            --starters_that_leave;
            return open("leaving starter");
        case __NR_statx:
            return fill_statx(name_of(arguments[0]), reinterpret_cast<void*>(arguments[4]));
        case __NR_fstatfs:
            reinterpret_cast<struct statfs*>(arguments[1])->f_type =
                name_of(arguments[0]) == "/proc" && !fake_proc ? PROC_SUPER_MAGIC
                                                               : DEVPTS_SUPER_MAGIC;
            return 0;
        case __NR_getcwd:
            std::memcpy(reinterpret_cast<char*>(arguments[0]), working_directory.c_str(),
                        working_directory.size() + 1);
            return static_cast<long>(working_directory.size()) + 1;
        case __NR_capget: {
            auto* words = reinterpret_cast<__user_cap_data_struct*>(arguments[1]);
            words[0].permitted = static_cast<unsigned>(permitted);
            words[1].permitted = static_cast<unsigned>(permitted >> 32);
            return 0;
        }
        case __NR_readlinkat: {
            const auto found = contents.find(text_at(arguments[1]));
            if (found == contents.end()) return -EINVAL;
            std::memcpy(reinterpret_cast<char*>(arguments[2]), found->second.data(),
                        found->second.size());
            return static_cast<long>(found->second.size());
        }
        case __NR_ppoll: {
            auto* waited = reinterpret_cast<pollfd*>(arguments[0]);
            waited[1].revents = signals.empty() ? short{0} : POLLIN;
            waited[0].revents = signals.empty() ? POLLIN : short{0};
            return 1;
        }
        case __NR_prctl:
            return control(arguments);
        case __NR_sendmsg:
            return send(arguments);
        case __NR_recvmsg:
            return receive(arguments);
        case __NR_recvfrom:
            return host_is_gone ? 0 : -EAGAIN;
        case __NR_read:
            return read(arguments);
        case __NR_write:
            return arguments[2];
        case __NR_umask:
            return 022;
        case __NR_keyctl:
            return 99;
        case __NR_ioctl:
            return arguments[1] == TIOCGPTPEER ? open("terminal") : 0;
        default:
            return 0;
    }
}

}  // namespace nucleus::init::testing
