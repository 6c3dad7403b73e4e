# Which cgroup a container is in, and what it sees of it.

test_container_is_in_its_cgroup_when_create_returns() {
    bundle m1
    create
    assert_equal "/proc/PID/cgroup" "$(cat /proc/$PID/cgroup)" "0::/m1"
    assert_file cgroup.procs $PID
    delete --force
}

test_absolute_path_is_taken_below_the_root_and_its_parents_are_made() {
    mkdir $CGROUPS/pod
    cgroups_path=/pod/deep/m2
    resources='{"pids": {"limit": 20}, "memory": {"limit": 67108864}}'
    bundle m2
    create
    assert_equal "/proc/PID/cgroup" "$(cat /proc/$PID/cgroup)" "0::/pod/deep/m2"
    assert_file pids.max 20
    assert_file memory.max 67108864
    delete --force
    assert_gone $CG
    [ ! -d $CGROUPS/pod/deep ] || rmdir $CGROUPS/pod/deep
    rmdir $CGROUPS/pod
}

# config-linux.md#cgroups-path: a relative path is relative to a place that the runtime chooses, and
# the same path means the same place each time.
test_relative_path_is_always_the_same_place() {
    cgroups_path=relative/m3
    bundle m3
    create
    first=$(sed -n 's/^0:://p' /proc/$PID/cgroup)
    case $first in */relative/m3) ;; *) fail "relative/m3 became $first" ;; esac
    delete --force
    assert_gone $CGROUPS$first
    create
    second=$(sed -n 's/^0:://p' /proc/$PID/cgroup)
    assert_equal "the second time" "$second" "$first"
    delete --force
    [ ! -d $CGROUPS${first%/m3} ] || rmdir $CGROUPS${first%/m3}
}

test_no_path_at_all_still_gives_a_cgroup_of_its_own() {
    bundle m4
    sed -i '/"cgroupsPath"/d' $B/config.json
    create
    own=$(sed -n 's/^0:://p' /proc/$PID/cgroup)
    [ "$own" != "$(sed -n 's/^0:://p' /proc/self/cgroup)" ] || fail "it shares the caller's: $own"
    assert_equal "members of $own" "$(cat $CGROUPS$own/cgroup.procs)" $PID
    delete --force
    assert_gone $CGROUPS$own
}

test_two_containers_of_a_pod_share_the_parent_cgroup() {
    mkdir $CGROUPS/pod
    cgroups_path=/pod/m5a
    bundle m5a
    create
    cgroups_path=/pod/m5b
    bundle m5b
    create
    assert_equal "children" "$(cd $CGROUPS/pod && echo m5*)" "m5a m5b"
    delete --force
    [ -d $CGROUPS/pod/m5a ] || fail "deleting m5b removed m5a"
    ID=m5a
    delete --force
    [ ! -d $CGROUPS/pod ] || rmdir $CGROUPS/pod
}

test_cgroup_namespace_is_rooted_at_the_container() {
    script='cat /proc/self/cgroup; cat /sys/fs/cgroup/pids.max; echo done'
    resources='{"pids": {"limit": 33}}'
    bundle m6
    create
    start
    wait_for done
    assert_said '^0::/$'
    assert_said '^33$'
    delete --force
}

# The mount may show the whole hierarchy or the container's part of it: the root field of
# /proc/self/mountinfo says which (proc_pid_mountinfo(5)), and programs inside reckon with it.
test_without_cgroup_namespace_the_path_leads_to_the_own_cgroup() {
    namespaces='{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"}'
    script='path=$(sed "s/^0:://" /proc/self/cgroup)
        root=$(awk "\$5 == \"/sys/fs/cgroup\" {print \$4}" /proc/self/mountinfo)
        echo "path $path"; cat "/sys/fs/cgroup/${path#${root%/}}/pids.max"; echo done'
    resources='{"pids": {"limit": 34}}'
    bundle m7
    create
    start
    wait_for done
    assert_said '^path /m7$'
    assert_said '^34$'
    delete --force
}

test_read_only_cgroup_mount_refuses_writes() {
    script='mkdir /sys/fs/cgroup/inner; echo 5 >/sys/fs/cgroup/pids.max; echo done'
    bundle m8
    create
    start
    wait_for done
    assert_equal "refusals" "$(grep -c 'Read-only file system' $B/out)" 2
    delete --force
}

test_writable_cgroup_mount_lets_the_container_make_cgroups() {
    cgroup_mount_options='"nosuid","noexec","nodev","rw"'
    script='mkdir /sys/fs/cgroup/inner && echo $$ >/sys/fs/cgroup/inner/cgroup.procs
        cat /proc/self/cgroup; echo done; sleep 1000'
    bundle m9
    create
    start
    wait_for done
    assert_said '^0::/inner$'
    [ -d $CG/inner ] || fail "no $CG/inner on the host"
    delete --force
}

test_exec_joins_the_containers_cgroup_before_its_program_runs() {
    bundle m10
    create
    start
    must $RT exec $ID /bin/cat /proc/self/cgroup
    assert_equal "seen by exec" "$output" "0::/"
    $RT exec --detach --pid-file $B/exec.pid $ID /bin/sleep 1000 </dev/zero >$B/exec 2>&1 ||
        fail "exec: $(cat $B/exec)"
    grep -qx "$(cat $B/exec.pid)" $CG/cgroup.procs || fail "$(cat $B/exec.pid) is not in $CG"
    delete --force
}
