# Each limit of linux.resources as the cgroup v2 file that it becomes (config-linux.md#control-groups;
# kernel: Documentation/admin-guide/cgroup-v2.rst).

# limited RESOURCES: creates a container under these limits; the caller looks at files of $CG.
limited() {
    resources=$1
    bundle limited
    create
}

# lifted FILE VALUE RESOURCES: the same in a cgroup that stands already, with a limit in FILE, so that
# "no limit" is something that must be written. Who made the cgroup removes it, if delete has not.
lifted() {
    mkdir $CGROUPS/limited
    echo "$2" >$CGROUPS/limited/$1 || fail "cannot prepare $1"
    limited "$3"
}

test_memory_limit_becomes_memory_max() {
    limited '{"memory": {"limit": 50331648}}'
    assert_file memory.max 50331648
    delete --force
}

# config.json counts memory and swap together; memory.swap.max counts swap alone.
test_memory_swap_becomes_swap_without_the_memory() {
    [ -e $CGROUPS/manager/memory.swap.max ] || skip "the kernel has no swap accounting"
    limited '{"memory": {"limit": 50331648, "swap": 83886080}}'
    assert_file memory.max 50331648
    assert_file memory.swap.max 33554432
    delete --force
}

test_memory_swap_equal_to_the_limit_forbids_swap() {
    [ -e $CGROUPS/manager/memory.swap.max ] || skip "the kernel has no swap accounting"
    limited '{"memory": {"limit": 50331648, "swap": 50331648}}'
    assert_file memory.swap.max 0
    delete --force
}

test_memory_minus_one_means_max() {
    lifted memory.max 67108864 '{"memory": {"limit": -1, "swap": -1}}'
    assert_file memory.max max
    [ ! -e $CG/memory.swap.max ] || assert_file memory.swap.max max
    delete --force
    [ ! -d $CG ] || rmdir $CG
}

test_memory_swap_below_the_limit_is_refused_and_leaves_nothing() {
    resources='{"memory": {"limit": 50331648, "swap": 33554432}}'
    bundle limited
    try $RT create --bundle $B --pid-file $B/pid $ID
    [ $status != 0 ] || fail "create accepted a swap below the memory limit"
    assert_gone $CG
}

test_memory_reservation_becomes_memory_low() {
    limited '{"memory": {"reservation": 16777216}}'
    assert_file memory.low 16777216
    delete --force
}

test_cpu_quota_and_period_become_cpu_max() {
    limited '{"cpu": {"quota": 25000, "period": 50000}}'
    assert_file cpu.max "25000 50000"
    delete --force
}

test_cpu_quota_alone_takes_the_kernels_period() {
    limited '{"cpu": {"quota": 30000}}'
    assert_file cpu.max "30000 100000"
    delete --force
}

test_cpu_period_alone_sets_no_quota() {
    limited '{"cpu": {"period": 50000}}'
    assert_file cpu.max "max 50000"
    delete --force
}

test_cpu_quota_minus_one_means_max() {
    lifted cpu.max "20000 100000" '{"cpu": {"quota": -1, "period": 100000}}'
    assert_file cpu.max "max 100000"
    delete --force
    [ ! -d $CG ] || rmdir $CG
}

# The ends of the range [2, 262144] are fixed to those of [1, 10000], and the defaults meet. Older
# peers draw a straight line instead (1024 → 39).
test_cpu_shares_become_cpu_weight() {
    limited '{"cpu": {"shares": 2}}'
    assert_file cpu.weight 1
    delete --force
    limited '{"cpu": {"shares": 262144}}'
    assert_file cpu.weight 10000
    delete --force
    limited '{"cpu": {"shares": 1024}}'
    [ $label = peer ] && [ "$(cat $CG/cpu.weight)" = 39 ] || assert_file cpu.weight 100
    delete --force
}

test_cpu_shares_zero_leaves_the_default_weight() {
    limited '{"cpu": {"shares": 0}}'
    assert_file cpu.weight 100
    delete --force
}

test_cpus_and_mems_become_the_cpuset() {
    limited '{"cpu": {"cpus": "1", "mems": "0"}}'
    assert_file cpuset.cpus 1
    assert_file cpuset.mems 0
    assert_equal "allowed" "$(sed -n 's/^Cpus_allowed_list:\t//p' /proc/$PID/status)" 1
    delete --force
}

test_cpus_that_do_not_exist_are_refused_and_leave_nothing() {
    resources='{"cpu": {"cpus": "no-such-cpu"}}'
    bundle limited
    try $RT create --bundle $B --pid-file $B/pid $ID
    [ $status != 0 ] || fail "create accepted cpus 'no-such-cpu'"
    assert_gone $CG
}

test_pids_limit_becomes_pids_max() {
    limited '{"pids": {"limit": 42}}'
    assert_file pids.max 42
    delete --force
}

