# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that tell who owns which ports of a host, and what is free."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.filter.free_ports import free_ports
from ansible_collections.netiso.portmap.plugins.filter.port_map import port_map
from ansible_collections.netiso.portmap.plugins.filter.port_owner import port_owner

HOST = {
    "ports": ["31000-31031", "32000-32007"],
    "ephemeral_ports": "40000-40031",
    "ephemeral_ports_per_container": 16,
    "host_ephemeral_ports": "57344-60999",
}
TOLD: dict[str, Any] = {
    "host": HOST,
    "containers": [
        {"name": "web", "ports": ["31000-31007", "31009"], "ephemeral_ports": "40000-40015"},
        {"name": "db", "ports": ["31020"], "ephemeral_ports": None},
    ],
    "problems": [],
}


@pytest.mark.parametrize(
    ("port", "owner"),
    [(31000, "web"), ("31009", "web"), (31008, None), (31020, "db"), (40015, "web"), (80, None)],
)
def test_a_port_has_an_owner_or_none(port: object, owner: str | None) -> None:
    assert port_owner(TOLD, port) == owner


def test_free_runs_come_from_the_low_end_and_aligned() -> None:
    assert free_ports(TOLD) == ["31008"]
    assert free_ports(TOLD, 4, count=3) == ["31012-31015", "31016-31019", "31024-31027"]
    assert free_ports(TOLD, "8", "2") == ["31024-31031", "32000-32007"]


def test_more_than_there_is_is_an_error_and_not_less() -> None:
    with pytest.raises(AnsibleFilterError, match=r"3 free runs of 8 ports in .*: there are 2"):
        free_ports(TOLD, 8, 3)


def test_the_map_has_every_port_of_both_pools_once() -> None:
    found = port_map(TOLD)
    assert [(one["ports"], one["kind"], one["container"]) for one in found] == [
        ("31000-31007", "service", "web"),
        ("31008", "service", None),
        ("31009", "service", "web"),
        ("31010-31019", "service", None),
        ("31020", "service", "db"),
        ("31021-31031", "service", None),
        ("32000-32007", "service", None),
        ("40000-40015", "ephemeral", "web"),
        ("40016-40031", "ephemeral", None),
    ]
    assert all(one["size"] == one["last"] - one["first"] + 1 for one in found)
    assert sum(one["size"] for one in found) == 32 + 8 + 32


@pytest.mark.parametrize("value", [0, 65536, "ssh", None, 1.5, True])
def test_what_is_no_number_of_a_port_is_refused(value: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expected a number from 1 to 65535"):
        port_owner(TOLD, value)
    with pytest.raises(AnsibleFilterError, match="expected a number from 1 to 65535"):
        free_ports(TOLD, value)


@pytest.mark.parametrize("result", ["text", None, [], {}, {"host": {}, "containers": []}, [TOLD]])
def test_anything_else_than_a_result_is_refused(result: object) -> None:
    for asked in (port_map, free_ports, lambda one: port_owner(one, 1)):
        with pytest.raises(AnsibleFilterError, match="expected a result of portmap_info"):
            asked(result)


def test_a_host_that_is_not_prepared_has_no_ports() -> None:
    with pytest.raises(AnsibleFilterError, match="the host is not prepared; run portmap_host"):
        port_map({"host": None, "containers": []})
