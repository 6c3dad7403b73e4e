"""Where Debian's runc 1.1.5 does otherwise than these tests ask, and why. Each entry is held: a test
that runc passes after all fails the suite when runc is under test."""

from support import report

RUNC = {
    "runc 1.1 has no idmapped mounts and drops their mappings (runc 1.2 has them)": """
        an_idmapped_bind_shows_the_ids_of_its_own_mapping
        what_an_idmapped_mount_writes_lands_with_the_file_systems_own_id
        uids_and_gids_are_mapped_apart_and_range_by_range
        an_id_that_the_mapping_leaves_out_is_nobodys
        mappings_count_without_the_option_too
        idmap_of_a_recursive_bind_maps_its_top_alone
        ridmap_maps_the_whole_tree
        idmap_alone_takes_the_mapping_of_the_containers_user_namespace
        ridmap_alone_takes_that_mapping_for_the_whole_tree
        a_mapping_of_its_own_counts_in_a_user_namespace_too
        root_of_a_user_namespace_owns_what_it_writes_to_an_idmapped_mount
        a_new_file_system_can_be_idmapped
        an_idmapped_mount_keeps_its_other_options
        a_file_can_be_idmapped
        the_form_of_crun_names_a_mapping_in_the_option
        the_form_of_crun_can_be_relative_to_the_user_namespace
        refuses_idmap_without_mappings_and_without_a_user_namespace
        refuses_ridmap_without_mappings_and_without_a_user_namespace
        refuses_uid_mappings_without_gid_mappings_and_the_other_way_round
        refuses_mappings_that_overlap
        refuses_a_cgroup_mount_and_a_remount_that_are_idmapped
        a_file_system_without_idmapped_mounts_is_an_error_that_says_so
        ridmap_fails_where_one_mount_of_the_tree_cannot_be_mapped
        refuses_a_mapping_in_the_option_that_cannot_be_read""",
    "runc 1.1 keeps what the source's mount forbids, whatever the options say (mount(8), remount)": """
        rw_acts_on_the_top_of_a_tree_and_rrw_on_all_of_it
        suid_acts_on_the_top_of_a_tree_and_rsuid_on_all_of_it
        dev_acts_on_the_top_of_a_tree_and_rdev_on_all_of_it
        exec_acts_on_the_top_of_a_tree_and_rexec_on_all_of_it
        symfollow_acts_on_the_top_of_a_tree_and_rsymfollow_on_all_of_it
        diratime_acts_on_the_top_of_a_tree_and_rdiratime_on_all_of_it
        atime_acts_on_the_top_of_a_tree_and_ratime_on_all_of_it
        norelatime_acts_on_the_top_of_a_tree_and_rnorelatime_on_all_of_it
        nostrictatime_acts_on_the_top_of_a_tree_and_rnostrictatime_on_all_of_it
        the_words_for_the_top_count_more_than_those_for_the_tree""",
    "runc 1.1 changes the mount at a remount, never the instance, and needs both for a bind": """
        remount_changes_the_mount_that_is_there
        a_remount_of_a_bind_changes_the_mount_and_not_the_instance""",
    "runc 1.1 hands `defaults` to the file system, which does not know it": """
        defaults_is_a_word_of_mount_8_and_no_file_systems""",
    "runc 1.1 accepts it and does nothing (config.md#mounts: an error MUST be generated)": """
        refuses_an_option_that_the_file_system_does_not_know_in_its_words
        refuses_what_no_descriptor_can_change
        refuses_a_bind_whose_source_is_not_said_or_not_there
        refuses_tmpcopyup_of_anything_but_a_tmpfs
        refuses_masked_and_read_only_paths_that_are_not_absolute""",
    "runc 1.1 copies up no fifo and no socket": """
        tmpcopyup_fills_a_tmpfs_with_what_it_covers
        tmpcopyup_fills_a_read_only_tmpfs_too
        tmpcopyup_keeps_a_mode_that_the_options_name""",
    "runc 1.1 gives the root the propagation of the mount that it makes of it": """
        a_slave_root_receives_the_hosts_later_mounts
        an_unbindable_root_receives_none_and_cannot_be_bound
        a_shared_root_is_of_a_peer_group""",
    "runc 1.1 fails on a masked path below a file, and leaves mounts below a read-only path alone": """
        a_masked_path_that_is_missing_stays_missing
        a_read_only_path_is_so_with_the_mounts_below_it""",
}

# Not even tried.
NEVER = {"refuses_mounts_in_a_mount_namespace_that_is_not_the_containers_own":
         "runc 1.1 makes the mounts in the machine's own mount namespace and leaves them there"}


def hold(suite):
    """Makes each of these tests, where runc is under test, a skip with the reason, or a failure if
    runc does as the test asks."""
    why = {name: reason for reason, names in RUNC.items() for name in names.split()}
    unknown = set(why) - {case.name for case in suite.cases}
    if unknown:
        raise ValueError("no such tests: " + ", ".join(sorted(unknown)))
    for case in suite.cases:
        if case.name in NEVER:
            case.function = _spared(case.function, NEVER[case.name])
        if case.name in why:
            case.function = _held(case.function, why[case.name])


def _held(function, reason):
    def test(t):
        if t.runtime.kind != "runc":
            return function(t)
        try:
            function(t)
        except AssertionError:
            report.skip(reason, impossible=True)
        return report.fail(f"runc does what it is said not to do: {reason}")
    return test


def _spared(function, reason):
    def test(t):
        if t.runtime.kind == "runc":
            report.skip(reason, impossible=True)
        function(t)
    return test
