// The init program's steps on recorded system calls: src/init is compiled a second time with
// NUCLEUS_INIT_HOSTED, and every call that it makes comes here. Each is written down as a line of
// text and answered: as a container start would see it, unless the test has said otherwise.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "init/init.hpp"
#include "plan/launch_plan.hpp"
#include "wire/message.hpp"

namespace nucleus::init::testing {

// What ends the walk; thrown out of the call.
struct Ended {
    bool executed = false;
    long status = 0;
};

struct Call {
    long number = 0;
    std::string text;  // "openat2 <root> '/proc' 0x280000 resolve 0x12"
    long result = 0;
};

class Recorder {
public:
    Recorder();
    ~Recorder();
    Recorder(const Recorder&) = delete;
    Recorder& operator=(const Recorder&) = delete;

    // Walks the plan to its end, or to the first failure. `gate`: as a created container waits.
    Ended run(const plan::LaunchPlan& plan, int gate = kGate);
    // Runs the steps one by one without the walk: the step of each call that this takes.
    std::vector<std::size_t> steps_of_calls(const plan::LaunchPlan& plan, int gate = kGate);
    // One step of a plan of its own, after which the walk's result is its own: 0 or -errno.
    int step(plan::Step step);
    int step(plan::Step step, plan::LaunchPlan tables);

    // Answers, first in first out, to calls whose text begins so.
    void answer(const std::string& beginning, std::vector<long> results);
    // The `number`th call from now, counted from 1, gives `result` and does nothing.
    void fail_call(std::size_t number, long result);
    // The type and permissions of files by name (statx); directories where nothing is said.
    std::map<std::string, unsigned> modes;
    std::map<std::string, std::pair<unsigned, unsigned>> devices;  // major, minor
    std::map<std::string, unsigned> owners;
    std::map<std::string, std::string> contents;  // read; readlinkat
    std::string working_directory = "/";
    bool fake_proc = false;  // /proc is another file system
    unsigned long permitted = ~0UL;
    std::deque<wire::Order> orders;    // to the channel, before the default: proceed
    std::deque<unsigned> signals;      // that signalfd gives, one by one
    unsigned starters_that_leave = 0;  // connect to the gate, and go without a word
    bool host_is_gone = false;
    bool is_parent = false;  // clone3 returns in stage 1

    const std::vector<Call>& calls() const { return calls_; }
    std::vector<std::string> texts() const;
    bool has(const std::string& beginning) const;
    const std::vector<wire::Report>& reports() const { return reports_; }
    std::string detail() const { return init_ ? init_->detail : ""; }
    Init& init() { return *init_; }
    std::string name_of(long fd) const;
    int last_passed_descriptor() const { return last_passed_; }
    std::vector<std::string> environment() const { return environment_; }

    static constexpr int kChannel = 70, kGate = 71, kRoot = 72, kMemory = 73;

private:
    friend long record(long number, const long (&arguments)[6]);
    long call(long number, const long (&arguments)[6]);
    std::string describe(long number, const long (&arguments)[6]) const;
    std::string words(const char* kinds, const long (&arguments)[6]) const;
    long perform(long number, const long (&arguments)[6]);
    long open(std::string name);
    long fill_statx(const std::string& name, void* out) const;
    long send(const long (&arguments)[6]);
    long receive(const long (&arguments)[6]);
    long read(const long (&arguments)[6]);
    long control(const long (&arguments)[6]);
    void load(const plan::LaunchPlan& plan, int gate);
    wire::Order next_order(bool from_host);
    bool sources_are_due() const;

    std::vector<std::uint64_t> block_;
    std::unique_ptr<Init> init_;
    std::vector<Call> calls_;
    std::vector<wire::Report> reports_;
    std::map<std::string, std::deque<long>> answers_;
    std::size_t fault_ = 0;
    long fault_result_ = 0;
    std::map<long, std::string> names_;
    long next_fd_ = 100;
    int last_passed_ = -1;
    std::set<std::string> read_already_;
    std::vector<std::string> environment_;
    bool sources_sent_ = false;
};

}  // namespace nucleus::init::testing
