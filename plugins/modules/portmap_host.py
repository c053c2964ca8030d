#!/usr/bin/python
# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: portmap_host
short_description: Prepare a host for containers that share its IP address by ports
version_added: 0.1.0
description:
  - Prepares the public and the loopback interface of a host, so that containers placed with
    M(netiso.portmap.portmap_container) can use the host's own addresses and its MAC address, each on ports
    of its own.
  - The interfaces get a clsact queueing discipline (an ingress or clsact one that exists is used as it is) and hash
    tables of u32 filters. Filters and queueing disciplines of others are left alone.
  - The loopback interface takes over the hardware address and the MTU of the public interface.
  - Where systemd-networkd or NetworkManager has run since the boot, a file for each says that links of
    containers are none of its business, since they have the hardware address of the uplink. The files are
    C(00--netiso-portmap.network) and C(00--netiso-portmap-lo.network) in C(/etc/systemd/network), and
    C(/etc/NetworkManager/conf.d/99-netiso-portmap.conf). They are there before the first link is, and the
    program reads its files again.
  - When the host's address, MAC, MTU or gateway has changed, the next run updates the host and
    all containers that are placed.
  - The parameters and the values found before are kept in C(/run/portmap/host.json), which ends with the boot.
  - Where the directory C(/var/lib/netiso-portmap) exists, every module that changes something also saves
    the desired state in it, from which C(portmap-restore.service) brings host and containers back
    after a boot. Both are installed with O(restore_at_boot).
  - With O(follow), a service of systemd does what the next run would do as soon as the host has changed.
