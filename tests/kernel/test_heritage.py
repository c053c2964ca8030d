# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the bugs and tests of the original: each has a test here, or a reason why not.

The original is the network isolator of Apache Mesos; bugs go by its commits and tickets.
"""

from __future__ import annotations

import ast
import functools
from pathlib import Path

import pytest

# (what was wrong, our tests) or (what was wrong, why it cannot be here)
BUGS: dict[str, tuple[str, list[str] | str]] = {
    "0ab22141f MESOS-1558": (
        "every container held copies of the handles of all others",
        ["test_the_handle_directory_is_a_shared_mount_of_its_own_group"],
    ),
    "fd5bd5944 MESOS-1557": (
        "containers that somebody else started broke the recovery",
        ["test_the_handle_directory_of_others_is_used_as_it_is"],
    ),
    "cdf5aa8de": (
        "the prefix of the interfaces clashed with other tools",
        ["test_a_link_of_somebody_else_with_our_name_is_refused"],
    ),
    "c578bac36": (
        "packets with IP options were matched at a wrong offset",
        ["test_nothing_else_leaves_a_container", "test_nothing_else_reaches_a_container"],
    ),
    "b872ccd08 MESOS-1617": (
        "two filters with one handle: deleting one hit the other",
        [
            "test_removing_one_leaves_the_others_traffic_alone",
            "test_no_two_filters_share_a_handle",
        ],
    ),
    "3a72cb5bc": (
        "clean-up ended at the first error when the container had died early",
        ["test_a_container_whose_pair_is_gone_is_removed"],
    ),
    "7b3522b00 MESOS-1649": (
        "a crash half-way left filters behind or made the next start fail",
        ["test_a_killed_run_harms_nobody_and_is_removed_or_finished"],
    ),
    "f751e3b6b": (
        "removing a link that was gone already was an error",
        ["test_a_container_whose_pair_is_gone_is_removed"],
    ),
    "51aaff382": (
        "ephemeral ports were a resource apart",
        ["test_ephemeral_ranges_are_the_lowest_free_aligned_ones"],
    ),
    "d3eede1a1": (
        "the smallest share of ephemeral ports was tied to the default",
        ["test_the_host_refuses", "test_ephemeral_ranges_are_the_lowest_free_aligned_ones"],
    ),
    "645adc6ab": ("IPv6 was left on", ["test_ipv6_is_off_inside_and_on_the_veth"]),
    "eb805f0e6 MESOS-5381": (
        "failed on a host without IPv6",
        ["test_a_container_works_where_ipv6_is_switched_off"],
    ),
    "93fb57f36": (
        "sysctls of sockets fell back to the kernel's defaults",
        ["test_sockets_inside_are_tuned_like_those_of_the_host"],
    ),
    "b06deeb58": (
        "so did those of ECN",
        ["test_sockets_inside_are_tuned_like_those_of_the_host"],
    ),
    "c18a50a0f MESOS-1853": (
        "a script remounted /proc and /sys",
        "Nothing is run inside a container: no script, no mount namespace, no /proc of its own.",
    ),
    "b4528ce46 MESOS-1989": (
        "counters were those of the host's end",
        ["test_statistics_are_seen_from_inside"],
    ),
    "5d3093a39": (
        "a handle in use could not be removed, and clean-up failed",
        ["test_a_handle_in_use_can_be_removed"],
    ),
    "ce2aedf4a": (
        "a shell wrote a wrong port range",
        ["test_the_inside_is_configured"],
    ),
    "476d3bfa5": (
        "link operations reported wrong errors",
        ["test_a_link_of_somebody_else_with_our_name_is_refused"],
    ),
    "de0307cb8 0e4f6564a MESOS-2528": (
        "a container's name was lost with the metadata",
        ["test_a_lost_record_loses_no_container"],
    ),
    "8b365a487 MESOS-2671": (
        "a strange file among the handles was fatal",
        ["test_strange_files_among_the_handles_are_left_alone"],
    ),
    "MESOS-2547": (
        "handles of dead containers piled up",
        [
            "test_a_killed_run_harms_nobody_and_is_removed_or_finished",
            "test_a_dead_namespace_is_replaced",
        ],
    ),
    "1b358b5ae MESOS-2367": (
        "recovery waited for orphans to be destroyed",
        "There is no agent to recover: each run observes the kernel and is done.",
    ),
    "96e65d966 MESOS-2914": (
        "removing one orphan took the shared filters of all",
        ["test_removing_one_leaves_the_others_traffic_alone"],
    ),
    "f6155c097": ("an orphan's record was freed twice", "Python frees nothing twice."),
    "c9fb7ebf5": (
        "a look-up of a qdisc found one of another link",
        ["test_one_run_repairs_a_damaged_host", "test_one_run_repairs_a_damaged_container"],
    ),
    "d82ec9207": (
        "a bad leaf qdisc below the rate limit",
        ["test_what_waits_waits_shortly_and_a_neighbour_not_at_all"],
    ),
    "351a40e8c": (
        "propagation was changed in the host's mount namespace",
        ["test_absent_gives_the_host_its_first_state_back"],
    ),
    "aac4aa96b MESOS-3204": (
        "a script went on after a failure: half a container",
        ["test_a_failure_half_way_is_told_and_undone"],
    ),
    "4556c3c93 869b8f06b": (
        "noise about missing rate limits",
        ["test_who_is_not_limited_has_and_is_asked_nothing_more"],
    ),
    "de9c8dc9a 6880a5f6c MESOS-6420 d4583113d": (
        "descriptors leaked",
        "A module is a process that ends after each task; nothing can pile up in it.",
    ),
    "dfd1c4c2e": (
        "somebody's qdisc was silently taken for ours",
        ["test_the_qdisc_and_filters_of_others_survive"],
    ),
    "bffe14b37": ("filters of fair queueing were left out", "There is no fair queueing yet."),
    "afd56ea59": (
        "corrupt packets were accepted for want of a checksum",
        ["test_a_corrupt_packet_is_not_delivered"],
    ),
    "09a2fb3ee": (
        "a reused pid met the old veth and crashed",
        ["test_the_same_name_with_another_process_moves_to_it"],
    ),
    "7e54d3df7": ("a probe of ethtool was noisy", "No program is run."),
    "eaecce08a MESOS-4662": (
        "a handle directory that is a symbolic link was not recognised as a mount",
        ["test_the_handle_directory_may_be_reached_by_a_link"],
    ),
    "634f11b27": (
        "the handle directory shared its parent's peer group",
        ["test_the_handle_directory_is_a_shared_mount_of_its_own_group"],
    ),
    "f9a0db8ef MESOS-5673": (
        "crashed without a handle directory",
        ["test_present_says_what_the_host_is"],
    ),
    "d8b88e7f6 201eb88be MESOS-7074": (
        "a link without a speed was refused",
        "The speed of a link is not asked for.",
    ),
    "c52f5bf34 MESOS-7348": (
        "crashed while saying that an interface was not found",
        ["test_the_host_refuses", "test_a_host_without_default_route_must_name_its_interface"],
    ),
    "0dbb535fa": (
        "crashed when a link vanished while links were listed",
        "One dump lists all links; none is asked for again by name.",
    ),
    "58b722a4a MESOS-7130": (
        "the MTU inside was not the host's",
        ["test_the_inside_is_configured", "TestAChangedHost"],
    ),
    "e879e920c": (
        "ephemeral ports leaked with containers that were never isolated",
        ["test_a_freed_ephemeral_range_is_handed_out_again"],
    ),
    "ea38d7e03": (
        "recovery silently never ran",
        ["test_a_lost_record_loses_no_container"],
    ),
    "16afd5221": (
        "traffic went round a late rate limit",
        [
            "test_a_limit_changes_under_a_connection",
            "test_a_limit_comes_changes_and_goes_under_a_connection",
        ],
    ),
    "554524a0e": (
        "rates overflowed 32 bits",
        ["test_rates_above_32_bits_arrive_in_the_kernel"],
    ),
    "4a60f96a4": (
        "rates were capped at 32 bits",
        ["test_rates_above_32_bits_arrive_in_the_kernel", "test_a_class_is_read_as_it_is_sent"],
    ),
    "03aba5411": (
        "all links were dumped once per container",
        ["test_the_requests_for_one_are_these_whatever_the_number_of_others"],
    ),
    "bb43adbab": (
        "a message told a wrong value",
        ["test_the_host_refuses", "test_a_container_refuses", "test_ranges_refuse"],
    ),
    "06e17bd9a": (
        "a port range was written and not verified",
        ["test_one_run_repairs_a_damaged_container", "test_the_inside_is_configured"],
    ),
    "82bff25ef": (
        "a default route written as 0.0.0.0/0 was not recognised",
        ["test_the_public_interface_is_that_of_the_default_route"],
    ),
    "8b202bbeb 25f35402a 70d9da223 MESOS-10243": (
        "udev overwrote a MAC that was set after creation",
        ["test_both_ends_are_born_with_the_mac_of_the_host"],
    ),
    "ports: de508d94d MESOS-8440": (
        "good tasks were killed after a recovery",
        ["test_the_good_go_on_when_the_service_comes_back_and_the_bad_do_not"],
    ),
    "ports: 2fc779bfc 53ef89023 24359e643 38b0bbb91 5fb4281aa MESOS-9133 MESOS-8340": (
        "a fixed range, no dry run, executors and networks of others judged, IPv4 alone",
        ["test_reporting_denies_nothing", "test_who_is_in_no_guarded_group_is_not_asked"],
    ),
    "unfixed: 32 targets": (
        "a mirror ended at 32 containers",
        [
            "test_an_arp_reply_reaches_all_forty_or_none",
            "test_an_echo_reply_that_nobody_asked_for_reaches_all_forty_or_none",
        ],
    ),
    "unfixed: duplicate answers": (
        "every container answered pings and ARP for the host",
        ["test_a_ping_to_the_host_is_answered_once", "test_one_arp_reply_for_one_request"],
    ),
    "unfixed: port 65535": (
        "vanished from a range that ended there",
        ["test_ports_at_the_ends_of_the_world"],
    ),
    "unfixed: a block of both kinds": (
        "a block could span service and ephemeral ports that touch",
        ["test_touching_pools_are_cut_apart"],
    ),
    "unfixed: values of the start": (
        "address, MAC, MTU and gateway were read once",
        ["TestAChangedHost"],
    ),
}

TESTS: dict[str, list[str] | str] = {
    "ROOT_NC_ContainerToContainerTCP": [
        "test_a_port_of_the_first_is_reached_and_a_port_of_nobody_is_not"
    ],
    "ROOT_NC_ContainerToContainerUDP": [
        "test_a_port_of_the_first_is_reached_and_a_port_of_nobody_is_not"
    ],
    "ROOT_NC_HostToContainerUDP": [
        "test_a_port_of_the_first_is_reached_and_a_port_of_nobody_is_not"
    ],
    "ROOT_NC_HostToContainerTCP": [
        "test_a_port_of_the_first_is_reached_and_a_port_of_nobody_is_not"
    ],
    "ROOT_ContainerICMPExternal": ["test_ping"],
    "ROOT_ContainerICMPInternal": ["test_ping"],
    "ROOT_ContainerARPExternal": ["test_arping"],
    "ROOT_DNS": ["test_a_name_server_behind_the_gateway_answers"],
    "ROOT_TooManyContainers": ["test_the_pool_may_be_too_small_for_a_second"],
    "ROOT_NC_Small{Egress,Ingress}Limit": [
        "test_the_original_has_twenty_kilobytes_take_nine_seconds"
    ],
    "ROOT_Scale{Egress,Ingress}WithCPU{,Large,AutoConfig}": [
        "test_a_rate_follows_whole_cpus_between_minimum_and_maximum",
        "test_large_rates_follow_cpus_too",
        "test_auto_is_the_links_speed_by_the_cpus",
    ],
    "ROOT_Upgrade": [
        "test_a_limit_comes_changes_and_goes_under_a_connection",
        "test_the_pair_is_there_as_long_as_somebody_is_limited",
    ],
    "ROOT_NC_PortMappingStatistics": [
        "test_statistics_are_seen_from_inside",
        "test_statistics_count_one_direction_each",
        "test_each_level_adds_fields_of_its_own",
        "test_connections_and_their_times_are_those_of_ss",
    ],
    "ROOT_NC_PortMappingRateStatistics": ["test_rates_are_those_of_what_flows"],
    "PercentileRatesCollector": "Prometheus keeps samples; the dashboard asks it for percentiles.",
    "ROOT_CleanupNotIsolated": ["test_a_freed_ephemeral_range_is_handed_out_again"],
    "ROOT_CGROUPS_RecoverMixedContainers": [
        "test_the_handle_directory_of_others_is_used_as_it_is"
    ],
    "ROOT_CGROUPS_CleanUpOrphan": ["test_a_removed_pair_leaves_no_filter_of_ports"],
    "ROOT_NetworkNamespaceHandleSymlink": ["test_the_handles_are_usable_with_the_usual_tools"],
    "ROOT_CGROUPS_RecoverMixedKnownAndUnKnownOrphans": [
        "test_purge_removes_who_is_not_listed",
        "test_an_orphaned_handle_is_told",
    ],
    "routing: ROOT_LinkCreateWithTargetMAC": ["test_both_ends_are_born_with_the_mac_of_the_host"],
    "routing: ROOT_LinkCreatePid": ["test_a_namespace_by_pid"],
    "routing: ROOT_LinkRemove, ROOT_LinkWait": [
        "test_absent_of_an_unknown_container_changes_nothing",
        "test_a_namespace_is_made_when_missing_and_goes_with_the_container",
    ],
    "routing: ROOT_LinkSetUp, ROOT_LinkSetMAC, ROOT_LinkMTU": [
        "test_one_run_repairs_a_damaged_container"
    ],
    "routing: Eth0, Lo, RouteTable": ["test_the_public_interface_is_that_of_the_default_route"],
    "routing: ROOT_IngressQdisc": [
        "test_the_qdisc_and_filters_of_others_survive",
        "test_absent_gives_the_host_its_first_state_back",
    ],
    "routing: ROOT_HTBQdisc": [
        "test_a_class_is_read_as_it_is_sent",
        "test_taken_away_nothing_is_left",
        "test_two_classes_of_what_is_sent_are_added_up",
        "test_a_limit_is_told_with_what_it_has_cost",
    ],
    "routing: ROOT_FqCodeQdisc": ["test_packets_wait_in_fq_codel_and_the_result_says_so"],
    "routing: ROOT_FqCodelClassifier": [
        "test_each_container_has_the_same_whatever_it_opens",
        "test_each_has_a_class_and_who_is_limited_its_own",
    ],
    "routing: ROOT_ARPFilter*": [
        "test_the_last_one_takes_the_mirrors_along",
        "test_an_arp_reply_reaches_all_forty_or_none",
    ],
    "routing: ROOT_ICMPFilter*": [
        "test_an_echo_reply_that_nobody_asked_for_reaches_all_forty_or_none"
    ],
    "routing: ROOT_IPFilter*": ["test_packets_reach_exactly_those_whom_they_concern"],
    "routing: ROOT_HandleGeneration": ["test_no_two_filters_share_a_handle"],
    "ports: QueryProcessSockets": ["test_a_listener_from_before_is_found_and_told"],
    "ports: ROOT_IsolatorFlags": ["test_bad_input_changes_nothing_and_is_named"],
    "ports: ROOT_CommandExecutorPorts": "No executor has ports beside those of a task here.",
    "ports: ROOT_NC_{Allocated,PortEnforcementIsolated,NoPortsResource}Port{s,}": [
        "test_a_foreign_port_is_refused_and_an_own_or_free_one_is_not"
    ],
    "ports: ROOT_NC_DefaultPortsResource": "Pools have no default: the operator names them.",
    "ports: ROOT_NC_UnallocatedPorts": [
        "test_stop_and_kill_end_a_group_and_name_process_and_port"
    ],
    "ports: ROOT_NC_NoPortEnforcement": ["test_reporting_denies_nothing"],
    "ports: ROOT_NC_Recover{,Nested}{Bad,Good}Task": [
        "test_the_good_go_on_when_the_service_comes_back_and_the_bad_do_not"
    ],
    "ports: ROOT_NC_TaskGroup": [
        "test_one_below_who_takes_a_port_ends_all_below_the_guard_once",
        "test_the_groups_below_are_guarded_too",
    ],
}


@functools.cache
def names() -> set[str]:
    """The tests and test classes of the files beside and below this one, of what is pure, and of other kernels."""
    here = Path(__file__).parent
    folders = (here, here.with_name("unit"), here.with_name("emulated"))
    return {
        node.name
        for folder in folders
        for path in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }


@pytest.mark.parametrize("bug", BUGS)
def test_each_bug_of_the_original_is_answered(bug: str) -> None:
    wrong, answer = BUGS[bug]
    assert wrong
    if isinstance(answer, list):
        assert answer
        assert [name for name in answer if name not in names()] == []
    else:
        assert answer.endswith(".")


@pytest.mark.parametrize("original", TESTS)
def test_each_test_of_the_original_is_answered(original: str) -> None:
    answer = TESTS[original]
    if isinstance(answer, list):
        assert [name for name in answer if name not in names()] == []
    else:
        assert answer.endswith(".")
