# Not part of the default run (run --files later): the device filter and the rarer controllers.

ram_disk() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    devices='{"path": "/dev/ram0", "type": "b", "major": 1, "minor": 0}'
    script='head -c 1 /dev/zero | wc -c; dd if=/dev/ram0 of=/dev/null bs=512 count=1; echo "read $?"
        dd if=/dev/zero of=/dev/ram0 bs=512 count=1; echo "write $?"; echo done'
}

# config-linux.md#allowed-device-list
test_device_that_is_not_allowed_cannot_be_opened() {
    ram_disk
    resources='{"devices": [{"allow": false, "access": "rwm"}]}'
    bundle d1
    create
    start
    wait_for done
    assert_said '^1$'
    assert_said "can't open '/dev/ram0': Operation not permitted"
    assert_said 'read 1'
    assert_said 'write 1'
    delete --force
}

test_allowed_device_can_be_opened() {
    ram_disk
    resources='{"devices": [{"allow": false, "access": "rwm"},
        {"allow": true, "type": "b", "major": 1, "minor": 0, "access": "rw"}]}'
    bundle d2
    create
    start
    wait_for done
    assert_said 'read 0'
    assert_said 'write 0'
    delete --force
}

test_device_allowed_for_reading_cannot_be_written() {
    ram_disk
    resources='{"devices": [{"allow": false, "access": "rwm"},
        {"allow": true, "type": "b", "major": 1, "minor": 0, "access": "r"}]}'
    bundle d3
    create
    start
    wait_for done
    assert_said 'read 0'
    assert_said 'write 1'
    delete --force
}

test_device_filter_holds_for_exec_too() {
    ram_disk
    resources='{"devices": [{"allow": false, "access": "rwm"}]}'
    script='sleep 1000'
    bundle d4
    create
    start
    try $RT exec $ID /bin/dd if=/dev/ram0 of=/dev/null bs=512 count=1
    case $output in *"Operation not permitted"*) ;; *) fail "exec read ram0: $output" ;; esac
    delete --force
}

test_cpu_idle_becomes_cpu_idle() {
    resources='{"cpu": {"idle": 1}}'
    bundle c1
    create
    assert_file cpu.idle 1
    delete --force
}

test_cpu_burst_becomes_cpu_max_burst() {
    resources='{"cpu": {"quota": 50000, "period": 100000, "burst": 20000}}'
    bundle c2
    create
    assert_file cpu.max.burst 20000
    delete --force
}

# config-linux.md#pids, from 1.3 on: zero is a limit like any other.
test_pids_limit_zero_allows_no_fork() {
    resources='{"pids": {"limit": 0}}'
    bundle c3
    create
    assert_file pids.max 0
    delete --force
}
