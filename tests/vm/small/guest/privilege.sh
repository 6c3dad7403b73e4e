# What needs capabilities of the initial user namespace that a container host may lack.

test_hard_limits_are_raised() {
    rlimits='{"type": "RLIMIT_NOFILE", "soft": 3000, "hard": 4000}'
    script='ulimit -Sn; ulimit -Hn; echo done'
    bundle p1
    ulimit -n 512
    create
    start
    wait_for done
    assert_said '^3000$'
    assert_said '^4000$'
    delete --force
}

test_oom_score_is_lowered() {
    oom_score_adj=-500
    script='cat /proc/self/oom_score_adj; echo done'
    bundle p2
    create
    start
    wait_for done
    assert_said '^-500$'
    delete --force
}

test_user_namespace_maps_ids_and_keeps_the_limits() {
    namespaces="$namespaces"',{"type":"user"}'
    id_mappings='{"containerID": 0, "hostID": 100000, "size": 65536}'
    resources='{"pids": {"limit": 44}, "memory": {"limit": 67108864}}'
    script='id -u; cat /proc/self/uid_map /proc/self/gid_map /proc/self/cgroup; echo done; sleep 1000'
    bundle p3
    create
    assert_equal "cgroup" "$(cat /proc/$PID/cgroup)" "0::/p3"
    assert_file pids.max 44
    assert_file memory.max 67108864
    start
    wait_for done
    assert_said '^0$'
    assert_equal "maps" "$(grep -c '^ *0 *100000 *65536$' $B/out)" 2
    assert_said '^0::/$'
    assert_equal "uid on the host" "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' /proc/$PID/status)" 100000
    delete --force
    assert_gone $CG
}

test_user_namespace_container_raises_its_hard_limits() {
    namespaces="$namespaces"',{"type":"user"}'
    id_mappings='{"containerID": 0, "hostID": 100000, "size": 65536}'
    rlimits='{"type": "RLIMIT_NOFILE", "soft": 3000, "hard": 4000}'
    oom_score_adj=-400
    script='ulimit -Hn; cat /proc/self/oom_score_adj; echo done'
    bundle p4
    ulimit -n 512
    create
    start
    wait_for done
    assert_said '^4000$'
    assert_said '^-400$'
    delete --force
}
