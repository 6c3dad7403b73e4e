// Which process a pid means: /proc/PID/stat (proc_pid_stat(5)).
#pragma once

#include "nucleus/error.hpp"
#include "nucleus/state.hpp"
#include "sys/kernel.hpp"

namespace nucleus::state {

// The pid with its start time. Errc::not_running if there is no such process; a zombie is one
// still.
Result<ProcessId> identify(sys::Kernel& kernel, std::int32_t pid);

// The very process runs or sleeps: a zombie is dead, and a recycled pid is another. Where the
// kernel does not answer (no descriptor left, say) the process counts as alive: the mistake that
// deletes nothing. To send a signal without doubt: pidfd_open, then identify, then
// pidfd_send_signal.
bool alive(sys::Kernel& kernel, const ProcessId& process);

}  // namespace nucleus::state
