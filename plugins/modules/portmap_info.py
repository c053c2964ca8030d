#!/usr/bin/python
# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: portmap_info
short_description: Show who owns which ports of a host, and what is wrong
version_added: 0.1.0
description:
  - Returns the host, its containers with their statistics, and problems such as missing or changed
    filters, leftovers that lead nowhere, and filters of others.
  - A problem is told once for each cause, however much that damages, with a command that repairs it.
  - The statistics tell what could not be steered too, see RV(containers[].statistics.rx_unassembled)
    and RV(containers[].statistics.tx_filtered).
  - Changes nothing.
options:
  container:
    description: Only this container; all when left out.
    type: str
  detail:
    description: Also return the RV(problems[].objects), of which there can be thousands.
    type: bool
    default: false
  usage:
    description:
      - Also return the RV(containers[].usage) of each container, at these levels.
      - V(counters) - of the link and of its qdiscs; one request more, whatever the number of containers.
      - V(sockets) - TCP connections, and how long packets take; the network namespace of each container is entered.
      - V(snmp) - what the network namespace of each container counts about IP, ICMP, TCP and UDP.
    type: list
    elements: str
    choices: [counters, sockets, snmp]
    default: []
    version_added: 0.2.0
  rates:
    description:
      - Also return the RV(containers[].rates) of each container, measured for so many seconds.
    type: float
    default: 0
    version_added: 0.2.0
extends_documentation_fragment:
  - netiso.portmap.portmap
  - netiso.portmap.attributes.info_module
  - netiso.portmap.attributes.action_group
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at the host
  netiso.portmap.portmap_info:
  register: portmap

- name: Look at the host, and at all that its containers use
  netiso.portmap.portmap_info:
    usage: [counters, sockets, snmp]
  register: portmap

- name: Fail when something is wrong
  ansible.builtin.assert:
    that: portmap.problems | length == 0
    fail_msg: "{{ portmap.problems | to_nice_yaml }}"
