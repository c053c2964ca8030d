# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""ufw, firewalld and keepalived of the distribution, on a host with containers."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import packages
import shape
from lab.follower import until
from lab.machines import HOST, Lab
from lab.modules import Modules
from lab.pools import POOLS

pytestmark = pytest.mark.thorough("it fetches packages that set-up does not install")

VIP = "10.0.0.100"
# What the package's own script does when it is installed.
UFW_FILES = (
    "cp -R /usr/share/ufw/ufw.conf /usr/share/ufw/*.init /usr/share/ufw/iptables/. /etc/ufw/"
)
# A bus on which everybody may do everything.
BUS = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
"""
KEEPALIVED = f"""
vrrp_instance one {{
    interface eth0
    state MASTER
    virtual_router_id 51
    priority 100
    virtual_ipaddress {{ {VIP}/32 }}
}}
"""


@contextlib.contextmanager
def running(lab: Lab, *command: str) -> Iterator[None]:
    daemon = lab.host.start(*command)
    try:
        yield
    finally:
        daemon.terminate()
        try:
            daemon.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.communicate()


@contextlib.contextmanager
def ufw(lab: Lab) -> Iterator[None]:
    lab.host.shell(f"{UFW_FILES}; ufw --force enable")
    yield
    lab.host.shell("ufw disable")


@contextlib.contextmanager
def firewalld(lab: Lab) -> Iterator[None]:
    """What it would write into its log is the machine's."""
    lab.host.shell("mount -t tmpfs logs /var/log; mkdir -p /run/dbus")
    Path(lab.host.path("/run/bus.conf")).write_text(BUS.lstrip())
    with running(lab, "dbus-daemon", "--nofork", "--config-file=/run/bus.conf"):
        there = Path(lab.host.path("/run/dbus/system_bus_socket")).exists
        until(there, "the bus is there")
        with running(lab, "/usr/sbin/firewalld", "--nofork", "--nopid"):
            until(lambda: "reject" in rules(lab), "its rules are there", 60)
            yield


def rules(lab: Lab) -> str:
    return lab.host.run("nft", "list", "ruleset").stdout


FIREWALLS = {
    "ufw": (ufw, "chain ip filter INPUT"),
    "firewalld": (firewalld, "chain inet firewalld filter_INPUT"),
}


@pytest.mark.parametrize("name", FIREWALLS)
def test_a_firewall_closes_the_host_and_no_container(
    lab: Lab, modules: Modules, name: str
) -> None:
    """Started after containers were placed, and there before a host is prepared."""
    packages.install(lab, name)
    start, chain = FIREWALLS[name]
    shape.place(modules)
    assert shape.matrix(lab) == {}
    closed = {
        f"{machine}->{protocol}:{HOST}:{shape.OF_HOST}"
        for machine in ("peer", "other")
        for protocol in ("tcp", "udp")
    }
    with start(lab):
        assert set(shape.matrix(lab)) == closed
        assert modules.info()["host"]["firewall"] == {"bypassed": [chain], "before": []}
        assert modules.problems() == []
        again = modules.host(**POOLS)
        assert (again["changed"], shape.told(again)) == (False, "[]")
        modules.container(containers=[], purge=True)
        modules.host(state="absent")
        assert f"({chain}) does not guard containers" in shape.told(shape.place(modules))
        assert set(shape.matrix(lab)) == closed


def test_an_address_that_keepalived_brings_and_takes_away(lab: Lab, modules: Modules) -> None:
    packages.install(lab, "keepalived")
    shape.place(modules)
    Path(lab.host.path("/run/keepalived.conf")).write_text(KEEPALIVED)
    options = ["--vrrp", "--use-file=/run/keepalived.conf"]
    options += ["--pid=/run/keepalived.pid", "--vrrp_pid=/run/vrrp.pid"]
    with running(lab, "keepalived", "--dont-fork", *options):
        until(lambda: VIP in addresses(lab), "the address is there")
        assert shape.matrix(lab) == {}
        again = modules.host(**POOLS)
        assert (again["changed"], again["host"]["address"]) == (False, f"{HOST}/24")
        assert f"other addresses ({VIP})" in shape.told(again)
        (problem,) = modules.problems()
        assert (problem["kind"], problem["containers"]) == ("addresses", [])
    assert VIP not in addresses(lab)
    assert shape.matrix(lab) == {}
    assert modules.problems() == []


def addresses(lab: Lab) -> str:
    return lab.host.run("ip", "-4", "address", "show", "dev", "eth0").stdout
