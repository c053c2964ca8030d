# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""In what a process in a container differs, with eBPF, from a process of the host: all that is known.

The guide for operators tells them in these words.  Each has the test that shows the difference; any other that
a test of hosts/ finds is a fault.
"""

from __future__ import annotations

# what the guide says: the test that shows it
DIFFERENCES = {
    "It sends from its own ports alone.": (
        "tests/kernel/test_leaving.py::test_nothing_else_leaves_a_container"
    ),
    "A port on ``127.0.0.1`` or ``::1`` belongs to its owner, wherever on the host it is asked for.": (
        "tests/hosts/test_ipv6.py::test_everybody_reaches_a_container_where_he_reaches_the_host"
    ),
    "The firewall of the host, its connection tracking and its translation of addresses are not before it;"
    " ``allow_from`` stands in.": (
        "tests/hosts/test_firewall.py::test_it_does_not_guard_containers_which_is_told_once"
    ),
    "It belongs to no group of multicast, and hears none.": (
        "tests/hosts/test_ipv6_frames.py::test_a_container_gets_what_is_for_it"
    ),
    "It has no address of its link (``fe80::``), and all its routes of IPv6 lead through one gateway.": (
        "tests/hosts/test_ipv6.py::test_no_frame_to_find_a_neighbour_leaves_a_container"
    ),
    'Where a route of the host is unreachable, IPv6 says "network is unreachable".': (
        "tests/hosts/test_ipv6.py::test_where_the_host_has_no_route_a_container_is_told_at_once"
    ),
    "Where the host has no route, a datagram is lost without a word, unless its socket asks for errors.": (
        "tests/hosts/test_whole_host.py::test_a_datagram_to_where_no_route_leads_is_lost_without_a_word"
    ),
    "The first datagram of IPv6 that is too long for a link is lost, if the run knew of a larger MTU.": (
        "tests/hosts/test_ipv6.py::test_what_is_too_long_for_a_link_is_told_to_who_has_sent_it"
    ),
    "It sees none of the host's other interfaces, so no socket can be bound to one.": (
        "tests/hosts/test_whole_host.py::test_no_socket_is_bound_to_another_interface_of_the_host"
    ),
    "Pings, and datagrams that are begun and not ended, are bounded.": (
        "tests/kernel/test_datagrams.py::test_a_flood_of_requests_ends_after_a_thousand"
    ),
}
