// The device rules as an eBPF program of type BPF_PROG_TYPE_CGROUP_DEVICE: what cgroup v2 has in
// place of v1's list.
#pragma once

#include <linux/bpf.h>

#include <vector>

#include "nucleus/error.hpp"
#include "nucleus/policy.hpp"
#include "sys/kernel.hpp"

namespace nucleus::enforce {

// Pure. The program answers 1 (allowed) or 0. A later rule overrides an earlier one, for each of
// read, write and mknod by itself; what no rule speaks of is allowed, as in a v1 cgroup that starts
// with what its parent allows (the parents' programs run too). Every instruction can be reached, as
// the verifier demands.
std::vector<bpf_insn> compile_device_filter(const std::vector<policy::DeviceRule>& rules);

// What becomes of the programs that are attached to this very cgroup: all give way to the new one,
// or only those that nucleus has attached, where another program (systemd) keeps its own.
enum class Replaced : std::uint8_t { all, own };

// Loads the program and attaches it to the cgroup that `directory` is open on, besides those of
// other owners above it. Needs CAP_BPF and CAP_NET_ADMIN, or CAP_SYS_ADMIN.
Result<void> attach_device_filter(sys::Kernel& kernel, int directory,
                                  const std::vector<bpf_insn>& program,
                                  Replaced replaced = Replaced::all);

}  // namespace nucleus::enforce
