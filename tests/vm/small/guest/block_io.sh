# linux.resources.blockIO (config-linux.md#block-io): weights and throttles. Which weights a device
# heeds depends on its scheduler: BFQ has a file of its own beside io.weight.

limited() {
    resources=$1
    bundle limited
    create
}

test_block_io_weight_becomes_io_weight() {
    [ -e $CGROUPS/manager/io.weight ] || skip "the kernel has no io.weight"
    limited '{"blockIO": {"weight": 10}}'
    assert_file io.weight "default 1"
    delete --force
    limited '{"blockIO": {"weight": 1000}}'
    assert_file io.weight "default 10000"
    delete --force
}

test_block_io_throttles_become_io_max() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    limited '{"blockIO": {
        "throttleReadBpsDevice": [{"major": 1, "minor": 0, "rate": 1048576}],
        "throttleWriteBpsDevice": [{"major": 1, "minor": 0, "rate": 2097152}],
        "throttleReadIOPSDevice": [{"major": 1, "minor": 0, "rate": 300}],
        "throttleWriteIOPSDevice": [{"major": 1, "minor": 0, "rate": 400}]}}'
    assert_file io.max "1:0 rbps=1048576 wbps=2097152 riops=300 wiops=400"
    delete --force
}

# Two units are one apart: v1 takes a limit away by 0.
test_block_io_rate_of_zero_means_max() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    mkdir $CGROUPS/limited
    echo "1:0 rbps=1048576 wiops=7" >$CGROUPS/limited/io.max || fail "cannot prepare io.max"
    limited '{"blockIO": {"throttleReadBpsDevice": [{"major": 1, "minor": 0, "rate": 0}]}}'
    assert_file io.max "1:0 rbps=max wbps=max riops=max wiops=7"
    delete --force
    [ ! -d $CG ] || rmdir $CG
}

test_block_io_weight_out_of_range_is_refused_and_leaves_nothing() {
    refuses /linux/resources/blockIO/weight '{"blockIO": {"weight": 9}}'
    refuses /linux/resources/blockIO/weight '{"blockIO": {"weight": 1001}}'
}

test_leaf_weights_are_refused_on_v2_and_leave_nothing() {
    refuses /linux/resources/blockIO/leafWeight '{"blockIO": {"leafWeight": 10}}'
    refuses /linux/resources/blockIO/weightDevice/0/leafWeight \
        '{"blockIO": {"weightDevice": [{"major": 1, "minor": 0, "leafWeight": 10}]}}'
}

test_throttle_of_a_device_that_does_not_exist_is_refused_and_leaves_nothing() {
    refuses /linux/resources/blockIO/throttleWriteIOPSDevice/0 \
        '{"blockIO": {"throttleWriteIOPSDevice": [{"major": 240, "minor": 9, "rate": 5}]}}'
}

# takes NAME PROPERTY RATE DD-ARGUMENTS: 2 seconds of work under one throttle take more than 1.2.
takes() {
    [ -b /dev/ram0 ] || skip "no ram disk"
    devices='{"path": "/dev/ram0", "type": "b", "major": 1, "minor": 0}'
    resources='{"devices": [{"allow": true, "type": "b", "major": 1, "minor": 0, "access": "rwm"}],
        "blockIO": {"'$2'": [{"major": 1, "minor": 0, "rate": '$3'}]}}'
    script='read a _ </proc/uptime
        dd '$4'; echo "status $?"; read b _ </proc/uptime; echo "took $a $b"; echo done'
    bundle $1
    create
    start
    wait_for done
    assert_said 'status 0'
    tenths=$(sed -n 's/^took //p' $B/out | awk '{printf "%d", ($2 - $1) * 10}')
    [ $tenths -ge 12 ] || fail "$2 $3: $4 took $tenths tenths of a second"
    delete --force
}

test_read_throttle_slows_a_reader() {
    takes i1 throttleReadBpsDevice 1048576 "if=/dev/ram0 of=/dev/null bs=64k count=32 iflag=direct"
}

test_write_throttle_slows_a_writer() {
    takes i2 throttleWriteBpsDevice 1048576 "if=/dev/zero of=/dev/ram0 bs=64k count=32 oflag=direct"
}

test_read_operations_are_throttled() {
    takes i3 throttleReadIOPSDevice 20 "if=/dev/ram0 of=/dev/null bs=4k count=40 iflag=direct"
}

test_write_operations_are_throttled() {
    takes i4 throttleWriteIOPSDevice 20 "if=/dev/zero of=/dev/ram0 bs=4k count=40 oflag=direct"
}

# bfq: a disk under the scheduler that has weights of its own.
bfq() {
    spare_modules
    [ -b /dev/nullb0 ] || skip "no null_blk module"
    echo bfq >/sys/block/nullb0/queue/scheduler 2>/dev/null || skip "no bfq module"
    disk=$(cat /sys/block/nullb0/dev)
}

test_block_io_weights_are_bfqs_where_it_is_there() {
    bfq
    limited '{"blockIO": {"weight": 500, "weightDevice": [
        {"major": '${disk%:*}', "minor": '${disk#*:}', "weight": 300}]}}'
    assert_equal io.bfq.weight "$(tr '\n' ';' <$CG/io.bfq.weight)" "default 500;$disk 300;"
    [ $label = peer ] || assert_file io.weight "default 4950"
    delete --force
}

test_weight_of_a_device_without_a_scheduler_is_refused_and_leaves_nothing() {
    bfq
    refuses /linux/resources/blockIO/weightDevice/0/weight \
        '{"blockIO": {"weightDevice": [{"major": 1, "minor": 0, "weight": 300}]}}'
}