"""

RETURN = r"""
host:
  description: The host, as M(netiso.portmap.portmap_host) returns it; null when it is not prepared.
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
      description:
        - All addresses at which containers are reached. The first one is that of the public interface.
        - With O(netiso.portmap.portmap_host#module:steering=u32) there is no other one.
      type: list
      elements: str
      sample: ["10.0.0.1", "10.9.0.1"]
      version_added: 0.2.0
    interfaces:
      description:
        - All interfaces by which packets for containers come. The first one is the public interface.
        - With O(netiso.portmap.portmap_host#module:steering=u32) there is no other one.
      type: list
      elements: str
      sample: ["eth0", "eth1"]
      version_added: 0.2.0
    closed_interfaces:
      description:
        - Interfaces that have an address, and by which nobody reaches containers, such as the bridges of podman and
          docker. Whoever is behind one finds the ports of containers closed.
        - With O(netiso.portmap.portmap_host#module:steering=bpf) these are the ones that
          O(netiso.portmap.portmap_host#module:interfaces) leaves out.
      type: list
      elements: str
      sample: ["podman0"]
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
    steering:
      description: How packets find their container.
      type: str
      sample: u32
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
    follow:
      description: >-
        Whether a service brings host and containers up to date when the host changes: V(off), V(running), V(dead)
        (it is wanted and does not run), or V(on) where no systemd is at work that could tell.
      type: str
      sample: running
    firewall:
      description: >-
        What the firewall of the host has to do with containers, as far as C(nft), C(iptables-save) and
        C(iptables-legacy-save) tell. It is no problem, since only you know what it is meant for.
      type: dict
      contains:
        bypassed:
          description: Chains that keep from the host whatever no rule lets in. Packets for containers do not meet them.
          type: list
          elements: str
          sample: ["chain inet filter input"]
        before:
          description: >-
            Chains with rules that drop, which packets meet before they are steered. There are such only where the public
            interface is a bridge and C(net.bridge.bridge-nf-call-iptables) is set. What they drop finds no container.
          type: list
          elements: str
          sample: []
      version_added: 0.2.0
    statistics:
      description: What the host has received and could not use.
      type: dict
      contains:
        rx_unassembled:
          description: >-
            Datagrams of which the host did not get all fragments. Later fragments of datagrams for
            containers count, as they carry no port and go to the host.
          type: int
          sample: 0
containers:
  description: The containers, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the container.
      type: str
      sample: web
    state:
      description: Always V(present).
      type: str
      sample: present
    netns:
      description: The handle of its network namespace.
      type: str
      sample: /run/netns/web
    namespace_inode:
      description:
        - The inode of the namespace, as C(/proc/PID/ns/net) of who is in it has it; null when it is lost.
        - The kernel gives the number of a namespace that is gone to a new one.
      type: int
      sample: 4026532345
    interface:
      description: The host's end of its veth pair.
      type: str
      sample: pm-web
    ports:
      description: The service ports that it owns.
      type: list
      elements: str
      sample: ["31000-31007"]
    assigned:
      description: >-
        Those of its service ports that O(netiso.portmap.portmap_container#module:request) names, by
        name; one port or a range.
      type: dict
      sample: {"http": "31000", "rtp": "31040-31139"}
      version_added: 0.2.0
    ephemeral_ports:
      description: Its ephemeral ports; null when no single range leads to it.
      type: str
      sample: 32768-33791
    limits:
      description:
        - What it may receive and send, each with C(rate), C(ceil) and C(burst) in bytes, and as C(text);
          empty when nothing is limited.
      type: dict
      sample: {"receive": {"rate": 1250000, "ceil": null, "burst": null, "text": "10mbit"}}
      version_added: 0.2.0
    host_services:
      description: Whether it may use the servers of its host.
      type: bool
      sample: true
      version_added: 0.2.0
    host_ports:
      description: Ports of the host that it may use although C(host_services) is false.
      type: list
      elements: str
      sample: []
      version_added: 0.2.0
    allow_from:
      description: Who outside may send to it, as networks; V(0.0.0.0/0) with V(::/0) is everybody.
      type: list
      elements: str
      sample: ["0.0.0.0/0", "::/0"]
      version_added: 0.2.0
    statistics:
      description: What the container has received and sent, seen from inside.
      type: dict
      contains:
        rx_packets:
          description: Packets that the container has received.
          type: int
          sample: 12
        rx_bytes:
          description: Bytes that the container has received.
          type: int
          sample: 3456
        rx_errors:
          description: Errors when the container received.
          type: int
          sample: 0
        rx_dropped:
          description: Packets dropped when the container received.
          type: int
          sample: 0
        tx_packets:
          description: Packets that the container has sent.
          type: int
          sample: 12
        tx_bytes:
          description: Bytes that the container has sent.
          type: int
          sample: 3456
        tx_errors:
          description: Errors when the container sent.
          type: int
          sample: 0
        tx_dropped:
          description: Packets dropped when the container sent.
          type: int
          sample: 0
        rx_unassembled:
          description: >-
            Datagrams for the container that were lost because they came in fragments: the later
            ones carry no port, and go to the host.
          type: int
          sample: 0
        tx_filtered:
          description: >-
            Packets that the container sent and that none of its filters let pass: from ports,
            addresses or hardware addresses that are not its own, fragments, packets with IP options,
            other protocols, and what no host sends.
          type: int
          sample: 0
        tx_filtered_by:
          description: >-
            With the steering V(bpf), how many of these were dropped for which reason: C(malformed), C(address),
            C(port), C(protocol), C(icmp), C(fragment), C(request) (pings), C(offload), C(host) (to
            servers that are closed to it). Null with V(u32).
          type: dict
          sample: null
        rx_filtered_by:
          description: >-
            With the steering V(bpf), how many packets from outside were dropped on their way to the container, by reason:
            C(sender) (one who may not send to it). Null with V(u32).
          type: dict
          sample: null
          version_added: 0.2.0
    rates:
      description:
        - What the container receives and sends a second, C(rx_bytes), C(rx_packets), C(tx_bytes) and C(tx_packets), and for
          how many C(seconds) that was measured.
        - Null of a container that came or went meanwhile.
      returned: when O(rates) is above 0
      type: dict
      sample: {seconds: 2.001, rx_packets: 12, rx_bytes: 980, tx_packets: 10, tx_bytes: 14620}
      version_added: 0.2.0
    usage:
      description:
        - >-
          What the container uses, seen from inside, with the names that the C(ResourceStatistics) of Apache Mesos
          have. A level that was not asked for is left out, and V(sockets) and V(snmp) of a namespace that is lost.
        - The guide to metrics has every name, with its level and its source in the kernel.
        - C(drops) tells by direction and reason what was lost on the way.
      returned: when O(usage) has a level
      type: dict
      sample: {net_rx_packets: 12, net_tx_packets: 12, drops: {rx: {link: 0}, tx: {filtered: 0, link: 0}}}
      version_added: 0.2.0
workloads:
  description: How many workloads of M(netiso.portmap.portmap_workload) run, of all containers or of O(container).
  returned: success
  type: dict
  version_added: 0.2.0
  contains:
    systemd:
      description: Those that systemd runs.
      type: int
      sample: 3
    nspawn:
      description: Those that systemd-nspawn runs.
      type: int
      sample: 0
    podman:
      description: Those that podman runs.
      type: int
      sample: 1
    docker:
      description: Those that docker runs.
      type: int
      sample: 0
    oci:
      description: Those that runc or crun runs.
      type: int
      sample: 0
    unit:
      description: Services of others that are bound to a container.
      type: int
      sample: 1
    own_root:
      description: Those of all of them whose processes have a root directory of their own.
      type: int
      sample: 2
problems:
  description: What is not as it should be, one for each cause. An empty list when all is well.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description:
        - V(not_prepared) - nobody has run M(netiso.portmap.portmap_host) since the host was booted.
        - >-
          V(dead_process) - a container in the namespace of a process that has ended, or that was started
          again in another one. Nobody is in a namespace that was given by its path as long as it is
          mounted there, which is no problem.
        - >-
          V(replaced_namespace) - a process still sits in a namespace that was a container's and was
          removed, or the handle or path of a container leads to another namespace than before. Of
          namespaces that the collection has not made, processes that are left cannot be told.
        - V(host_listener) - a process of the host uses a port of a container, and hears nothing there.
        - V(foreign_port) - a process in a container waits for packets on a port that the container does not own.
        - V(host_range) - the host takes its own ports from a range in which containers own ports.
        - V(addresses) and V(route) - the host's differ from those that containers have, or it has more than they share.
        - V(bridge_mac) - the public interface is a bridge that takes another MAC when ports join or leave.
        - V(earlier_filter) - packets meet a filter or an eBPF program of somebody else before ours, or among ours.
        - V(not_following) - containers are to follow the host, and the service that does it does not run.
        - V(unmanaged) - systemd-networkd or NetworkManager may configure a link of ours, or one has an address or a route.
        - >-
          V(nat) - the host translates connections of others to ports that containers own, so that answers go to
          containers; the repair is a rule that comes before. With eBPF, answers find the host.
        - >-
          V(plain_ingress) - an interface of the host has a queueing discipline of ingress alone, where eBPF cannot note
          what the host itself sends.
        - V(offloads) - this kernel cannot judge what containers leave to a network card.
        - V(neighbours) - the table of neighbours, which the whole machine shares, fills up.
        - V(guard_detached) - a guard is not where M(netiso.portmap.portmap_guard) has put it, or judges other ports.
        - >-
          V(taken_port) - a process of the host listens on a port that is not one of its guard's, or that is for
          containers and nobody gave it. Only hosts with guards are looked at.
        - >-
          V(workload) - what M(netiso.portmap.portmap_workload) runs in a container does not run, or sits
          in another namespace than the container's.
        - V(drift) - anything else that is not as a run would leave it, or not as the next boot would bring it back.
      type: str
      sample: drift
    description:
      description: What is wrong.
      type: str
      sample: "filters of pm-web: 14 missing, such as filter dev pm-web ingress protocol all prio 256 bpf drop what no host sends"
    containers:
      description: >-
        The names of the containers that suffer; with O(container), only that one. An empty list where
        the host alone is concerned.
      type: list
      elements: str
      sample: ["web"]
    repair:
      description: >-
        A command that repairs it. C(ansible) and C(ansible-playbook) are for the control node, with the
        host's name in the inventory for C(HOST); anything else is for a root shell on the host. Null
        where the operator has to choose what to do.
      type: str
      sample: ansible HOST -b -m netiso.portmap.portmap_container -a name=web
    objects:
      description: What is wrong, object by object.
      returned: when O(detail) is true
      type: list
      elements: str
      sample: ["missing: filter dev pm-web ingress protocol ip prio 771 303: match ip sport 31000-31007 redirect dev eth0"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter


def main() -> None:
    arguments = {
        "container": {"type": "str"},
        "detail": {"type": "bool", "default": False},
        "rates": {"type": "float", "default": 0},
        "usage": {
            "type": "list",
            "elements": "str",
            "choices": ["counters", "sockets", "snmp"],
            "default": [],
        },
    }
    module = AnsibleModule(argument_spec=arguments, supports_check_mode=True)
    interpreter.check(module.fail_json)
    # Only now: importing the engine takes longer than finding a mistake in the options.
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap import boundary
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import info

    with boundary.failures_reported(module, "see"):
        asked = [module.params[name] for name in ("container", "detail", "usage", "rates")]
        module.exit_json(changed=False, **info.gather(*asked))


if __name__ == "__main__":
    main()