test_pids_minus_one_means_max() {
    lifted pids.max 50 '{"pids": {"limit": -1}}'
    assert_file pids.max max
    delete --force
    [ ! -d $CG ] || rmdir $CG
}

# [10, 1000] of blkio onto [1, 10000] of io, the ends fixed.
test_huge_page_limit_becomes_hugetlb_max() {
    [ -e $CGROUPS/manager/hugetlb.2MB.max ] || skip "the processor has no 2 MB pages"
    limited '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    assert_file hugetlb.2MB.max 4194304
    delete --force
}

# config-linux.md#unified
test_unified_writes_any_file() {
    limited '{"unified": {"memory.high": "41943040", "pids.max": "17", "cpu.weight": "77"}}'
    assert_file memory.high 41943040
    assert_file pids.max 17
    assert_file cpu.weight 77
    delete --force
}

test_unified_file_that_does_not_exist_is_refused_and_leaves_nothing() {
    resources='{"unified": {"memory.nonsense": "1"}}'
    bundle limited
    try $RT create --bundle $B --pid-file $B/pid $ID
    [ $status != 0 ] || fail "create accepted memory.nonsense"
    assert_gone $CG
}

test_unset_limits_are_left_alone() {
    limited '{}'
    assert_file memory.max max
    assert_file pids.max max
    assert_file cpu.max "max 100000"
    assert_file cpu.weight 100
    delete --force
}

test_cpu_idle_becomes_cpu_idle() {
    limited '{"cpu": {"idle": 1}}'
    assert_file cpu.idle 1
    delete --force
    lifted cpu.idle 1 '{"cpu": {"idle": 0, "shares": 262144}}'
    assert_file cpu.idle 0
    assert_file cpu.weight 10000
    delete --force
    [ ! -d $CG ] || rmdir $CG
}

test_cpu_burst_becomes_cpu_max_burst() {
    limited '{"cpu": {"quota": 50000, "period": 100000, "burst": 20000}}'
    assert_file cpu.max.burst 20000
    delete --force
}

# config-linux.md#cpu: burst "MUST be no larger than any positive `quota`".
test_cpu_burst_beyond_the_quota_is_refused_and_leaves_nothing() {
    refuses /linux/resources/cpu/burst '{"cpu": {"quota": 50000, "burst": 50001}}'
}

test_cpu_idle_other_than_zero_and_one_is_refused_and_leaves_nothing() {
    refuses /linux/resources/cpu/idle '{"cpu": {"idle": 2}}'
}

# config-linux.md#unified: "If the conversion is not possible the runtime MUST generate an error."
test_realtime_is_refused_on_v2_and_leaves_nothing() {
    refuses /linux/resources/cpu/realtimeRuntime '{"cpu": {"realtimeRuntime": 950000}}'
    refuses /linux/resources/cpu/realtimePeriod '{"cpu": {"realtimePeriod": 1000000}}'
}

test_swappiness_is_refused_on_v2_and_leaves_nothing() {
    refuses /linux/resources/memory/swappiness '{"memory": {"swappiness": 10}}'
}

test_disabled_oom_killer_is_refused_on_v2_and_leaves_nothing() {
    refuses /linux/resources/memory/disableOOMKiller '{"memory": {"disableOOMKiller": true}}'
}

# Callers write the default out.
test_enabled_oom_killer_is_what_v2_has() {
    limited '{"memory": {"limit": 50331648, "disableOOMKiller": false}}'
    assert_file memory.max 50331648
    delete --force
}

# NOT RECOMMENDED, and nothing that a kernel still heeds.
test_kernel_memory_limits_are_told_of_in_the_log_only() {
    resources='{"memory": {"kernel": 50331648, "kernelTCP": 50331648, "useHierarchy": false}}'
    bundle warned
    $RT --log $B/log --log-format json create --bundle $B --pid-file $B/pid $ID \
        </dev/zero >$B/out 2>&1 || fail "create: $(cat $B/out)"
    [ $label = peer ] || for property in kernel kernelTCP useHierarchy; do
        grep -q "/linux/resources/memory/$property: " $B/log || fail "$property: $(cat $B/log)"
    done
    [ ! -s $B/out ] || fail "said: $(cat $B/out)"
    delete --force
}

test_memory_minus_two_is_refused_and_leaves_nothing() {
    refuses /linux/resources/memory/limit '{"memory": {"limit": -2}}'
    refuses /linux/resources/memory/reservation '{"memory": {"reservation": -2}}'
}

test_memory_reservation_minus_one_means_max() {
    limited '{"memory": {"reservation": -1}}'
    assert_file memory.low max
    delete --force
}

