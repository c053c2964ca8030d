# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.ports import Range
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.tenants import (
    CREATED,
    Container,
    Named,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.environment import (
    environment,
)

PORTLESS = Container("web", "web", CREATED, 0, (), Range(32768, 33791))


def test_a_process_is_told_its_ports_by_number_and_by_name() -> None:
    service = (Range(31000, 31000), Range(31100, 31101))
    named = (Named("http", Range(31000, 31000)), Named("rtp-in", Range(31100, 31101)))
    container = PORTLESS._replace(service=service, named=named)
    assert environment(container, "198.51.100.10") == {
        "PORTMAP_CONTAINER": "web",
        "PORTMAP_ADDRESS": "198.51.100.10",
        "EPHEMERAL_PORTS": "32768-33791",
        "PORTS": "31000,31100-31101",
        "PORT": "31000",
        "PORT0": "31000",
        "PORT1": "31100",
        "PORT2": "31101",
        "PORT_HTTP": "31000",
        "PORT_HTTP_OUTSIDE": "31000",
        "PORT_RTP_IN": "31100-31101",
        "PORT_RTP_IN_OUTSIDE": "31100-31101",
    }


def test_a_container_without_service_ports_has_no_variable_for_them() -> None:
    assert [
        name for name in environment(PORTLESS, "198.51.100.10") if name.startswith("PORT")
    ] == [
        "PORTMAP_CONTAINER",
        "PORTMAP_ADDRESS",
    ]


def test_of_many_ports_the_first_64_have_a_number() -> None:
    container = PORTLESS._replace(service=(Range(31000, 31099),))
    told = environment(container, "198.51.100.10")
    assert told["PORT63"] == "31063"
    assert "PORT64" not in told
