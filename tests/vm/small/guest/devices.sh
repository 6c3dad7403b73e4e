# The allowed device list as a filter of cgroup v2 (config-linux.md#allowed-device-list).

ram_disk() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    devices='{"path": "/dev/ram0", "type": "b", "major": 1, "minor": 0}'
    script='head -c 1 /dev/zero | wc -c; dd if=/dev/ram0 of=/dev/null bs=512 count=1; echo "read $?"
        dd if=/dev/zero of=/dev/ram0 bs=512 count=1; echo "write $?"; echo done'
}

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

# "The runtime MUST apply entries in the listed order."
test_later_device_entry_overrides_an_earlier_one() {
    ram_disk
    resources='{"devices": [{"allow": false, "access": "rwm"},
        {"allow": true, "type": "b", "major": 1, "access": "rwm"},
        {"allow": false, "type": "b", "major": 1, "minor": 0, "access": "w"}]}'
    bundle d5
    create
    start
    wait_for done
    assert_said 'read 0'
    assert_said 'write 1'
    delete --force
    resources='{"devices": [{"allow": false, "access": "rwm"},
        {"allow": false, "type": "b", "major": 1, "minor": 0, "access": "w"},
        {"allow": true, "type": "b", "major": 1, "access": "rwm"}]}'
    bundle d6
    create
    start
    wait_for done
    assert_said 'write 0'
    delete --force
}

# Nodes may be made by default, since that opens no device.
test_node_cannot_be_made_where_mknod_is_denied() {
    resources='{"devices": [{"allow": false, "access": "rwm"},
        {"allow": false, "type": "b", "major": 1, "minor": 3, "access": "m"}]}'
    script='mknod /tmp/allowed b 1 2; echo "allowed $?"; mknod /tmp/denied b 1 3; echo "denied $?"
        dd if=/tmp/allowed of=/tmp/x bs=512 count=1; echo "read $?"; echo done'
    bundle d7
    create
    start
    wait_for done
    assert_said 'allowed 0'
    assert_said 'denied 1'
    assert_said 'read 1'
    delete --force
}

test_every_device_is_open_to_a_container_that_is_allowed_all() {
    ram_disk
    resources='{"devices": [{"allow": true, "access": "rwm"}]}'
    bundle d8
    create
    start
    wait_for done
    assert_said 'read 0'
    assert_said 'write 0'
    delete --force
}

test_device_entry_of_an_unknown_type_is_refused_and_leaves_nothing() {
    refuses /linux/resources/devices/0/type \
        '{"devices": [{"allow": true, "type": "x", "access": "rwm"}]}'
}
