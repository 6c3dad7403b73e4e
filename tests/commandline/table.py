"""Every command and flag of runc's and crun's that a caller or a person uses (contract, A1 and A2), and
of nucleus's own: what it takes, and which test shows that it acts."""

import collections

# value: what to give it in a try, None for a flag. shown: `suite: test` that would fail if it did nothing,
# or ACCEPTED, or REFUSED, which the manual page explains.
Flag = collections.namedtuple("Flag", "name letter value shown")

ACCEPTED = "accepted, and without effect by what the manual page says"
REFUSED = "refused by what the manual page says"


def _rows(text):
    """`name[,l][=value] | shown` a line."""
    rows = []
    for line in filter(str.strip, text.splitlines()):
        option, _, shown = (part.strip() for part in line.partition("|"))
        option, equals, value = option.partition("=")
        name, _, letter = option.partition(",")
        rows.append(Flag(name, letter, value if equals else None,
                         {"A": ACCEPTED, "R": REFUSED}.get(shown, shown)))
    return rows


GLOBALS = _rows("""
root=/nonexistent/root   | lifecycle: accepts_repeated_globals_and_takes_the_last
log=                     | lifecycle: writes_one_json_object_to_the_log_and_text_to_stderr
log-format=json          | lifecycle: writes_text_to_the_log_if_told
log-level=error          | commandline: leaves_warnings_out_if_only_errors_are_wanted
debug                    | commandline: tells_what_it_does_only_if_told_so
systemd-cgroup           | systemd: the_unit_is_a_scope_in_the_slice_around_the_init_and_delegated
cgroup-manager=cgroupfs  | commandline: makes_no_cgroup_with_a_disabled_manager
rootless=auto            | A
settings=                | commandline: reads_settings_of_another_file
criu=/usr/sbin/criu      | A
version,v                | lifecycle: prints_its_version
help,h                   | lifecycle: shows_help
""")

_CREATION = """
bundle,b=/nonexistent    | lifecycle: accepts_equals_signs_and_single_dashes
config,f=other.json      | commandline: creates_from_a_config_of_another_name
console-socket=/s        | lifecycle: sends_a_terminal_to_the_console_socket
pidfd-socket=/s          | lifecycle: create_sends_a_pidfd_of_the_container_process
pid-file=/p              | lifecycle: writes_a_pid_file_at_create
no-pivot                 | peers: agrees_on_a_root_that_is_not_pivoted_to
no-new-keyring           | peers: agrees_on_no_new_session_keyring
preserve-fds=0           | commandline: hands_on_as_many_descriptors_as_it_is_told
"""

_BOTH_CHECKPOINT = """
image-path=/i            | R
work-path=/w             | R
tcp-established          | R
ext-unix-sk              | R
shell-job                | R
file-locks               | R
manage-cgroups-mode=soft | R
empty-ns=network         | R
auto-dedup               | R
lazy-pages               | R
network-lock=skip        | R
"""

