// FakeInit: the init's side of a launch, played by the plan that the runtime wrote into the memfd
// and by the protocol of wire/message.hpp. Nothing that a step does happens; only what the runtime
// sees of it does.
#pragma once

#include <cstddef>

#include "fake_kernel.hpp"
#include "plan_block.hpp"
#include "wire/message.hpp"

namespace nucleus::testing {

class FakeInit : public std::enable_shared_from_this<FakeInit> {
public:
    // `argv` as the init gets it: the memfd, the channel, the plan's offset.
    FakeInit(FakeKernel& kernel, Process& process, char* const* argv, const Description& program);

    // Goes on until it would wait. Whether it did anything.
    bool run();

private:
    enum class Turn { waits, went_on, ended };
    Turn take_turn();
    Turn perform(const plan::Step& step);
    Turn hear_order();
    Turn wait_for_start();
    Turn clone();
    Turn load_seccomp();
    Turn fail(int errnum, const std::string& detail);
    bool send(wire::Report report, Open descriptor = nullptr);
    Open channel() const;
    // Takes the next message off `open`: 1 it is in `order`, 0 end-of-file, -1 nothing yet.
    int receive(const Open& open, wire::Order& order);
    void enter_cgroups();

    FakeKernel& kernel_;
    Process* process_;
    int channel_ = -1;
    PlanBlock plan_;
    std::size_t index_ = 0;
    bool awaits_order_ = false;
    Open starter_;
    std::size_t descriptors_received_ = 0;
};

}  // namespace nucleus::testing
