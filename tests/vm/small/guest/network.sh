# linux.resources.network (config-linux.md#network): net_cls and net_prio have no second version, so
# that they stand in a v1 hierarchy beside cgroup v2.

NET=/run/net

net_hierarchy() {
    mkdir -p $NET
    mount -t cgroup -o net_cls,net_prio net $NET || skip "no net_cls and net_prio"
}

after_test() {
    ip link del first 2>/dev/null
    while umount $NET 2>/dev/null; do :; done
    rmdir $NET 2>/dev/null
}

test_network_class_becomes_net_cls_classid() {
    net_hierarchy
    resources='{"network": {"classID": 1048577}, "pids": {"limit": 21}}'
    bundle n1
    create
    assert_equal net_cls.classid "$(cat $NET/n1/net_cls.classid)" 1048577
    assert_equal "members" "$(cat $NET/n1/cgroup.procs)" $PID
    assert_file pids.max 21
    delete --force
    assert_gone $NET/n1
    assert_gone $CG
}

test_network_priorities_become_the_map_of_net_prio() {
    net_hierarchy
    ip link add first type dummy || skip "no dummy interface"
    resources='{"network": {"priorities": [{"name": "lo", "priority": 5},
        {"name": "first", "priority": 500}]}}'
    bundle n2
    create
    map=$(tr '\n' ';' <$NET/n2/net_prio.ifpriomap)
    ip link del first
    case $map in *"lo 5;"*) ;; *) fail "$map" ;; esac
    case $map in *"first 500;"*) ;; *) fail "$map" ;; esac
    delete --force
    assert_gone $NET/n2
}

# The container still sees cgroup v2: the v1 hierarchy is beside it.
test_container_sees_cgroup_v2_beside_a_network_hierarchy() {
    net_hierarchy
    resources='{"pids": {"limit": 22}}'
    script='cat /proc/self/cgroup; cat /sys/fs/cgroup/pids.max; echo done; sleep 1000'
    bundle n3
    create
    start
    wait_for done
    assert_said 'net_cls,net_prio:/$'
    assert_said '^0::/$'
    assert_said '^22$'
    must $RT exec $ID /bin/cat /proc/self/cgroup
    case $output in *"net_prio:/
0::/") ;; *) fail "exec is in $output" ;; esac
    delete --force
    assert_gone $NET/n3
}

test_priority_of_an_interface_that_does_not_exist_is_refused_and_leaves_nothing() {
    net_hierarchy
    refuses /linux/resources/network/priorities/0 \
        '{"network": {"priorities": [{"name": "nowhere0", "priority": 5}]}}'
    assert_gone $NET/refused
}

test_interface_name_of_two_words_is_refused_and_leaves_nothing() {
    net_hierarchy
    refuses /linux/resources/network/priorities/0/name \
        '{"network": {"priorities": [{"name": "lo 7", "priority": 5}]}}'
}
