# create, start, state, kill and delete, with what each leaves of the cgroup.

test_status_goes_from_created_to_running_to_stopped() {
    script='trap "exit 0" TERM; while :; do sleep 0.1; done'
    bundle l1
    create
    assert_equal status "$(status_of)" created
    start
    assert_equal status "$(status_of)" running
    must $RT kill $ID KILL
    wait_exit
    assert_equal status "$(status_of)" stopped
    delete
    assert_gone $CG
}

test_run_returns_the_programs_exit_code() {
    script='exit 7'
    bundle l2
    $RT run --bundle $B $ID >$B/out 2>&1 </dev/zero
    assert_equal status $? 7
    delete --force
    assert_gone $CG
}

test_forced_delete_of_a_running_container_leaves_no_cgroup() {
    script='sleep 1000 & sleep 1000 & wait'
    bundle l3
    create
    start
    delete --force
    assert_gone $CG
    exited || fail "$PID still runs"
}

test_delete_without_force_refuses_a_running_container() {
    bundle l4
    create
    start
    try $RT delete $ID
    [ $status != 0 ] || fail "it was deleted while running"
    assert_equal status "$(status_of)" running
    assert_file cgroup.procs "$(cat $CG/cgroup.procs)"
    delete --force
}

shared_pid_namespace() {
    namespaces='{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"},{"type":"cgroup"}'
    script='sleep 1000 & setsid sleep 1000 & echo done; wait'
}

test_kill_all_without_a_pid_namespace_kills_the_whole_cgroup() {
    shared_pid_namespace
    bundle l5
    create
    start
    wait_for done
    until_true 5 "three processes" [ "$(wc -l <$CG/cgroup.procs)" -ge 3 ]
    must $RT kill --all $ID KILL
    wait_exit
    until_true 5 "the cgroup is empty" grep -q 'populated 0' $CG/cgroup.events
    delete
    assert_gone $CG
}

test_kill_then_delete_without_a_pid_namespace_leaves_no_process() {
    shared_pid_namespace
    bundle l6
    create
    start
    wait_for done
    members=$(cat $CG/cgroup.procs)
    must $RT kill $ID KILL
    wait_exit
    delete
    assert_gone $CG
    for pid in $members; do
        [ ! -d /proc/$pid ] || fail "process $pid survived"
    done
}

test_delete_removes_cgroups_that_were_made_inside() {
    cgroup_mount_options='"nosuid","noexec","nodev","rw"'
    script='cd /sys/fs/cgroup && mkdir -p a/b/c d && echo done; sleep 1000'
    bundle l7
    create
    start
    wait_for done
    [ -d $CG/a/b/c ] || fail "nothing was made inside"
    must $RT kill $ID KILL
    wait_exit
    delete
    assert_gone $CG
}

test_forced_delete_ends_processes_in_inner_cgroups_of_a_shared_pid_namespace() {
    shared_pid_namespace
    cgroup_mount_options='"nosuid","noexec","nodev","rw"'
    script='mkdir -p /sys/fs/cgroup/a/b
        (echo 0 >/sys/fs/cgroup/a/b/cgroup.procs; setsid sleep 1000) &
        until grep -q . /sys/fs/cgroup/a/b/cgroup.procs; do sleep 0.05; done; echo done; wait'
    bundle l8
    create
    start
    wait_for done
    inner=$(cat $CG/a/b/cgroup.procs)
    [ -n "$inner" ] || fail "nothing runs in the inner cgroup"
    delete --force
    assert_gone $CG
    for pid in $inner; do
        [ ! -d /proc/$pid ] || fail "process $pid survived in an inner cgroup"
    done
}

test_forced_delete_of_a_frozen_container_leaves_nothing() {
    bundle l9
    create
    start
    echo 1 >$CG/cgroup.freeze
    until_true 5 "it is frozen" grep -q 'frozen 1' $CG/cgroup.events
    assert_equal status "$(status_of)" paused
    delete --force
    assert_gone $CG
    exited || fail "$PID still runs"
}

test_created_container_is_deleted_by_force_with_its_cgroup() {
    bundle l10
    create
    delete --force
    assert_gone $CG
    exited || fail "$PID still runs"
}

# runtime.md#delete: resources "not created by this container, MUST NOT be deleted".
test_delete_leaves_a_cgroup_that_stood_before() {
    mkdir $CGROUPS/l11
    bundle l11
    create
    assert_file cgroup.procs $PID
    delete --force
    [ -d $CG ] || fail "the cgroup that stood before is gone"
    rmdir $CG || fail "the cgroup that stood before is not empty: $(ls $CG | head -3)"
}
