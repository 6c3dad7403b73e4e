"""Properties of the process that say when, where and how it runs, with values that they cannot have
(config.md#linux-process, config-linux.md)."""

from common import refuses, setting

OLD = "runc 1.1 does not know the property"


def scheduler(name, pointer, *fragments, **properties):
    refuses(f"refuses_a_scheduler_{name}", setting("/process/scheduler", properties),
            "/process/scheduler" + pointer, *fragments, runc_accepts=OLD)


scheduler("without_a_policy", "/policy", nice=1)
scheduler("of_an_unknown_policy", "/policy", "SCHED_BOGUS", policy="SCHED_BOGUS")
scheduler("with_a_nice_value_out_of_range", "/nice", "-20..19", policy="SCHED_OTHER", nice=20)
scheduler("with_an_unknown_flag", "/flags/0", "SCHED_FLAG_BOGUS", policy="SCHED_OTHER",
          flags=["SCHED_FLAG_BOGUS"])
scheduler("with_a_flag_of_deadlines_alone", "/flags/0", "SCHED_DEADLINE", policy="SCHED_FIFO",
          priority=1, flags=["SCHED_FLAG_RECLAIM"])
scheduler("of_real_time_without_a_priority", "/priority", "1..99", policy="SCHED_FIFO")
scheduler("of_no_real_time_with_a_priority", "/priority", "SCHED_RR", policy="SCHED_BATCH",
          priority=1)
scheduler("of_no_deadline_with_a_runtime", "/runtime", "SCHED_DEADLINE", policy="SCHED_IDLE",
          runtime=2000)
scheduler("with_a_deadline_but_no_runtime", "/runtime", "1024", policy="SCHED_DEADLINE",
          deadline=2000000)
scheduler("with_a_deadline_shorter_than_its_runtime", "/deadline", policy="SCHED_DEADLINE",
          runtime=2000000, deadline=1000000)
scheduler("with_a_period_shorter_than_its_deadline", "/period", policy="SCHED_DEADLINE",
          runtime=1000000, deadline=3000000, period=2000000)


def refuses_in_words(name, pointer, value, *fragments):
    """What only the kernel can refuse: the words name the property, not its pointer."""
    refuses(name, setting(pointer, value), *fragments, runc_accepts=OLD)


# No Linux has it; and this kernel may have been built without the other.
refuses_in_words("refuses_the_policy_SCHED_ISO_in_words", "/process/scheduler",
                 {"policy": "SCHED_ISO"}, "process.scheduler 'SCHED_ISO'",
                 "this kernel has no policy SCHED_ISO")

refuses("refuses_an_unknown_io_priority_class",
        setting("/process/ioPriority", {"class": "IOPRIO_CLASS_BOGUS", "priority": 1}),
        "/process/ioPriority/class", "IOPRIO_CLASS_BOGUS", runc_accepts=OLD)
refuses("refuses_an_io_priority_out_of_range",
        setting("/process/ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 8}),
        "/process/ioPriority/priority", "0..7", runc_accepts=OLD)
refuses("refuses_an_io_priority_without_a_class",
        setting("/process/ioPriority", {"priority": 1}), "/process/ioPriority/class",
        runc_accepts=OLD)
refuses("refuses_a_list_of_processors_with_words_in_it",
        setting("/process/execCPUAffinity", {"initial": "0,all"}),
        "/process/execCPUAffinity/initial", "'all'", runc_accepts=OLD)
refuses("refuses_a_list_of_processors_that_runs_backwards",
        setting("/process/execCPUAffinity", {"final": "3-1"}), "/process/execCPUAffinity/final",
        runc_accepts=OLD)

refuses("refuses_an_unknown_memory_policy_mode",
        setting("/linux/memoryPolicy", {"mode": "MPOL_BOGUS", "nodes": "0"}),
        "/linux/memoryPolicy/mode", "MPOL_BOGUS", runc_accepts=OLD)
refuses("refuses_a_memory_policy_without_a_mode",
        setting("/linux/memoryPolicy", {"nodes": "0"}), "/linux/memoryPolicy/mode",
        runc_accepts=OLD)
refuses("refuses_an_unknown_memory_policy_flag",
        setting("/linux/memoryPolicy", {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_X"]}),
        "/linux/memoryPolicy/flags/0", "MPOL_F_X", runc_accepts=OLD)
refuses("refuses_memory_nodes_that_are_no_list",
        setting("/linux/memoryPolicy", {"mode": "MPOL_BIND", "nodes": "zero"}),
        "/linux/memoryPolicy/nodes", "'zero'", runc_accepts=OLD)
refuses("refuses_a_memory_policy_without_the_nodes_that_it_needs",
        setting("/linux/memoryPolicy", {"mode": "MPOL_BIND", "nodes": ""}),
        "/linux/memoryPolicy/nodes", runc_accepts=OLD)

refuses("refuses_an_unknown_execution_domain",
        setting("/linux/personality", {"domain": "SOLARIS"}), "/linux/personality/domain",
        "SOLARIS", runc_accepts=OLD)
refuses("refuses_a_personality_without_a_domain",
        setting("/linux/personality", {"flags": ["UNAME26"]}), "/linux/personality/domain",
        runc_accepts=OLD)
refuses("refuses_an_unknown_personality_flag",
        setting("/linux/personality", {"domain": "LINUX", "flags": ["UNAME26", "ADDR_BOGUS"]}),
        "/linux/personality/flags/1", "ADDR_BOGUS", runc_accepts=OLD)

refuses("refuses_a_umask_out_of_range", setting("/process/user/umask", 0o1000),
        "/process/user/umask", runc_accepts="runc 1.1 cuts it down")
refuses("refuses_a_user_that_is_no_user", setting("/process/user/uid", 2**32 - 1),
        "/process/user/uid")
refuses("refuses_a_host_name_longer_than_the_kernels", setting("/hostname", "h" * 65), "/hostname")
refuses("refuses_a_domain_name_that_is_given_twice",
        lambda bundle: bundle.set("/domainname", "a.example").set(
            "/linux/sysctl", {"kernel.domainname": "b.example"}),
        "/linux/sysctl/kernel.domainname", runc_accepts="runc 1.1 knows no domainname")
refuses("refuses_a_kernel_parameter_of_users_without_a_user_namespace",
        setting("/linux/sysctl", {"user.max_uts_namespaces": "7"}),
        "/linux/sysctl/user.max_uts_namespaces", "'user'")


def console_size(name, value, *fragments):
    def change(bundle):
        bundle.set("/process/terminal", True).set("/process/consoleSize", value)
    refuses(name, change, *fragments,
            command=("create", "--console-socket", "/no/such/socket"))


console_size("refuses_a_console_size_without_a_width", {"height": 24},
             "/process/consoleSize/width")
console_size("refuses_a_console_wider_than_the_kernels", {"height": 24, "width": 65536},
             "/process/consoleSize/width", "65535")
