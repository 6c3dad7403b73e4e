# process.apparmorProfile (config.md#process) and exec --apparmor, under the profile nucleus-test
# (policies/), which allows everything but to read /etc/passwd. The container says what it is under.
current=/proc/self/attr/apparmor/current

confined() {
    apparmor_profile=nucleus-test
    script="cat $current; cat /etc/passwd; echo end"
    bundle a
    create
    start
    wait_for end
    assert_said "nucleus-test (enforce)"
    assert_said "Permission denied"
    delete --force
}

test_an_apparmor_profile_confines_the_program() {
    confined
}

test_an_apparmor_profile_confines_the_program_without_no_new_privileges() {
    no_new_privileges=false
    confined
}

test_an_apparmor_profile_confines_the_program_in_a_user_namespace() {
    [ $label = runtime ] || skip "a root file system of this machine's own ids is not the peers' way"
    namespaces="$namespaces"',{"type":"user"}'
    id_mappings='{"containerID":0,"hostID":0,"size":65536}'
    confined
}

test_without_a_profile_the_program_is_unconfined() {
    script="cat $current /etc/passwd; echo end"
    bundle a
    create
    start
    wait_for end
    assert_said unconfined
    assert_said root:x
    delete --force
}

test_the_apparmor_profile_unconfined_is_taken() {
    apparmor_profile=unconfined
    script="cat $current; echo end"
    bundle a
    create
    start
    wait_for end
    assert_said unconfined
    delete --force
}

test_exec_runs_under_the_containers_apparmor_profile() {
    apparmor_profile=nucleus-test
    bundle a
    create
    start
    must $RT exec $ID /bin/cat $current
    assert_equal profile "$output" "nucleus-test (enforce)"
    delete --force
}

test_exec_apparmor_gives_a_profile() {
    bundle a
    create
    start
    must $RT exec --apparmor nucleus-test $ID /bin/cat $current
    assert_equal profile "$output" "nucleus-test (enforce)"
    delete --force
}

test_the_apparmor_profile_of_an_exec_process_is_taken() {
    bundle a
    create
    start
    cat >$B/process.json <<JSON
{"args": ["/bin/cat", "$current"], "cwd": "/", "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0},
 "apparmorProfile": "nucleus-test"}
JSON
    must $RT exec --process $B/process.json $ID
    assert_equal profile "$output" "nucleus-test (enforce)"
    delete --force
}

# A file system of the image's in the place of /proc gets nothing written to it, and is no way out.
test_an_apparmor_profile_does_not_go_through_the_images_proc() {
    apparmor_profile=nucleus-test
    proc_mount='{"destination": "/proc", "type": "tmpfs", "source": "tmpfs"}'
    script='mkdir -p /proc/self/attr; ls /proc; echo end; sleep 100'
    bundle a
    create
    start
    wait_for end
    assert_equal profile "$(cat /proc/$PID/attr/current)" "nucleus-test (enforce)"
    delete --force
}

test_an_apparmor_profile_that_is_not_loaded_is_refused_and_leaves_nothing() {
    apparmor_profile=no-such-profile
    bundle a
    try $RT create --bundle $B $ID
    [ $status != 0 ] || fail "created"
    case $label-$output in
    peer-* | *"no-such-profile': "*"no profile of this name is loaded"*) ;;
    *) fail "the error: $output" ;;
    esac
    assert_gone /run/$label/$ID
}

test_a_selinux_label_is_refused_where_the_kernel_has_only_apparmor() {
    selinux_label=u:r:box_t
    bundle a
    try $RT create --bundle $B $ID
    [ $status != 0 ] || fail "created"
    case $label-$output in
    peer-* | *"/process/selinuxLabel: "*SELinux*) ;;
    *) fail "the error: $output" ;;
    esac
    assert_gone /run/$label/$ID
}