# in_use: a cgroup without processes that still holds 16 MiB of a tmpfs.
in_use() {
    mkdir $CGROUPS/in_use
    (echo 0 >$CGROUPS/in_use/cgroup.procs
        exec dd if=/dev/zero of=/tmp/case/charged bs=1M count=16 2>/dev/null) || fail "no dd"
    [ "$(cat $CGROUPS/in_use/memory.current)" -gt 16000000 ] ||
        fail "in use: $(cat $CGROUPS/in_use/memory.current)"
    cgroups_path=/in_use
}

# config-linux.md#memory, checkBeforeUpdate: "MUST reject the new limit".
test_limit_below_the_memory_in_use_is_refused_where_the_bundle_asks_for_the_check() {
    in_use
    resources='{"memory": {"limit": 12582912, "checkBeforeUpdate": true}}'
    bundle checked
    try $RT create --bundle $B --pid-file $B/pid $ID
    [ $status != 0 ] || fail "create accepted 12 MiB where 16 are in use"
    [ $label = peer ] || case $output in
    *"/linux/resources/memory/limit: 12582912 is below the memory in use"*) ;;
    *) fail "said: $output" ;;
    esac
    resources='{"memory": {"limit": 50331648, "checkBeforeUpdate": true}}'
    bundle checked
    create
    assert_file memory.max 50331648
    delete --force
    rm /tmp/case/charged
    [ ! -d $CG ] || rmdir $CG
}

test_pids_minus_two_is_refused_and_leaves_nothing() {
    refuses /linux/resources/pids/limit '{"pids": {"limit": -2}}'
}

test_huge_page_limit_counts_reservations_too() {
    [ -e $CGROUPS/manager/hugetlb.2MB.rsvd.max ] || skip "no reservation accounting"
    limited '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    assert_file hugetlb.2MB.rsvd.max 4194304
    delete --force
}

test_huge_page_size_that_does_not_exist_is_refused_and_leaves_nothing() {
    refuses /linux/resources/hugepageLimits/0 \
        '{"hugepageLimits": [{"pageSize": "4MB", "limit": 4194304}]}'
}

# The machine has the rdma controller and no device: the kernel refuses what we hand it.
test_limit_of_an_rdma_device_that_does_not_exist_is_refused_and_leaves_nothing() {
    grep -q rdma $CGROUPS/cgroup.controllers || skip "no rdma controller"
    refuses /linux/resources/rdma/mlx5_1 '{"rdma": {"mlx5_1": {"hcaHandles": 3}}}'
}

test_network_class_without_a_v1_hierarchy_is_refused_and_leaves_nothing() {
    refuses /linux/resources/network/classID '{"network": {"classID": 1048577}}'
}

# "Configuration unknown to the runtime MUST still be written to the relevant file."
test_unified_writes_files_that_no_other_property_knows() {
    limited '{"unified": {"memory.oom.group": "1", "cgroup.max.depth": "3", "cpuset.cpus": ""}}'
    assert_file memory.oom.group 1
    assert_file cgroup.max.depth 3
    delete --force
}

# "The OCI runtime MUST ensure that the needed cgroup controllers are enabled for the cgroup."
test_unified_enables_controllers_down_a_deep_path() {
    cgroups_path=/deep/er/still/unified
    limited '{"unified": {"hugetlb.2MB.max": "2097152"}}'
    assert_file hugetlb.2MB.max 2097152
    for up in $CGROUPS/deep $CGROUPS/deep/er $CGROUPS/deep/er/still; do
        grep -q hugetlb $up/cgroup.subtree_control || fail "$up: $(cat $up/cgroup.subtree_control)"
    done
    delete --force
    assert_gone $CG
    [ ! -d $CGROUPS/deep ] || (cd $CGROUPS && rmdir -p deep/er/still)
}

test_unified_writes_each_line_of_a_value() {
    [ -b /dev/ram1 ] || skip "no ram disk"
    limited '{"unified": {"io.max": "1:0 rbps=2097152 wiops=120\n1:1 rbps=1048576"}}'
    assert_equal io.max "$(sort $CG/io.max | tr '\n' ';')" \
        "1:0 rbps=2097152 wbps=max riops=max wiops=120;1:1 rbps=1048576 wbps=max riops=max wiops=max;"
    delete --force
}

# "The runtime MUST generate an error when the configuration refers to a cgroup controller that is
# not present or that cannot be enabled."
test_unified_file_of_an_absent_controller_is_refused_and_leaves_nothing() {
    refuses /linux/resources/unified/nonsense.max '{"unified": {"nonsense.max": "1"}}'
}

test_unified_value_that_the_kernel_refuses_is_refused_and_leaves_nothing() {
    refuses /linux/resources/unified/pids.max '{"unified": {"pids.max": "many"}}'
}

test_unified_file_outside_of_the_cgroup_is_refused_and_leaves_nothing() {
    refuses /linux/resources/unified/ '{"unified": {"../manager/cgroup.max.depth": "1"}}'
    assert_equal "the manager's" "$(cat $CGROUPS/manager/cgroup.max.depth)" max
}