COMMANDS = {
    "create": _rows(_CREATION + "no-subreaper | A"),
    "run": _rows(_CREATION + """
no-subreaper             | commandline: leaves_orphans_to_the_caller_if_told
detach,d                 | lifecycle: returns_from_a_detached_run_while_the_container_runs
keep                     | lifecycle: keeps_the_container_if_told
"""),
    "start": [],
    "state": [],
    "kill": _rows("""
all,a                    | lifecycle: sends_a_signal_to_every_process_with_all
regex,r                  | lifecycle: kills_every_container_that_an_expression_finds
"""),
    "delete": _rows("""
force,f                  | lifecycle: deletes_a_running_container_by_force
regex,r                  | lifecycle: deletes_every_container_that_an_expression_finds
"""),
    "exec": _rows("""
process,p=/nonexistent   | lifecycle: takes_the_process_from_a_file
console-socket=/s        | lifecycle: sends_the_terminal_of_exec_to_the_console_socket
cwd=/                    | lifecycle: takes_user_cwd_and_env_from_the_command_line
env,e=A=1                | lifecycle: takes_user_cwd_and_env_from_the_command_line
tty,t                    | lifecycle: gives_a_foreground_exec_a_terminal
user,u=1                 | lifecycle: takes_a_uid_alone
additional-gids,g=7      | commandline: adds_groups_and_capabilities_from_the_command_line
detach,d                 | lifecycle: returns_from_a_detached_exec_with_a_pid_file
pid-file=/p              | lifecycle: returns_from_a_detached_exec_with_a_pid_file
process-label=x          | labels: exec_process_label_is_refused_where_the_kernel_has_no_selinux
apparmor=x               | labels: exec_apparmor_is_refused_where_the_kernel_has_no_apparmor
no-new-privs             | commandline: adds_groups_and_capabilities_from_the_command_line
cap,c=CAP_KILL           | lifecycle: gives_no_inheritable_capabilities_with_cap
preserve-fds=0           | commandline: hands_descriptors_on_to_an_executed_process
cgroup=/sub              | commandline: execs_in_a_sub_cgroup_of_every_hierarchy
ignore-paused            | lifecycle: execs_in_a_paused_container_only_if_told_and_waits_for_resume
pidfd-socket=/s          | lifecycle: exec_sends_a_pidfd_of_its_own_process
"""),
    "list": _rows("""
format,f=json            | lifecycle: lists_containers_as_json
quiet,q                  | lifecycle: lists_ids_alone
"""),
    "ps": _rows("format,f=json | lifecycle: lists_the_processes_as_an_array_of_host_pids"),
    "pause": [],
    "resume": [],
    "update": _rows("""
resources,r=/nonexistent | limits: update_reads_resources_from_a_file_and_from_standard_input
blkio-weight=10          | limits: update_changes_the_weight_of_disks
cpu-period=1000          | limits: update_flags_change_what_the_kernel_has
cpu-quota=1000           | limits: update_flags_change_what_the_kernel_has
cpu-share=2              | limits: update_flags_change_what_the_kernel_has
cpu-rt-period=1          | limits: update_sets_realtime_runtime_and_period
cpu-rt-runtime=1         | limits: update_sets_realtime_runtime_and_period
cpu-burst=1              | limits: update_flags_change_what_the_kernel_has
cpu-idle=0               | limits: update_flags_change_what_the_kernel_has
cpuset-cpus=0            | limits: update_flags_change_what_the_kernel_has
cpuset-mems=0            | limits: update_flags_change_what_the_kernel_has
memory=512M              | limits: update_flags_change_what_the_kernel_has
memory-reservation=1M    | limits: update_flags_change_what_the_kernel_has
memory-swap=1M           | limits: update_flags_change_what_the_kernel_has
kernel-memory=1M         | limits: update_tells_of_kernel_memory_and_ignores_it
kernel-memory-tcp=1M     | limits: update_tells_of_kernel_memory_and_ignores_it
pids-limit=1             | limits: update_flags_change_what_the_kernel_has
l3-cache-schema=L3:0=f   | limits: update_refuses_values_without_meaning
mem-bw-schema=MB:0=10    | limits: update_refuses_values_without_meaning
"""),
    "features": [],
    "spec": _rows("""
bundle,b=/nonexistent    | lifecycle: writes_a_config_into_the_bundle_that_is_named
rootless                 | rootless: the_bundle_of_spec_rootless_lives_from_create_to_delete
file,f=other.json        | commandline: writes_a_config_of_another_name
"""),
    "validate": _rows("""
bundle,b=/nonexistent    | schema: judges_the_bundle_that_it_is_told_or_stands_in
schema-only              | schema: finds_what_the_official_schema_finds_in_mutations_of_its_documents
kind=config              | schema: judges_the_settings_file_by_schema_and_by_its_reader
format,f=json            | schema: finds_what_the_official_schema_finds_at_every_place_of_a_complete_document
"""),
    "checkpoint": _rows(_BOTH_CHECKPOINT + """
leave-running            | R
parent-path=/p           | R
pre-dump                 | R
tcp-skip-in-flight       | R
link-remap               | R
status-fd=3              | R
page-server=host:1       | R
"""),
    "restore": _rows(_BOTH_CHECKPOINT + """
bundle,b=/b              | R
console-socket=/s        | R
pid-file=/p              | R
detach,d                 | R
no-pivot                 | R
no-new-keyring           | R
no-subreaper             | R
tcp-close                | R
lsm-profile=selinux:x    | R
lsm-mount-context=x      | R
"""),
    "mounts": [],
    "events": _rows("""
interval=5s              | limits: events_come_at_the_interval_and_end_with_the_container
stats                    | limits: event_statistics_are_those_that_runc_prints_of_the_same_cgroups
memory-pressure=low      | limits: events_tell_of_pressure_only_where_they_are_asked_to
"""),
}

# Known, and in no help text.
HIDDEN = {"criu", "kernel-memory", "kernel-memory-tcp"}
