# Limits as the processes inside feel them.

test_allocation_beyond_the_memory_limit_is_killed() {
    resources='{"memory": {"limit": 25165824, "swap": 25165824}}'
    script='dd if=/dev/zero of=/dev/null bs=64M count=1; echo "status $?"; echo done; sleep 1000'
    bundle f1
    create
    start
    wait_for 'done\|Killed'
    [ "$(value oom_kill $CG/memory.events)" -gt 0 ] || fail "$(cat $CG/memory.events)"
    said 'records out' && fail "64 MiB fitted into 24"
    delete --force
}

test_allocation_within_the_memory_limit_succeeds() {
    resources='{"memory": {"limit": 100663296, "swap": 100663296}}'
    script='dd if=/dev/zero of=/dev/null bs=32M count=1; echo "status $?"'
    bundle f2
    create
    start
    wait_for 'status 0'
    delete --force
}

test_fork_beyond_the_pids_limit_is_refused() {
    resources='{"pids": {"limit": 6}}'
    script='for n in 1 2 3 4 5 6 7 8 9; do (sleep 1000 &) ; done; echo done; sleep 1000'
    bundle f3
    create
    start
    wait_for "can't fork"
    [ "$(value max $CG/pids.events)" -gt 0 ] || fail "$(cat $CG/pids.events)"
    [ "$(cat $CG/pids.current)" -le 6 ] || fail "$(cat $CG/pids.current) processes under a limit of 6"
    delete --force
}

test_cpu_quota_throttles_a_busy_loop() {
    resources='{"cpu": {"quota": 10000, "period": 100000}}'
    script='while :; do :; done'
    bundle f4
    create
    start
    before=$(value usage_usec $CG/cpu.stat)
    read -r begun _ </proc/uptime
    sleep 2
    read -r ended _ </proc/uptime
    used=$(($(value usage_usec $CG/cpu.stat) - before))
    [ "$(value nr_throttled $CG/cpu.stat)" -gt 0 ] || fail "$(cat $CG/cpu.stat)"
    # A tenth is allowed; a third, which no quota at all would pass thrice over, bears a slow clock.
    ceiling=$(echo "$begun $ended" | awk '{printf "%d", ($2 - $1) * 333333}')
    [ $used -lt $ceiling ] || fail "$used us used, at most $ceiling expected"
    delete --force
}

test_cpuset_keeps_the_container_on_its_processor() {
    resources='{"cpu": {"cpus": "1"}}'
    script='nproc; taskset -c 0 true; echo "status $?"; echo done'
    bundle f5
    create
    start
    wait_for done
    assert_said '^1$'
    assert_said 'status 1'
    delete --force
}

# config-linux.md#pids, from 1.3 on: zero is a limit like any other.
test_pids_limit_zero_allows_no_fork() {
    resources='{"pids": {"limit": 0}}'
    script='echo alive; (sleep 1000 &); echo forked'
    bundle f7
    create
    assert_file pids.max 0
    start
    wait_for "can't fork"
    assert_said '^alive$'
    ! said '^forked$' || fail "it forked under a limit of 0"
    delete --force
}

test_reservations_of_huge_pages_beyond_the_limit_are_refused() {
    [ -e $CGROUPS/manager/hugetlb.2MB.rsvd.max ] || skip "no reservation accounting"
    echo 8 >/proc/sys/vm/nr_hugepages
    [ "$(cat /proc/sys/vm/nr_hugepages)" = 8 ] || skip "no 8 huge pages"
    resources='{"hugepageLimits": [{"pageSize": "2MB", "limit": 6291456}]}'
    script='/probe huge_pages; echo done'
    bundle f8
    create
    start
    wait_for done
    echo 0 >/proc/sys/vm/nr_hugepages
    assert_said '"reserved":3,"refusal":"ENOMEM"'
    delete --force
}

# Two busy loops on one processor: time goes by weight.
test_cpu_shares_divide_a_busy_processor() {
    script='while :; do :; done'
    resources='{"cpu": {"shares": 8192, "cpus": "1"}}'
    bundle f9
    create
    start
    heavy=$CG
    cgroups_path=
    resources='{"cpu": {"shares": 1024, "cpus": "1"}}'
    bundle f10
    create
    start
    first=$(value usage_usec $heavy/cpu.stat) second=$(value usage_usec $CG/cpu.stat)
    sleep 2
    first=$(($(value usage_usec $heavy/cpu.stat) - first))
    second=$(($(value usage_usec $CG/cpu.stat) - second))
    [ $first -gt $((second * 2)) ] || fail "$first us and $second us: 8 to 1 was asked for"
    delete --force
    ID=f9
    delete --force
}