options:
  state:
    description:
      - Whether the host is prepared.
      - V(absent) removes what belongs to this collection, O(restore_at_boot), O(follow) and O(command) included,
        and restores every value that was changed, except the hardware address of the loopback interface, because
        the kernel accepts no zeros; it is left with C(02:70:6d:00:00:02), which is nobody's.
        It fails while containers are placed, or a killed run has left something of one.
    type: str
    choices: [present, absent]
    default: present
  public_interface:
    description:
      - The interface that has the host's address.
      - The default is the interface of the IPv4 default route. A host that is prepared keeps the
        interface that it has, wherever its default route leads later, and whatever the interface is
        called.
      - Naming another one moves the host, which is refused while containers are placed.
    type: str
  address:
    description:
      - The IPv4 address of the public interface that containers share.
      - The default is the one from which the host itself sends through that interface. A host that is
        prepared keeps its address as long as the interface has it; when it is gone, the next run
        follows the host's own choice, or fails and asks for this option when there is none, or when that
        is a /32, as a VIP is, and the one that is gone was not.
    type: str
    version_added: 0.2.0
  loopback_interface:
    description: The loopback interface; C(lo) when left out.
    type: str
  ports:
    description:
      - Ranges from which containers may be given service ports. An empty list, or an empty text, is none.
      - Left out, it stays as it is.
      - When a process of the host listens on one of them, the run warns, since that one cannot be given away.
    type: list
    elements: str
  ephemeral_ports:
    description:
      - The range from which every container is given a part for its outgoing connections. Ports below 1024
        are refused.
      - Required when the host is prepared for the first time; left out later, it stays as it is.
    type: str
  ephemeral_ports_per_container:
    description:
      - How many ephemeral ports a container gets. A power of two, 16 or more.
      - 1024 when the host is prepared for the first time; left out later, it stays as it is.
      - Containers that are placed keep the ephemeral ports that they have, however many these are.
    type: int
  host_ephemeral_ports:
    description:
      - Sets the range from which the host itself takes ports for outgoing connections
        (C(net.ipv4.ip_local_port_range)). It must not overlap the ports of containers.
      - Left out, the host's range is left alone, or stays what an earlier run has set.
    type: str
  rp_filter:
    description:
      - V(relax) switches reverse path filtering off for C(all) and the loopback interface, after
        giving every other interface the effective value that it had.
      - V(keep) leaves it as it is, which kernels since 3.15 allow.
      - V(relax) when the host is prepared for the first time; left out later, it stays as it is.
    type: str
    choices: [relax, keep]
  link_speed:
    description:
      - How fast the host's link is, as tc(8) writes rates, such as V(10gbit), or V(auto), which is what the
        network card says; virtual ones say nothing.
      - Percentages in O(netiso.portmap.portmap_container#module:limits) refer to it, and what is left of it
        is lent to containers that may send more than their rate.
      - V(auto) when the host is prepared for the first time; left out later, it stays as it is.
    type: str
    version_added: 0.2.0
  limit_scope:
    description:
      - Whether O(netiso.portmap.portmap_container#module:limits.send) is about what goes to the V(outside), or
        about V(all), with what goes to the host and to other containers apart, at the same rate.
      - V(outside) when the host is prepared for the first time; left out later, it stays as it is.
    type: str
    choices: [outside, all]
    version_added: 0.2.0
  fair_shares:
    description:
      - Whether containers whose O(netiso.portmap.portmap_container#module:limits.send) is not limited share the link
        evenly, whatever the number of their connections. Those that are alone have all of it.
      - Needs O(link_speed) as a rate, which is kept to. A rate slightly below that of the link has packets wait
        here, where they are shared, and not on the way.
      - V(false) when the host is prepared for the first time; left out later, it stays as it is. A change reaches all
        containers at once, and connections go on.
    type: bool
    version_added: 0.2.0
  steering:
    description:
      - How packets find their container.
      - V(u32) puts filters into the kernel, some for each container and each block of its ports.
      - V(bpf) puts one program of eBPF there, with maps that say whose a port is. It steers fragments and packets
        with IP options, too, and a reply to ping or an ARP reply goes to who has asked instead of to every
        container. It needs Linux 5.10.
      - V(auto) is what a prepared host has; else V(bpf) where the kernel takes the program, and V(u32) where it does
        not. RV(steering_reason) says which and why.
      - V(u32) when the host is prepared for the first time; left out later, it stays as it is.
      - A prepared host goes over with all its containers, and connections go on.
    type: str
    choices: [u32, bpf, auto]
    version_added: 0.2.0
  interfaces:
    description:
      - By which interfaces besides the public one packets for containers come, with O(steering=bpf). Names, or
        patterns such as V(eth*). V([]) is none of them.
      - At first these are all interfaces that have an address, but those of containers, so that a container
        is reached where a process of the host is. Which ones they are is told by RV(host.interfaces) and by a
        warning of the first run.
      - Left out later, it stays as it is.
    type: list
    elements: str
    version_added: 0.2.0
  ipv6:
    description:
      - Whether containers have the global IPv6 addresses and the routes of the host, with O(steering=bpf). A server
        that listens on C([::]) is reached over IPv6 then.
      - They do at first, where the host has such an address. Left out later, it stays as it is.
    type: bool
    version_added: 0.2.0
  restore_at_boot:
    description:
      - Whether a unit of systemd, C(portmap-restore.service), brings host and containers back after
        a boot, as the modules have last left them.
      - V(true) copies the engine of the modules to C(/usr/local/lib/netiso-portmap), makes the
        directory C(/var/lib/netiso-portmap), which only root can read, and enables the unit. The host
        must have systemd.
      - V(false) removes all of it. Left out, it stays as it is; where the unit is enabled, the copy of the engine is
        brought up to date.
    type: bool
    version_added: 0.2.0
  follow:
    description:
      - Whether a service of systemd, C(portmap-follow.service), brings host and containers up to date when
        the address, MAC, MTU or gateway of the host changes, as the next run of this module would.
      - The service listens to the kernel's announcements of links, addresses and routes, waits until a burst
        of them has ended, does what is to be done, and says in the journal what that was and why. It never
        moves to another interface and never removes a container. What it cannot follow it says, and tries again.
      - V(true) copies the engine of the modules to C(/usr/local/lib/netiso-portmap), and enables and starts
        the service. The host must have systemd.
      - V(false) stops and removes it. Left out, it stays as it is; where the service is enabled, it is brought up
        to date, and started when it does not run.
    type: bool
    version_added: 0.2.0
  command:
    description:
      - Whether the host has the command C(portmapctl), which tells in a shell, without Ansible, who owns a port, who
        listens there, what is free, what is wrong, and who sends most.
      - V(true) copies the engine of the modules to C(/usr/local/lib/netiso-portmap), and writes
        C(/usr/local/bin/portmapctl), its completion for bash and its manual page.
      - V(false) removes all of it; the engine stays where O(restore_at_boot) or O(follow) needs it.
      - Left out, it stays as it is; where the command is there, it is brought up to date.
    type: bool
    version_added: 0.2.0
extends_documentation_fragment:
  - netiso.portmap.portmap
  - netiso.portmap.attributes
  - netiso.portmap.attributes.action_group
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Prepare the host
  netiso.portmap.portmap_host:
    ports: [31000-32000]
    ephemeral_ports: 32768-57343
    host_ephemeral_ports: 57344-60999

- name: Widen the pool of a host that is prepared, and change nothing else
  netiso.portmap.portmap_host:
    ports: [30000-32000]

- name: Have it restored at every boot, follow when its address changes, and have portmapctl
  netiso.portmap.portmap_host:
    restore_at_boot: true
    follow: true
    command: true

- name: Take the preparation back
  netiso.portmap.portmap_host:
    state: absent
"""

RETURN = r"""
host:
  description: The host as it is, or would be in check mode; null when it is not prepared.
  returned: success
  type: dict
  contains:
    public_interface:
      description: The interface that has the host's address.
      type: str
      sample: eth0
    loopback_interface:
      description: The loopback interface.
      type: str
      sample: lo
    address:
      description: The address that containers share, with its prefix length.
      type: str
      sample: 10.0.0.1/24
    addresses:
      description: All addresses at which containers are reached; first that of the public interface, with V(u32) alone.
      type: list
      elements: str
      sample: ["10.0.0.1", "10.9.0.1"]
      version_added: 0.2.0
    interfaces:
      description: All interfaces by which packets for containers come; first the public one, with V(u32) alone.
      type: list
      elements: str
      sample: ["eth0", "eth1"]
      version_added: 0.2.0
    mac:
      description: The hardware address that containers share.
      type: str
      sample: 02:00:00:00:00:10
    mtu:
      description: The MTU that containers share.
      type: int
      sample: 1500
    gateway:
      description: The gateway of the default route; null when there is none.
      type: str
      sample: 10.0.0.254
    ports:
      description: Ranges from which containers may be given service ports.
      type: list
      elements: str
      sample: ["31000-32000"]
    ephemeral_ports:
      description: The range from which containers are given ephemeral ports.
      type: str
      sample: 32768-57343
    ephemeral_ports_per_container:
      description: How many ephemeral ports a container gets.
      type: int
      sample: 1024
    host_ephemeral_ports:
      description: The range from which the host itself takes ports.
      type: str
      sample: 57344-60999
    rp_filter:
      description: What was done about reverse path filtering.
      type: str
      sample: relax
    link_speed:
      description: How fast the link is, as it was given; V(auto) is what the card says.
      type: str
      sample: 10gbit
      version_added: 0.2.0
    limit_scope:
      description: What limits of what containers send are about.
      type: str
      sample: outside
      version_added: 0.2.0
    fair_shares:
      description: Whether containers share what they send by container.
      type: bool
      sample: false
      version_added: 0.2.0
    steering:
      description: How packets find their container.
      type: str
      sample: u32
      version_added: 0.2.0
steering_reason:
  description: Why the host has its steering.
  returned: with O(steering=auto)
  type: str
  sample: this kernel takes the program of bpf
  version_added: 0.2.0
changes:
  description: What was changed, or would be in check mode, in order.
  returned: success
  type: list
  elements: str
  sample: ["add qdisc clsact dev eth0"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter

ARGUMENTS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "public_interface": {"type": "str"},
    "loopback_interface": {"type": "str"},
    "ports": {"type": "list", "elements": "str"},
    "ephemeral_ports": {"type": "str"},
    "ephemeral_ports_per_container": {"type": "int"},
    "host_ephemeral_ports": {"type": "str"},
    "rp_filter": {"type": "str", "choices": ["relax", "keep"]},
    "link_speed": {"type": "str"},
    "limit_scope": {"type": "str", "choices": ["outside", "all"]},
    "fair_shares": {"type": "bool"},
    "restore_at_boot": {"type": "bool"},
    "follow": {"type": "bool"},
    "command": {"type": "bool"},
    "address": {"type": "str"},
    "steering": {"type": "str", "choices": ["u32", "bpf", "auto"]},
    "interfaces": {"type": "list", "elements": "str"},
    "ipv6": {"type": "bool"},
}


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    interpreter.check(module.fail_json)
    # Only now: importing the engine takes longer than finding a mistake in the options.
    # The doors because Ansible sends what is imported, and the host may get a copy of them.
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap import (  # noqa: F401
        boundary,
        follow,
        guard,
        portmapctl,
        restore,
    )
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import host

    with boundary.failures_reported(module):
        options = boundary.host_options(module.params)
        how = {"dry_run": module.check_mode, "with_diff": module._diff}
        if module.params["state"] == "present":
            alone = [module.params[name] for name in ("restore_at_boot", "follow", "command")]
            run = host.prepare(options, *alone, **how)
        else:
            run = host.unprepare(options, **how)
        module.exit_json(**boundary.prepared(module, run))


if __name__ == "__main__":
    main()
