# update and events on cgroup v2: what the files then hold, what is told, and what an update that is
# refused leaves.

# begin RESOURCES [SCRIPT]: a container that runs under these limits.
begin() {
    resources=$1
    script=${2:-sleep 1000}
    bundle changing
    create
    start
}

update() {
    must $RT update "$@" $ID
}

# refused WORDS FLAG...: one line that holds the words.
refused() {
    words=$1
    shift
    try $RT update "$@" $ID
    [ $status != 0 ] || fail "update $* was accepted"
    [ $label = peer ] && return 0
    case $output in *"$words"*) ;; *) fail "expected '$words' in: $output" ;; esac
}

test_update_flags_become_the_files_of_v2() {
    begin '{}'
    update --memory 64M --memory-reservation 16M --pids-limit 17 --cpu-share 512 \
        --cpu-quota 30000 --cpu-period 60000 --cpuset-cpus 0 --cpuset-mems 0
    assert_file memory.max 67108864
    assert_file memory.low 16777216
    assert_file pids.max 17
    assert_file cpu.max "30000 60000"
    assert_file cpuset.cpus 0
    assert_file cpuset.mems 0
    if [ $label != peer ]; then
        assert_file cpu.weight 59  # the younger curve; runc 1.1 draws another
        update --cpu-burst 1000
        assert_file cpu.max.burst 1000
        update --cpu-idle 1
        assert_file cpu.idle 1
    fi
    update --memory -1 --pids-limit -1 --cpu-quota -1
    assert_file memory.max max
    assert_file pids.max max
    assert_file cpu.max "max 60000"
    delete --force
}

test_update_reads_standard_input() {
    begin '{}'
    echo '{"pids": {"limit": 21}, "unified": {"memory.high": "33554432"}}' >$CASE/new
    must sh -c "$RT update --resources=- $ID <$CASE/new"
    assert_file pids.max 21
    [ $label = peer ] || assert_file memory.high 33554432
    echo '{"pids": {"limit": 22}}' | sh -c "$RT update -r - $ID" || fail "update -r -"
    assert_file pids.max 22
    delete --force
}

# memory.swap.max has swap alone, and both are told as a sum.
test_update_of_memory_keeps_the_sum_of_memory_and_swap() {
    [ -e $CGROUPS/manager/memory.swap.max ] || skip "the kernel has no swap accounting"
    begin '{"memory": {"limit": 50331648, "swap": 83886080}}'
    update --memory 64M --memory-swap 96M
    assert_file memory.max 67108864
    assert_file memory.swap.max 33554432
    if [ $label != peer ]; then
        update --memory 80M
        assert_file memory.max 83886080
        assert_file memory.swap.max 16777216
        refused /linux/resources/memory/swap --memory 128M
        assert_file memory.max 83886080
    fi
    delete --force
}

test_update_of_the_period_keeps_the_quota() {
    begin '{"cpu": {"quota": 30000, "period": 60000}}'
    update --cpu-period 90000
    assert_file cpu.max "30000 90000"
    update --cpu-quota 45000
    assert_file cpu.max "45000 90000"
    delete --force
}

test_update_that_the_kernel_refuses_in_part_changes_nothing() {
    [ $label != peer ] || skip "runc leaves what came before"
    begin '{"memory": {"limit": 67108864}, "pids": {"limit": 20}, "cpu": {"shares": 1024}}'
    echo '{"cpu": {"shares": 300}, "memory": {"limit": 33554432},
           "pids": {"limit": 4611686018427387904}}' >$CASE/new
    try sh -c "$RT update -r - $ID <$CASE/new"
    [ $status != 0 ] || fail "it was accepted"
    case $output in *pids.max*) ;; *) fail "expected pids.max in: $output" ;; esac
    assert_file cpu.weight 100
    assert_file memory.max 67108864
    assert_file pids.max 20
    echo '{"pids": {"limit": 9}, "unified": {"memory.high": "1M", "memory.nothing": "1"}}' >$CASE/new
    try sh -c "$RT update -r - $ID <$CASE/new"
    [ $status != 0 ] || fail "it was accepted"
    case $output in */linux/resources/unified/memory.nothing*) ;; *) fail "no pointer in: $output" ;; esac
    assert_file memory.high max
    assert_file pids.max 20
    delete --force
}

test_update_checks_the_memory_in_use_before() {
    [ $label != peer ] || skip "runc 1.1 does not look"
    begin '{}' 'dd if=/dev/zero of=/tmp/held bs=1M count=24; echo done; sleep 1000'
    wait_for done
    echo '{"memory": {"limit": 8388608, "checkBeforeUpdate": true}}' >$CASE/new
    try sh -c "$RT update -r - $ID <$CASE/new"
    [ $status != 0 ] || fail "a limit below the memory in use was accepted"
    assert_file memory.max max
    assert_equal status "$(status_of)" running
    delete --force
}

