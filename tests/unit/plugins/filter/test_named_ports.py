# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters that tell others where named ports are served."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.filter.haproxy_servers import haproxy_servers
from ansible_collections.netiso.portmap.plugins.filter.prometheus_targets import (
    prometheus_targets,
)


def told(address: str, **containers: dict[str, str]) -> dict[str, Any]:
    """What portmap_info returns, as far as it is looked at."""
    found = [{"name": name, "assigned": assigned} for name, assigned in containers.items()]
    return {"host": {"address": f"{address}/24"}, "containers": found}


ALPHA = told("10.0.0.1", web={"http": "31000", "metrics": "31001-31002"}, db={})
BETA = told("10.0.0.2", web={"http": "31008"}, calls={"metrics": "31000"})
BARE = {"host": None, "containers": []}


def test_haproxy_gets_a_server_for_each_container_that_serves_the_port() -> None:
    assert haproxy_servers(ALPHA, "http") == ["server web_10.0.0.1 10.0.0.1:31000"]
    assert haproxy_servers([ALPHA, BARE, BETA], "http", options="check inter 2s") == [
        "server web_10.0.0.1 10.0.0.1:31000 check inter 2s",
        "server web_10.0.0.2 10.0.0.2:31008 check inter 2s",
    ]


def test_haproxy_gets_a_server_for_each_of_several_ports_with_one_name() -> None:
    assert haproxy_servers(ALPHA, "metrics") == [
        "server web_10.0.0.1_31001 10.0.0.1:31001",
        "server web_10.0.0.1_31002 10.0.0.1:31002",
    ]


def test_prometheus_gets_a_group_of_targets_for_each_container() -> None:
    assert prometheus_targets([ALPHA, BETA], "metrics", labels={"site": "here"}) == [
        {
            "targets": ["10.0.0.1:31001", "10.0.0.1:31002"],
            "labels": {"site": "here", "container": "web", "port_name": "metrics"},
        },
        {
            "targets": ["10.0.0.2:31000"],
            "labels": {"site": "here", "container": "calls", "port_name": "metrics"},
        },
    ]


@pytest.mark.parametrize(
    "results", ["text", 7, None, [None], [{}], [{"host": {}, "containers": 1}]]
)
def test_anything_else_than_results_is_refused(results: object) -> None:
    with pytest.raises(AnsibleFilterError, match="expected"):
        haproxy_servers(results, "http")
