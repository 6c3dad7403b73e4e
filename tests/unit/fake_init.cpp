#include "fake_init.hpp"

#include <errno.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

namespace nucleus::testing {

using wire::Op;
using wire::Side;

FakeInit::FakeInit(FakeKernel& kernel, Process& process, char* const* argv,
                   const Description& program)
    : kernel_(kernel), process_(&process), channel_(std::atoi(argv[2])) {
    const std::size_t offset = std::strtoul(argv[3], nullptr, 10);
    try {
        plan_ = read_plan_block(std::string_view(program.content).substr(offset));
        index_ = plan_.header.unawaited;
    } catch (const std::exception& error) {
        kernel_.complain(std::string("the plan cannot be read: ") + error.what());
    }
    if (plan_.header.gate >= 0 && !process.descriptors.contains(plan_.header.gate))
        kernel_.complain("the init was not given the gate");
    if (!channel()) kernel_.complain("the init was not given its channel");
}

Open FakeInit::channel() const {
    const auto found = process_->descriptors.find(channel_);
    return found != process_->descriptors.end() ? found->second : nullptr;
}

bool FakeInit::send(wire::Report report, Open descriptor) {
    const Open from = starter_ ? starter_ : channel();
    const Open to = from ? from->peer.lock() : nullptr;
    if (!kernel_.held(to)) return false;
    Message message{std::string(reinterpret_cast<const char*>(&report), sizeof report), {}};
    if (descriptor) message.descriptors.push_back(std::move(descriptor));
    to->queue.push_back(std::move(message));
    return true;
}

int FakeInit::receive(const Open& open, wire::Order& order) {
    if (open->queue.empty()) return kernel_.held(open->peer.lock()) ? -1 : 0;
    const Message message = std::move(open->queue.front());
    open->queue.pop_front();
    if (message.bytes.size() != sizeof order) kernel_.complain("an order of the wrong size");
    std::memcpy(&order, message.bytes.data(), std::min(message.bytes.size(), sizeof order));
    if (order.kind == wire::Order::Kind::descriptors &&
        order.slot_count != message.descriptors.size())
        kernel_.complain("an order without its descriptors");
    descriptors_received_ += message.descriptors.size();
    return 1;
}

bool FakeInit::run() {
    const auto self = shared_from_this();
    bool went = false;
    while (process_->running && process_->script == self) {
        const Turn turn = take_turn();
        if (turn == Turn::waits) return went;
        went = true;
    }
    return went;
}

FakeInit::Turn FakeInit::take_turn() {
    if (awaits_order_) return hear_order();
    if (index_ >= plan_.steps.size()) {
        kernel_.end(*process_, CLD_EXITED, 1);
        return Turn::ended;
    }
    const plan::Step& step = plan_.steps[index_];
    if (wire::operation(step.op).side == Side::init) return perform(step);
    while (index_ + 1 < plan_.steps.size() &&
           wire::operation(plan_.steps[index_ + 1].op).side == Side::host)
        ++index_;
    wire::Report report;
    report.kind = wire::Report::Kind::reached;
    report.step = static_cast<std::int32_t>(index_);
    if (!send(report)) {
        kernel_.end(*process_, CLD_EXITED, 1);
        return Turn::ended;
    }
    awaits_order_ = true;
    return Turn::went_on;
}

FakeInit::Turn FakeInit::hear_order() {
    wire::Order order;
    const int heard = receive(starter_ ? starter_ : channel(), order);
    if (heard < 0) return Turn::waits;
    if (heard == 0) {
        kernel_.end(*process_, CLD_EXITED, 1);
        return Turn::ended;
    }
    if (order.kind == wire::Order::Kind::go) kernel_.complain("go before its time");
    if (order.kind == wire::Order::Kind::proceed) {
        awaits_order_ = false;
        ++index_;
    }
    return Turn::went_on;
}

FakeInit::Turn FakeInit::fail(int errnum, const std::string& detail) {
    wire::Report report;
    report.kind = wire::Report::Kind::failed;
    report.step = static_cast<std::int32_t>(index_);
    report.errnum = errnum;
    report.op = static_cast<std::uint32_t>(plan_.steps[index_].op);
    std::strncpy(report.detail, detail.c_str(), sizeof report.detail - 1);
    send(report);
    kernel_.end(*process_, CLD_EXITED, 1);
    return Turn::ended;
}

FakeInit::Turn FakeInit::perform(const plan::Step& step) {
    if (kernel_.init_dies_at == step.op) {
        kernel_.end(*process_, CLD_KILLED, SIGKILL);
        return Turn::ended;
    }
    if (kernel_.init_failure && kernel_.init_failure->op == step.op)
        return fail(kernel_.init_failure->errnum, kernel_.init_failure->detail);
    switch (step.op) {
        case Op::clone_container:
            return clone();
        case Op::enter_cgroup:
            enter_cgroups();
            break;
        case Op::attach_rootfs:
            if (step.slot >= 0 && descriptors_received_ != plan_.slots.size())
                kernel_.complain("the init was not given the sources of its mounts");
            break;
        case Op::open_console: {
            auto master = std::make_shared<Description>();
            master->kind = Description::Kind::terminal;
            master->name = "terminal";
            wire::Report report;
            report.kind = wire::Report::Kind::descriptor;
            send(report, master);
            break;
        }
        case Op::wait_for_start:
            return wait_for_start();
        case Op::load_seccomp:
            return load_seccomp();
        case Op::execute:
            kernel_.execute(*process_, step.source);
            starter_.reset();
            return Turn::ended;
        default:
            break;
    }
    ++index_;
    return Turn::went_on;
}

// With a listener: the host follows, and lets go when it has taken it. Of a refused filter it hears
// as of the refusal of any step.
FakeInit::Turn FakeInit::load_seccomp() {
    constexpr std::uint64_t kNewListener = 8;  // SECCOMP_FILTER_FLAG_NEW_LISTENER
    constexpr int kListener = 60;
    if ((plan_.header.seccomp_flags & kNewListener) == 0) {
        ++index_;
        return Turn::went_on;
    }
    if (!process_->traced_result) {
        if (!process_->traced) kernel_.complain("nobody follows when the filter is loaded");
        auto listener = std::make_shared<Description>();
        listener->kind = Description::Kind::other;
        listener->name = "seccomp listener";
        process_->descriptors[kListener] = listener;
        process_->traced_result = kListener;
        return Turn::went_on;
    }
    if (process_->traced) return Turn::waits;
    ++index_;
    return Turn::went_on;
}

FakeInit::Turn FakeInit::clone() {
    const plan::Step& step = plan_.steps[index_];
    Process& stage1 = *process_;
    Process& container = kernel_.new_process(&stage1);
    if (step.fd >= 0) kernel_.move_to_cgroup(container, container.descriptors.at(step.fd)->node);
    container.script = shared_from_this();
    wire::Report report;
    report.kind = wire::Report::Kind::cloned;
    report.pid = container.pid;
    const bool told = send(report);
    kernel_.end(stage1, CLD_EXITED, told ? 0 : 1);
    process_ = &container;
    ++index_;
    return Turn::went_on;
}

void FakeInit::enter_cgroups() {
    for (const std::int32_t fd : plan_.tasks) {
        const auto found = process_->descriptors.find(fd);
        if (found == process_->descriptors.end()) {
            kernel_.complain("the init was not given a tasks file");
            continue;
        }
        // The file's directory is the cgroup.
        const std::string& path = found->second->name;
        kernel_.move_to_cgroup(*process_, kernel_.at(path.substr(0, path.rfind('/'))));
        process_->descriptors.erase(found);
    }
}

FakeInit::Turn FakeInit::wait_for_start() {
    wire::Order order;
    if (plan_.header.gate < 0) {
        const int heard = receive(channel(), order);
        if (heard < 0) return Turn::waits;
        if (heard == 0 || order.kind != wire::Order::Kind::go) {
            kernel_.end(*process_, CLD_EXITED, 1);
            return Turn::ended;
        }
        ++index_;
        return Turn::went_on;
    }
    process_->descriptors.erase(channel_);
    const Open gate = process_->descriptors.at(plan_.header.gate);
    if (!starter_) {
        if (gate->backlog.empty()) return Turn::waits;
        starter_ = gate->backlog.front();
        gate->backlog.pop_front();
        process_->descriptors[-1] = starter_;  // held by the process, and gone with its end
    }
    const int heard = receive(starter_, order);
    if (heard < 0) return Turn::waits;
    if (heard == 0 || order.kind != wire::Order::Kind::go) {
        starter_.reset();
        process_->descriptors.erase(-1);
        return Turn::went_on;
    }
    process_->descriptors.erase(plan_.header.gate);
    ++index_;
    return Turn::went_on;
}

}  // namespace nucleus::testing
