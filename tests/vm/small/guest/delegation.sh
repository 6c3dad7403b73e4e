# A cgroup that the container manages itself (config-linux.md#cgroup-ownership; cgroups(7), "Cgroups
# delegation").

writable='"nosuid","noexec","nodev","rw"'

user_namespace() {
    namespaces="$namespaces"',{"type":"user"}'
    id_mappings='{"containerID": 0, "hostID": 100000, "size": 65536}'
}

after_test() {
    while umount /sys/kernel/cgroup 2>/dev/null; do :; done
}

# given_away NAMES UID: just the directory and these files of it are the user's.
given_away() {
    assert_owner $CG $2
    (cd $CG && stat -c '%n %u' *) >$CASE/owners
    while read -r file uid; do
        owner=0
        case " $1 " in *" $file "*) owner=$2 ;; esac
        assert_equal "owner of $file" $uid $owner
    done <$CASE/owners
}

test_writable_cgroup_is_given_to_the_containers_root() {
    user_namespace
    cgroup_mount_options=$writable
    bundle w1
    create
    given_away "$(tr '\n' ' ' </sys/kernel/cgroup/delegate)" 100000
    delete --force
    assert_gone $CG
}

# "that is, the user that will execute the container process"
test_writable_cgroup_is_given_to_the_user_of_the_process() {
    cgroup_mount_options=$writable
    user=1000
    script='mkdir /sys/fs/cgroup/inner && echo made; mkdir -p /tmp/x && echo tmp; echo done; sleep 1000'
    bundle w2
    create
    given_away "$(tr '\n' ' ' </sys/kernel/cgroup/delegate)" 1000
    start
    wait_for done
    assert_said '^made$'
    assert_owner $CG/inner 1000
    delete --force
    assert_gone $CG
}

# "If the `/sys/kernel/cgroup/delegate` file does not exist, the runtime MUST fall back to using the
# following list of files".
test_without_the_kernels_list_three_files_are_given_away() {
    user=1000
    cgroup_mount_options=$writable
    mount -t tmpfs none /sys/kernel/cgroup
    bundle w3
    create
    umount /sys/kernel/cgroup
    given_away "cgroup.procs cgroup.subtree_control cgroup.threads" 1000
    delete --force
}

# "Runtimes MUST NOT fail in this scenario, and SHOULD change the ownership of the listed files that
# do exist".
test_listed_files_that_do_not_exist_are_passed_over() {
    user=1000
    cgroup_mount_options=$writable
    mount -t tmpfs none /sys/kernel/cgroup
    printf 'cgroup.procs\nno.such.file\ncgroup.threads\n' >/sys/kernel/cgroup/delegate
    bundle w4
    create
    umount /sys/kernel/cgroup
    given_away "cgroup.procs cgroup.threads" 1000
    delete --force
}

test_read_only_cgroup_is_not_given_away() {
    user_namespace
    bundle w5
    create
    given_away "" 0
    delete --force
}

test_cgroup_mounted_elsewhere_is_not_given_away() {
    user_namespace
    cgroup_mount_options=$writable
    bundle w6
    sed -i 's:"/sys/fs/cgroup", "type":"/tmp/cgroup", "type":' $B/config.json
    create
    given_away "" 0
    delete --force
}

# "SHOULD NOT change the ownership of a container cgroup unless it will also create a new cgroup
# namespace"
test_without_a_cgroup_namespace_nothing_is_given_away() {
    namespaces='{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"}'
    user=1000
    cgroup_mount_options=$writable
    bundle w7
    create
    given_away "" 0
    delete --force
}

test_owner_manages_cgroups_and_not_its_own_limits() {
    user_namespace
    cgroup_mount_options=$writable
    resources='{"pids": {"limit": 50}, "memory": {"limit": 67108864}}'
    script='cd /sys/fs/cgroup; mkdir inner && echo $$ >inner/cgroup.procs && echo moved
        echo "+pids +memory" >cgroup.subtree_control && echo enabled
        echo 9 >inner/pids.max && cat inner/pids.max
        for file in pids.max memory.max; do
            echo max >$file || echo "kept $file"
        done
        echo done; sleep 1000'
    bundle w8
    create
    start
    wait_for done
    assert_said '^moved$'
    assert_said '^enabled$'
    assert_said '^9$'
    assert_said '^kept pids.max$'
    assert_said '^kept memory.max$'
    assert_file pids.max 50
    assert_file memory.max 67108864
    delete --force
    assert_gone $CG
}

# delegating: the container has handed a domain controller to a cgroup below its own, where its init
# is; its own takes no process any more ("no internal processes").
delegating() {
    cgroup_mount_options=$writable
    script='cd /sys/fs/cgroup; mkdir inner other && echo $$ >inner/cgroup.procs &&
        echo "+memory +pids" >cgroup.subtree_control && echo done; sleep 1000'
    bundle $1
    create
    start
    wait_for done
}

test_exec_enters_the_cgroup_of_the_init_where_controllers_were_handed_down() {
    delegating e1
    must $RT exec $ID /bin/cat /proc/self/cgroup
    assert_equal "seen by exec" "$output" "0::/inner"
    $RT exec --detach --pid-file $B/exec.pid $ID /bin/sleep 1000 </dev/zero >$B/exec 2>&1 ||
        fail "exec: $(cat $B/exec)"
    assert_equal "of exec --detach" "$(cat /proc/$(cat $B/exec.pid)/cgroup)" "0::/e1/inner"
    delete --force
    assert_gone $CG
}

test_exec_into_a_user_namespace_enters_the_cgroup_of_the_init_too() {
    user_namespace
    delegating e2
    must $RT exec $ID /bin/cat /proc/self/cgroup
    assert_equal "seen by exec" "$output" "0::/inner"
    delete --force
    assert_gone $CG
}

# A move counts against no limit of processes, and who debugs a full container wants in.
test_exec_enters_a_container_that_has_as_many_processes_as_it_may() {
    resources='{"pids": {"limit": 2}}'
    bundle e3
    create
    start
    until_true 5 "it is full" grep -qx 2 $CG/pids.current
    must $RT exec $ID /bin/cat /proc/self/cgroup
    assert_equal "seen by exec" "$output" "0::/"
    try $RT exec $ID /bin/sh -c '(/bin/true); echo forked'
    case $output in *"can't fork"*) ;; *) fail "a fork in a full container: $output" ;; esac
    delete --force
}

test_delete_removes_threaded_cgroups_that_were_made_inside() {
    namespaces='{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"},{"type":"cgroup"}'
    cgroup_mount_options=$writable
    script='cd /sys/fs/cgroup; mkdir t && echo threaded >t/cgroup.type &&
        (echo 0 >t/cgroup.threads; setsid sleep 1000) & sleep 1; cat /sys/fs/cgroup/t/cgroup.threads; echo done; wait'
    bundle e4
    create
    start
    wait_for done
    assert_equal "type of t" "$(cat $CG/t/cgroup.type)" threaded
    members=$(cat $CG/cgroup.procs)
    assert_equal status "$(status_of)" running
    delete --force
    assert_gone $CG
    for pid in $members; do
        [ ! -d /proc/$pid ] || fail "process $pid survived"
    done
}
