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

# The ends of the range [2, 262144] are fixed to those of [1, 10000]; between them runtimes draw the
# line straight (1024 → 39) or, newer, so that the defaults meet (1024 → 100).
test_cpu_shares_become_cpu_weight() {
    limited '{"cpu": {"shares": 2}}'
    assert_file cpu.weight 1
    delete --force
    limited '{"cpu": {"shares": 262144}}'
    assert_file cpu.weight 10000
    delete --force
    limited '{"cpu": {"shares": 1024}}'
    case $(cat $CG/cpu.weight) in 39 | 100) ;; *) fail "1024 became $(cat $CG/cpu.weight)" ;; esac
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
test_block_io_weight_becomes_io_weight() {
    [ -e $CGROUPS/manager/io.weight ] || skip "the kernel has no io.weight"
    limited '{"blockIO": {"weight": 10}}'
    assert_file io.weight "default 1"
    delete --force
    limited '{"blockIO": {"weight": 1000}}'
    assert_file io.weight "default 10000"
    delete --force
}

test_block_io_throttles_become_io_max() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    limited '{"blockIO": {
        "throttleReadBpsDevice": [{"major": 1, "minor": 0, "rate": 1048576}],
        "throttleWriteBpsDevice": [{"major": 1, "minor": 0, "rate": 2097152}],
        "throttleReadIOPSDevice": [{"major": 1, "minor": 0, "rate": 300}],
        "throttleWriteIOPSDevice": [{"major": 1, "minor": 0, "rate": 400}]}}'
    assert_file io.max "1:0 rbps=1048576 wbps=2097152 riops=300 wiops=400"
    delete --force
}

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
