# process.selinuxLabel, linux.mountLabel and exec --process-label, in a boot of their own with the
# small policy of policies/, permissive. The container says which labels the kernel has given.
own='cat /proc/self/attr/current; echo; echo end'

test_a_selinux_label_becomes_the_programs() {
    selinux_label=u:r:box_t
    script=$own
    bundle a
    create
    start
    wait_for end
    assert_said u:r:box_t
    delete --force
}

test_without_a_selinux_label_the_program_keeps_the_runtimes() {
    script=$own
    bundle a
    create
    start
    wait_for end
    assert_said u:r:kernel_t
    delete --force
}

test_exec_runs_under_the_containers_selinux_label() {
    selinux_label=u:r:box_t
    bundle a
    create
    start
    must $RT exec $ID /bin/cat /proc/self/attr/current
    assert_equal label "$(echo "$output" | tr -d '\0')" u:r:box_t
    delete --force
}

test_exec_process_label_gives_a_selinux_label() {
    bundle a
    create
    start
    must $RT exec --process-label u:r:box_t $ID /bin/cat /proc/self/attr/current
    assert_equal label "$(echo "$output" | tr -d '\0')" u:r:box_t
    delete --force
}

test_the_selinux_label_of_an_exec_process_is_taken() {
    bundle a
    create
    start
    cat >$B/process.json <<JSON
{"args": ["/bin/cat", "/proc/self/attr/current"], "cwd": "/", "env": ["PATH=/bin"],
 "user": {"uid": 0, "gid": 0}, "selinuxLabel": "u:r:box_t"}
JSON
    must $RT exec --process $B/process.json $ID
    assert_equal label "$(echo "$output" | tr -d '\0')" u:r:box_t
    delete --force
}

# What the container creates in a mount has the mount's label.
test_a_mount_label_becomes_the_context_of_the_mounts() {
    mount_label=u:object_r:mount_t
    script='grep -E " (/tmp|/dev) " /proc/mounts; echo end'
    bundle a
    create
    start
    wait_for end
    assert_equal "mounts with the label" "$(grep -c 'context="*u:object_r:mount_t' $B/out)" 2
    delete --force
}

test_without_a_mount_label_no_mount_has_a_context() {
    script='cat /proc/mounts; echo end'
    bundle a
    create
    start
    wait_for end
    assert_equal "mounts with a context" "$(grep -c context= $B/out)" 0
    delete --force
}

test_a_selinux_label_that_the_policy_does_not_know_is_refused_and_leaves_nothing() {
    selinux_label=u:r:unknown_t
    bundle a
    try $RT create --bundle $B $ID
    [ $status != 0 ] || fail "created"
    case $label-$output in
    peer-* | *"u:r:unknown_t': "*"the policy does not know this label"*) ;;
    *) fail "the error: $output" ;;
    esac
    assert_gone /run/$label/$ID
}

test_a_mount_label_that_the_policy_does_not_know_is_refused_and_leaves_nothing() {
    mount_label=u:object_r:unknown_t
    bundle a
    try $RT create --bundle $B $ID
    [ $status != 0 ] || fail "created"
    assert_gone /run/$label/$ID
}

test_an_apparmor_profile_is_refused_where_the_kernel_has_only_selinux() {
    apparmor_profile=nucleus-test
    bundle a
    try $RT create --bundle $B $ID
    [ $status != 0 ] || fail "created"
    case $label-$output in
    peer-* | *"/process/apparmorProfile: "*AppArmor*) ;;
    *) fail "the error: $output" ;;
    esac
    assert_gone /run/$label/$ID
}
