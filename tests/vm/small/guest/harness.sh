# usage: harness.sh LABEL FILE: runs every test_* function of FILE with /runtimes/LABEL, each in a
# shell of its own under a time limit, and takes a census around it. One result line each on
# descriptor 3.
label=$1 file=$2
root=/run/$label
limit=30

census() {
    find /sys/fs/cgroup -type d | sort
    while read -r pid; do  # a builtin: a program would find itself in the list
        comm=
        read -r comm 2>/dev/null </proc/$pid/comm
        # busybox's timeout leaves a watcher that looks once a second whether it is still needed.
        [ $pid = $$ ] || [ $pid = $PPID ] || [ "$comm" = timeout ] || echo "process $pid $comm"
    done </sys/fs/cgroup/manager/cgroup.procs
    cut -d' ' -f2- /proc/mounts
    [ -d $root ] && find $root -mindepth 1 -maxdepth 1
    return 0
}

# Whether the census is again what it was; what is on its way out has two seconds to go.
settled() {
    for round in 1 2 3 4 5 6 7 8 9 10; do
        census >/tmp/after
        cmp -s /tmp/before /tmp/after && return 0
        diff -U0 /tmp/before /tmp/after | grep '^[+-][^+-]' | grep -v '^-process' >/tmp/difference ||
            return 0
        sleep 0.2
    done
    return 1
}

# What a failed test left would fail the next one's census too.
sweep() {
    for left in $(grep '^+process' /tmp/difference | cut -d' ' -f2); do
        kill -KILL "$left"
    done
    grep '^+/sys/fs/cgroup' /tmp/difference | cut -c2- | sort -r | while read -r left; do
        echo 1 >"$left/cgroup.kill"
        sleep 0.2
        rmdir "$left"
    done
    rm -rf $root
}

report() {
    echo "$label $*" >&3
}

for name in $(sed -n 's/^test_\([a-z0-9_]*\)() {$/\1/p' "$file"); do
    case $name in *"$(cat /tests/only)"*) ;; *) continue ;; esac
    [ ! -s /tests/chosen ] || grep -qx "$name" /tests/chosen || continue
    rm -rf /tmp/case
    mkdir -p /tmp/case $root
    census >/tmp/before
    read -r begun _ </proc/uptime
    timeout -s KILL $limit sh /tests/lib.sh $label "$file" "$name" >/tmp/case/log 2>&1
    status=$?
    sh /tests/lib.sh $label "$file" cleanup >>/tmp/case/log 2>&1
    why=
    [ -s /tmp/case/why ] && why=$(cat /tmp/case/why)
    if ! settled; then
        left=$(head -3 /tmp/difference | tr '\n' ' ')
        [ $status = 0 ] && status=1
        why="${why:+$why; }left behind: $left"
        sweep >>/tmp/case/log 2>&1
    fi
    read -r ended _ </proc/uptime
    echo "--- $label $name $begun $ended"
    [ -e /tmp/case/removed ] && report "removed $name"
    case $status in
    0) report "ok $name" ;;
    77) report "skip $name: $why" ;;
    137) report "FAIL $name: ${why:-no end within $limit s}" ;;
    *) report "FAIL $name: ${why:-status $status}" ;;
    esac
    if [ $status != 0 ] && [ $status != 77 ]; then
        echo "=== $label $name"
        cat /tmp/case/log /tmp/case/*/out 2>/dev/null
    fi
done
