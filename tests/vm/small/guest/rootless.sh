# An ordinary user with a part of the cgroup tree of its own (cgroup-v2.rst, "Delegation").
USER_ID=1000
OWN=$CGROUPS/user

# The user's part, with the user's shell in a leaf of it, as a manager sets it up.
delegate() {
    mkdir $OWN $OWN/shell
    for controller in cpu memory pids; do
        echo "+$controller" >$OWN/cgroup.subtree_control
    done
    chown $USER_ID:$USER_ID $OWN $OWN/cgroup.procs $OWN/cgroup.subtree_control $OWN/cgroup.threads \
        $OWN/shell $OWN/shell/cgroup.procs
    echo $$ >$OWN/shell/cgroup.procs
}

take_back() {
    echo $$ >$CGROUPS/manager/cgroup.procs
    rmdir $OWN/shell $OWN
}

# become_user ID: the bundle is the user's, and so is the runtime from here on.
become_user() {
    namespaces="$namespaces"',{"type":"user"}'
    id_mappings='{"containerID": 0, "hostID": '$USER_ID', "size": 1}'
    bundle $1
    # start-stop-daemon asks for a name.
    mkdir -p /etc
    echo "user:x:$USER_ID:$USER_ID::/:/bin/sh" >/etc/passwd
    echo "user:x:$USER_ID:" >/etc/group
    mkdir $CASE/state
    chown $USER_ID:$USER_ID $CASE/state $B
    RT="start-stop-daemon -S -c user -x /runtimes/$label -- --root $CASE/state"
}

test_a_user_limits_its_container_in_a_delegated_cgroup() {
    cgroups_path=/user/u1
    resources='{"pids": {"limit": 43}, "memory": {"limit": 67108864}, "cpu": {"shares": 512}}'
    script='cat /proc/self/cgroup; echo done; sleep 1000'
    delegate
    become_user u1
    create
    assert_equal "cgroup" "$(cat /proc/$PID/cgroup)" "0::/user/u1"
    assert_equal "owner of the cgroup" "$(stat -c %u $CG)" $USER_ID
    assert_file pids.max 43
    assert_file memory.max 67108864
    assert_file cpu.weight 59
    start
    wait_for done
    assert_said '^0::/$'
    assert_equal "uid on the host" "$(sed -n 's/^Uid:\t\([0-9]*\).*/\1/p' /proc/$PID/status)" $USER_ID
    must $RT exec $ID true
    delete --force
    assert_gone $CG
    take_back
}

test_a_relative_cgroup_of_a_user_is_beside_its_own() {
    cgroups_path=u2
    resources='{"pids": {"limit": 44}}'
    delegate
    become_user u2
    CG=$OWN/u2
    create
    assert_equal "cgroup" "$(cat /proc/$PID/cgroup)" "0::/user/u2"
    assert_file pids.max 44
    delete --force
    assert_gone $CG
    take_back
}

test_a_user_is_refused_a_cgroup_that_is_not_delegated() {
    resources='{"pids": {"limit": 45}}'
    become_user u3
    try $RT create --bundle $B $ID
    [ $status != 0 ] || fail "created: $output"
    case $output in
    *[Pp]"ermission denied"*) ;;
    *) fail "refused in other words: $output" ;;
    esac
    assert_gone $CG
}
