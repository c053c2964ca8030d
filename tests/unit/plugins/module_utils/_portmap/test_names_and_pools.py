# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.options import Pools
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import (
    Range,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted import claims
from ansible_collections.netiso.portmap.tests.unit.plugins.module_utils._portmap.wishes import (
    POOLS,
    complaint,
    ranges,
    resolve,
    wish,
)

LINUX = Range(32768, 60999)  # what a host takes its own ports from unless it was told otherwise


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["web", "A", "7", "a.b_c-D", "x" * 63])
def test_a_name_of_letters_digits_and_little_else_is_taken(name):
    assert claims.check_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "-web", ".web", "_web", "we b", "web/1", "..", "wéb", "web\n", "web:1", "x" * 64]
)
def test_any_other_name_is_refused(name):
    assert complaint(claims.check_name, name, "netns") == (
        f"cannot use netns '{name}': a container's name has 1 to 63 letters, digits, '.', '_' and"
        " '-', and starts with a letter or a digit"
    )


def test_a_name_may_stand_in_a_list_once():
    claims.check_unique(["web", "db", "cache"])
    assert complaint(claims.check_unique, ["web", "db", "web", "web"]) == (
        "cannot place web: the list has it 3 times"
    )


def test_two_names_that_lead_to_one_link_are_refused():
    one, other = (
        "service-204292",
        "service-469471",
    )  # found by trying: seven letters of a hash agree
    assert complaint(resolve, wish(one), wish(other)) == (
        f"cannot place {other} beside {one}: both would have the link pm-servieywybn7; rename one"
    )


# --- pools --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "ephemeral", "size"),
    [
        (["31000-32000"], "30001-30999", 16),
        (["31000-32000"], "30001-30999", 512),
        ([], "30000-30999", 16),
        (["1-1023", "61000-65535"], "1024-32767", 1024),
        (["31000-32767"], "30976-30999", 16),
    ],
)
def test_pools_beside_each_other_and_the_host_are_taken(service, ephemeral, size):
    claims.check_pools(Pools(ranges(*service), ranges(ephemeral)[0], size), LINUX)


@pytest.mark.parametrize(
    ("service", "ephemeral", "size", "sentence"),
    [
        (["31000-32000"], "30001-30999", 0, "cannot use ephemeral_ports_per_container 0: it must be a power of two, 16 or more"),
        (["31000-32000"], "30001-30999", 8, "cannot use ephemeral_ports_per_container 8: it must be a power of two, 16 or more"),
        (["31000-32000"], "30001-30999", 100, "cannot use ephemeral_ports_per_container 100: it must be a power of two, 16 or more"),
        (["31000-32000"], "30001-30999", -16, "cannot use ephemeral_ports_per_container -16: it must be a power of two, 16 or more"),
        (["31000-32000"], "30001-30999", 1024, (
            "cannot use ephemeral_ports 30001-30999: no range of 1024 ports that starts at a multiple of "
            "1024 fits in (ephemeral_ports_per_container)"
        )),
        (["31000-32000"], "1023-30999", 16, (
            "cannot use ephemeral_ports 1023-30999: ports below 1024 are those of well-known services; "
            "start at 1024 or later"
        )),
        (["31000-32000"], "30001-30015", 16, (
            "cannot use ephemeral_ports 30001-30015: no range of 16 ports that starts at a multiple of 16 "
            "fits in (ephemeral_ports_per_container)"
        )),
        (["31000-32000", "30100-30199"], "30001-30999", 16,
         "cannot use ports 30100-30199, 31000-32000 and ephemeral_ports 30001-30999: 30100-30199 is in both"),
        (["32000-33000"], "30001-30999", 16, (
            "cannot use ports 32000-33000: 32768-33000 is in 32768-60999, from which the host takes its own "
            "ports (net.ipv4.ip_local_port_range); move that with host_ephemeral_ports"
        )),
        (["31000-32000"], "60000-62000", 16, (
            "cannot use ephemeral_ports 60000-62000: 60000-60999 is in 32768-60999, from which the host "
            "takes its own ports (net.ipv4.ip_local_port_range); move that with host_ephemeral_ports"
        )),
    ],
)  # fmt: skip
def test_other_pools_are_refused_with_the_values_and_the_option(
    service, ephemeral, size, sentence
):
    pools = Pools(ranges(*service), ranges(ephemeral)[0], size)
    assert complaint(claims.check_pools, pools, LINUX) == sentence


def test_pools_may_not_shrink_below_what_is_owned():
    owners = {"pm-db": ranges("31500-31501"), "pm-web": ranges("31000-31007", "30016-30031")}
    claims.check_owners(POOLS, owners)
    narrow = Pools(ranges("31004-31499"), Range(30001, 30999), 16)
    assert complaint(
        claims.check_owners, narrow, owners, {"pm-web": "web", "pm-db": "db"}.get
    ) == (
        "cannot change the pools: these ports of containers would be outside: 31500-31501 of db;"
        " 31000-31003 of web; take them away or remove the containers first"
    )