test_update_refuses_what_v2_has_not_got() {
    [ $label != peer ] || skip "runc passes over it"
    begin '{}'
    refused /linux/resources/cpu/realtimeRuntime --cpu-rt-runtime 1000
    refused /cpu/cpus --cpuset-cpus zero
    refused /linux/resources/cpu/cpus --cpuset-cpus 99
    delete --force
}

test_update_sets_the_rate_of_a_disk_and_the_weight() {
    [ $label != peer ] || skip "runc's update knows no rates"
    begin '{}'
    device=$(cat /sys/block/ram0/dev) || skip "no disk"
    echo "{\"blockIO\": {\"throttleReadBpsDevice\":
          [{\"major\": ${device%:*}, \"minor\": ${device#*:}, \"rate\": 1048576}]}}" >$CASE/new
    must sh -c "$RT update -r - $ID <$CASE/new"
    grep -q "^$device rbps=1048576 " $CG/io.max || fail "io.max: $(cat $CG/io.max)"
    update --blkio-weight 500
    delete --force
}

# events_of FLAG...: a stream in the background, its lines in $CASE/events.
events_of() {
    $RT events "$@" $ID </dev/zero >$CASE/events 2>&1 &
    EVENTS=$!
    until_true 5 "events listens" listens
}

listens() {
    ls -l /proc/$EVENTS/fd | grep -q 'memory.events\|inotify'
}

told() {
    grep -q "$1" $CASE/events
}

test_event_statistics_have_the_counts_of_v2() {
    begin '{"memory": {"limit": 67108864}, "pids": {"limit": 13}}'
    must $RT events --stats $ID
    for part in '"pids":{"current":' '"limit":13}' '"usage":{"limit":67108864,' \
        '"raw":{"' '"throttling":{' '"blkio":{'; do
        case $output in *"$part"*) ;; *) fail "expected $part in: $output" ;; esac
    done
    if [ $label != peer ]; then
        case $output in *'"event_count":{'*) ;; *) fail "no counts of events in: $output" ;; esac
        [ ! -e $CG/memory.pressure ] || ! cat $CG/memory.pressure >/dev/null 2>&1 ||
            case $output in *'"psi":{"some":{"avg10":'*) ;; *) fail "no pressure in: $output" ;; esac
    fi
    delete --force
}

test_events_tell_of_a_kill_for_memory_and_end_with_the_container() {
    [ $label != peer ] || skip "runc's end with the cgroup"
    begin '{"memory": {"limit": 25165824, "swap": 25165824}}' \
        'until [ -e /tmp/go ]; do sleep 0.1; done
         dd if=/dev/zero of=/dev/null bs=64M count=1; echo done; sleep 1000'
    events_of --interval 1h
    must $RT exec $ID touch /tmp/go
    until_true 10 "the kill is told" told '"oom"'
    assert_equal "the lines" "$(cat $CASE/events)" "{\"type\":\"oom\",\"id\":\"$ID\"}"
    must $RT kill $ID KILL
    wait $EVENTS || fail "events ended with $?"
    assert_equal "the lines" "$(cat $CASE/events)" "{\"type\":\"oom\",\"id\":\"$ID\"}"
    delete --force
}

test_events_tell_of_the_containers_own_kill() {
    [ $label != peer ] || skip "runc's end with the cgroup"
    begin '{"memory": {"limit": 25165824, "swap": 25165824}}' \
        'until [ -e /tmp/go ]; do sleep 0.1; done
         exec dd if=/dev/zero of=/dev/null bs=64M count=1'
    events_of --interval 1h
    must $RT exec $ID touch /tmp/go
    wait $EVENTS || fail "events ended with $?"
    told '"oom"' || fail "told: $(cat $CASE/events)"
    delete --force
}

test_events_tell_of_pressure_where_they_are_asked_to() {
    [ $label != peer ] || skip "runc's events know no pressure"
    cat $CGROUPS/manager/memory.pressure >/dev/null 2>&1 || skip "the kernel counts no pressure"
    begin '{"memory": {"limit": 16777216, "swap": 16777216}}' \
        'until [ -e /tmp/go ]; do sleep 0.1; done
         while :; do dd if=/dev/zero of=/tmp/held bs=64k count=200; cat /bin/busybox /bin/busybox >/dev/null; done'
    events_of --interval 1h --memory-pressure low
    echo 6M >$CG/memory.high
    must $RT exec $ID touch /tmp/go
    until_true 12 "the pressure is told" told '"pressure"'
    told '"data":{"level":"low"}' || fail "told: $(cat $CASE/events)"
    must $RT kill $ID KILL
    wait $EVENTS || fail "events ended with $?"
    delete --force
}
