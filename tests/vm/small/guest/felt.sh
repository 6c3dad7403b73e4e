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

test_write_throttle_slows_a_writer() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    devices='{"path": "/dev/ram0", "type": "b", "major": 1, "minor": 0}'
    resources='{"devices": [{"allow": true, "type": "b", "major": 1, "minor": 0, "access": "rwm"}],
        "blockIO": {"throttleWriteBpsDevice": [{"major": 1, "minor": 0, "rate": 1048576}]}}'
    script='read a _ </proc/uptime
        dd if=/dev/zero of=/dev/ram0 bs=64k count=32 oflag=direct
        echo "status $?"; read b _ </proc/uptime; echo "took $a $b"; echo done'
    bundle f6
    create
    start
    wait_for done
    assert_said 'status 0'
    tenths=$(sed -n 's/^took //p' $B/out | awk '{printf "%d", ($2 - $1) * 10}')
    [ $tenths -ge 12 ] || fail "2 MiB at 1 MiB/s took $tenths tenths of a second"
    delete --force
}
