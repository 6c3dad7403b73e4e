# usage: lib.sh LABEL FILE TEST: runs one test function of FILE, or removes what it left (cleanup).
#
# A test sets the variables below, calls `bundle`, drives the runtime with `create`, `start`, `run`
# and so on, and asserts. The first assertion that fails ends it. $CG is the container's cgroup.
label=$1 file=$2 name=$3
RT="/runtimes/$label --root /run/$label"
CASE=/tmp/case
CGROUPS=/sys/fs/cgroup

# What `bundle` puts into config.json.
cgroups_path=            # default: /ID
resources='{}'
script='sleep 1000'      # the container's program, a shell script
namespaces='{"type":"pid"},{"type":"mount"},{"type":"ipc"},{"type":"uts"},{"type":"network"},{"type":"cgroup"}'
id_mappings=
cgroup_mount_options='"nosuid","noexec","nodev","relatime","ro"'
capabilities='"CAP_MKNOD","CAP_KILL","CAP_SYS_ADMIN"'
rlimits=
oom_score_adj=
devices=
user=0                   # and group
apparmor_profile=
selinux_label=
mount_label=
no_new_privileges=true
proc_mount='{"destination": "/proc", "type": "proc", "source": "proc"}'

fail() {
    echo "$*" | tr '\n' ' ' >$CASE/why
    exit 1
}

skip() {
    echo "$*" >$CASE/why
    exit 77
}

# bundle ID: writes the bundle of container ID from the variables and makes it the current one.
bundle() {
    ID=$1
    B=$CASE/$ID
    mkdir -p $B
    echo $ID >>$CASE/ids
    : "${cgroups_path:=/$ID}"
    CG=$CGROUPS/${cgroups_path#/}
    printf '%s\n' "$script" >/rootfs/scripts/$ID
    cat >$B/config.json <<JSON
{
  "ociVersion": "1.0.2",
  "process": {
    "terminal": false,
    "user": {"uid": $user, "gid": $user},
    "args": ["/bin/sh", "/scripts/$ID"],
    "env": ["PATH=/bin"],
    "cwd": "/",
    ${rlimits:+\"rlimits\": [$rlimits],}
    ${oom_score_adj:+\"oomScoreAdj\": $oom_score_adj,}
    "capabilities": {
      "bounding": [$capabilities], "effective": [$capabilities], "permitted": [$capabilities]
    },
    ${apparmor_profile:+\"apparmorProfile\": \"$apparmor_profile\",}
    ${selinux_label:+\"selinuxLabel\": \"$selinux_label\",}
    "noNewPrivileges": $no_new_privileges
  },
  "root": {"path": "/rootfs", "readonly": false},
  "hostname": "guest",
  "mounts": [
    $proc_mount,
    {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
     "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},
    {"destination": "/sys", "type": "sysfs", "source": "sysfs",
     "options": ["nosuid", "noexec", "nodev", "ro"]},
    {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
     "options": [$cgroup_mount_options]}
  ],
  "linux": {
    ${id_mappings:+\"uidMappings\": [$id_mappings], \"gidMappings\": [$id_mappings],}
    ${devices:+\"devices\": [$devices],}
    ${mount_label:+\"mountLabel\": \"$mount_label\",}
    "cgroupsPath": "$cgroups_path",
    "namespaces": [$namespaces],
    "resources": $resources
  }
}
JSON
    [ ! -e /tests/remove/$name ] || without_a_property
}

# What tests/support/removal.py does elsewhere: conformance/prove sees the test fail without it.
without_a_property() {
    jq --argjson tokens "$(cat /tests/remove/$name)" -f /tests/remove.jq $B/config.json >$B/less ||
        fail "jq cannot remove $(cat /tests/remove/$name)"
    jq . $B/config.json | cmp -s - $B/less || touch $CASE/removed
    mv $B/less $B/config.json
}

# create: makes the container, its output going to $B/out; fails the test if the runtime does.
create() {
    $RT create --bundle $B --pid-file $B/pid $ID </dev/zero >$B/out 2>&1 ||
        fail "create $ID: $(tail -c 300 $B/out)"
    PID=$(cat $B/pid)
}

# refuses POINTER RESOURCES: no container under these; the error names the property, and nothing is
# left. The words are our runtime's own, and crun leaves the cgroup: a peer is asked for the refusal
# only.
refuses() {
    resources=$2
    bundle refused
    # To a file: a container that was accepted would hold a pipe open.
    ! $RT create --bundle $B --pid-file $B/pid $ID </dev/zero >$B/out 2>&1 ||
        fail "create accepted $2"
    if [ $label = peer ]; then
        [ ! -d $CG ] || rmdir $CG
        return 0
    fi
    grep -qF "$1" $B/out || fail "expected $1 in: $(cat $B/out)"
    assert_gone $CG
    assert_gone /run/$label/$ID
}

start() {
    $RT start $ID >$B/start 2>&1 || fail "start $ID: $(tail -c 300 $B/start)"
}

# try COMMAND…: its output is left in $output, its status in $status.
try() {
    output=$("$@" 2>&1 </dev/zero)
    status=$?
}

must() {
    try "$@"
    [ $status = 0 ] || fail "$*: status $status: $output"
}

delete() {
    must $RT delete "$@" $ID
}

status_of() {
    $RT state $ID | tr -d ' \n' | sed -n 's/.*"status":"\([a-z]*\)".*/\1/p'
}

# until_true SECONDS WHAT COMMAND…: asks the command again and again.
until_true() {
    rounds=$(($1 * 20)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        rounds=$((rounds - 1))
        [ $rounds -gt 0 ] || fail "waited in vain until $what; output: $(tail -c 200 $B/out)"
        sleep 0.05
    done
}

exited() {
    [ ! -d /proc/$PID ]
}

said() {
    grep -q "$1" $B/out
}

wait_exit() {
    until_true 15 "the container process ended" exited
}

wait_for() {
    until_true 15 "the container said '$1'" said "$1"
}

# value KEY FILE: of a flat keyed file.
value() {
    sed -n "s/^$1 //p" "$2"
}

assert_equal() {
    [ "$2" = "$3" ] || fail "$1: expected '$3', found '$2'"
}

assert_file() {
    [ -e $CG/$1 ] || fail "$CG/$1 does not exist"
    assert_equal $1 "$(cat $CG/$1)" "$2"
}

# assert_owner FILE UID: on the host.
assert_owner() {
    assert_equal "owner of $1" "$(stat -c %u "$1")" "$2"
}

assert_gone() {
    [ ! -e "$1" ] || fail "$1 is still there"
}

assert_said() {
    said "$1" || fail "the container did not say '$1' but '$(tail -c 300 $B/out)'"
}

# spare_modules: loads what the tests of one file need and the others do without.
spare_modules() {
    for module in /modules/spare/*.ko; do
        insmod $module 2>/dev/null
    done
}

. "$file"
if [ "$name" = cleanup ]; then
    for id in $(cat $CASE/ids 2>/dev/null); do
        [ ! -e /run/$label/$id ] || $RT delete --force $id
        rm -f /rootfs/scripts/$id
    done
    ! type after_test >/dev/null 2>&1 || after_test
    exit 0
fi
set -u
"test_$name"
