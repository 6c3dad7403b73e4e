// seccomp notify (config-linux.md#seccomp, SCMP_ACT_NOTIFY): how a process's listener gets from the
// kernel to the agent that will answer its system calls, before the process makes any.
//
// Once the filter is in force the process may do nothing but execve: any other call could be one
// that waits for an agent which has not got the listener yet. So it is followed from outside
// (ptrace): stopped where seccomp(2) returns, its listener taken by pidfd_getfd(2) and sent, and
// only then let go on. A profile may therefore notify every system call; the first that the agent
// sees is the execve of the program.
#pragma once

#include <optional>
#include <string>

#include "launch/channel.hpp"
#include "launch/hooks.hpp"
#include "sys/kernel.hpp"

namespace nucleus::launch {

// Who is to get the listener, and what is said with it.
struct SeccompListener {
    std::string path;      // the agent's socket
    std::string metadata;  // opaque; may be empty
    HookState container;   // its state as it is now; pid 0: the process is the container's own
};

// The container process state of config-linux.md#containerprocessstate.
std::string container_process_state(const SeccompListener& listener, pid_t pid);

// A listener where the policy asks for one. `status`, `pid`: the container's.
std::optional<SeccompListener> seccomp_listener(const std::optional<policy::SeccompPolicy>& policy,
                                                const state::Record& record, std::string status,
                                                std::int32_t pid);

struct WaitingProcess {
    pid_t pid = 0;
    int pidfd = -1;
};

// Says go to the process that waits at the other end of `channel`, and hears what becomes of it: a
// report of the step that failed, or nothing (end-of-file) once its execve has succeeded. With a
// listener the agent is called first: if nobody is there, nothing was said, and the process waits
// as before.
Result<std::optional<Received>> say_go(sys::Kernel& kernel, Channel& channel,
                                       const WaitingProcess& process,
                                       const std::optional<SeccompListener>& listener);

}  // namespace nucleus::launch
