#!/usr/bin/python
# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: portmap_container
short_description: Place containers that share the host's IP address by ports
version_added: 0.1.0
description:
  - Gives a network namespace the IPv4 address, MAC address, MTU and default route of the host, and
    the ports that it owns. Packets are steered to it by port, without address translation and
    without connection tracking.
  - A container can neither receive on nor send from ports that it does not own.
  - A namespace gets the host's values of what tunes its sockets, such as C(net.core.somaxconn) and
    C(net.ipv4.tcp_fin_timeout), and of C(net.ipv4.ip_unprivileged_port_start) and C(net.ipv4.ping_group_range).
    The last two stay as they are in a namespace that is named by O(pid) or by a path, since docker and
    podman set them for their containers. Later runs follow the host. C(net.ipv4.ip_local_reserved_ports) is
    not carried over, since it keeps the host, perhaps, from ports of containers.
  - The host must have been prepared with M(netiso.portmap.portmap_host).
  - The handle C(/run/netns/NAME) appears when everything else is done. A process that enters by it,
    however early, finds a network that works. Where the namespace had a handle of this name before,
    or is that of a running process, nothing keeps processes out meanwhile.
  - When the root of a placed container has changed its namespace so that it cannot be brought up to
    date, the task does all others, fails, and names that one. Remove it and place it again.
  - Many containers are placed much faster in one task, with O(containers), than in a loop.
options:
  name:
    description:
      - The name of the container. Letters, digits, C(.), C(_) and C(-), at most 63.
      - Required unless O(containers) is given.
    type: str
  state:
    description:
      - Whether the container is placed.
      - V(absent) removes its link, its filters and its ports, and its namespace, if this module
        made it. A namespace that was there before stays, and so do the hardware address, the MTU
        and the kernel parameters of its loopback interface.
    type: str
    choices: [present, absent]
    default: present
  netns:
    description:
      - The network namespace, by name (see C(ip netns)) or as an absolute path.
      - The default is a namespace with the name of the container, which is made when it does not
        exist. Any other name, and a path, must exist.
      - A path is refused when others than root can write a directory on its way, since they could
        lead it to another namespace. Name such a namespace by the O(pid) of a process in it.
    type: str
  pid:
    description:
      - The network namespace of this process, however it was started.
      - A container that docker has started with C(--network none) has another one after each start. See
        O(netiso.portmap.portmap_workload#module:engine=docker) for one that has not.
      - Excludes O(netns).
    type: int
  ports:
    description:
      - The service ports that the container owns, from the host's pool.
      - Left out, a container that is placed keeps its ports; a new one gets none. An empty list, or an empty
        text, is none.
    type: list
    elements: str
  request:
    description:
      - Ports by name, whichever they are, each name with how many of them. They are added to O(ports).
      - Each name gets a run of free ports from the host's pool, the lowest that few filters can match.
        It keeps them in later runs as long as it asks for as many. Asking for another number moves that
        name alone, and a name that is left out gives its ports back.
      - What each name has got is in RV(container.assigned). The names stand in the kernel, at the
        container's link, which has room for about twenty.
      - A name has at most 15 small letters, digits and C(-), starts with a letter, and does not end with
        C(-outside).
      - Left out, a container that is placed keeps its named ports. An empty dictionary gives all back.
    type: dict
    version_added: 0.2.0
  ephemeral_ports:
    description:
      - The ports from which the container's outgoing connections start. The size must be a power
        of two, 16 or more, and the first port a multiple of it.
      - Left out, a container that is placed keeps its range; a new one gets the lowest free range
        of the host's O(netiso.portmap.portmap_host#module:ephemeral_ports), or the one from which
        the host has the fewest connections open. Since those come and go, check mode may show
        another range than the one that a run takes.
    type: str
  limits:
    description:
      - How fast the container may receive and send.
      - A rate is written as tc(8) does, in bits a second, V(500kbit), V(10mbit), V(2.5gbit), or as a percentage
        of O(netiso.portmap.portmap_host#module:link_speed), V(10%).
      - Left out, a container that is placed keeps its limits. An empty dictionary takes them away.
        Connections go on meanwhile.
      - The guide to limits says what the options come to.
    type: dict
    version_added: 0.2.0
    suboptions: &limits
      receive:
        description:
          - What may go into the container, from wherever it comes.
        type: str
      receive_ceil:
        description:
          - The speed of bursts of O(limits.receive_burst) bytes. It counts when it is above the rate.
        type: str
      receive_burst:
        description:
          - Bytes that go at the speed of O(limits.receive_ceil) when the container has received less than
            it may, such as V(256k).
        type: str
      send:
        description:
          - What may leave the container to the outside. What goes to the host and to other containers is not
            slowed, unless O(netiso.portmap.portmap_host#module:limit_scope=all), nor are echo requests and ARP.
        type: str
      send_ceil:
        description:
          - The speed of bursts of O(limits.send_burst) bytes and, where the speed of the link is known, of what
            others leave of it. It counts when it is above the rate.
        type: str
      send_burst:
        description:
          - Bytes that go at the speed of O(limits.send_ceil) when the container has sent less than it may.
        type: str
      per_cpu:
        description:
          - The rates for each whole one of O(limits.cpus), instead of O(limits.receive) and O(limits.send).
          - V(auto) is O(netiso.portmap.portmap_host#module:link_speed) by the CPUs of the host.
        type: str
      cpus:
        description:
          - How many CPUs the container has; a fraction counts for nothing.
        type: float
      minimum:
        description:
          - What rates are raised to. Of O(limits.per_cpu) it is V(1mbit) when it is left out.
        type: str
      maximum:
        description:
          - What rates are cut to.
        type: str
  host_services:
    description:
      - Whether the container may use the servers of its host, at all addresses of the host and at C(127.0.0.1).
      - With V(false) it reaches none of them but those on O(host_ports). Its answers to connections that the
        host has opened still pass, and so does what other containers answer.
      - Of TCP, connections that are open stay. Of other protocols, the container may answer for two
        minutes after each datagram of the host.
      - Left out, a container that is placed keeps what it has; of a new one it is V(true).
      - Only for hosts with O(netiso.portmap.portmap_host#module:steering=bpf).
    type: bool
    version_added: 0.2.0
  host_ports:
    description:
      - Ports of the host that the container may use although O(host_services=false), such as V(53), or V(8000-8099).
      - Left out, a container that is placed keeps them. An empty list is none.
    type: list
    elements: str
    version_added: 0.2.0
  allow_from:
    description:
      - Who outside may send to the container, as networks, V(10.0.0.0/8) or V(2001:db8::/32), and addresses. The
        host and its containers always may. Of a family that is not in the list, nobody may.
      - Answers reach a container wherever it calls, for what comes to its ephemeral ports passes; but nobody
        who is not in the networks can open a connection of TCP there. ICMP errors and replies to pings pass, too.
      - Left out, a container that is placed keeps what it has. Everybody may send to a new one, or with V(0.0.0.0/0)
        and V(::/0).
        An empty list is nobody.
      - The networks stand in the kernel at the container's link, which has room for about twelve.
      - Only for hosts with O(netiso.portmap.portmap_host#module:steering=bpf).
    type: list
    elements: str
    version_added: 0.2.0
  force:
    description:
      - Give the container ports from which processes of the host have connections open. They are
        cut, for what comes back goes to the container. Without it such ports are refused, with one
        of the connections named.
      - Ports that the container owns already are not looked at, and ports on which a process of the
        host listens are refused in any case.
      - With O(containers) it is for all of them.
    type: bool
    default: false
    version_added: 0.2.0
  containers:
    description:
      - Several containers in one task, instead of the one that O(name) names.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name).
        type: str
        required: true
      state:
        description: See O(state).
        type: str
        choices: [present, absent]
        default: present
      netns:
        description: See O(netns).
        type: str
      pid:
        description: See O(pid).
        type: int
      ports:
        description: See O(ports).
        type: list
        elements: str
      request:
        description: See O(request).
        type: dict
        version_added: 0.2.0
      ephemeral_ports:
        description: See O(ephemeral_ports).
        type: str
      limits:
        description: See O(limits).
        type: dict
        version_added: 0.2.0
        suboptions: *limits
      host_services:
        description: See O(host_services).
        type: bool
        version_added: 0.2.0
      host_ports:
        description: See O(host_ports).
        type: list
        elements: str
        version_added: 0.2.0
      allow_from:
        description: See O(allow_from).
        type: list
        elements: str
        version_added: 0.2.0
      force:
        description: See O(force).
        type: bool
        default: false
        version_added: 0.2.0
  purge:
    description:
      - Remove every container that is not in O(containers). An empty list removes all.
    type: bool
    default: false
extends_documentation_fragment:
  - netiso.portmap.portmap
  - netiso.portmap.attributes
  - netiso.portmap.attributes.action_group
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Place one container; its namespace is made
  netiso.portmap.portmap_container:
    name: web
    ports:
      - 31000-31007

- name: Place one with a port for HTTP and a hundred for media, whichever are free
  netiso.portmap.portmap_container:
    name: calls
    request:
      http: 1
      rtp: 100
  register: calls

- name: Show where it serves
  ansible.builtin.debug:
    msg: "HTTP on port {{ calls.container.assigned.http }}, media on {{ calls.container.assigned.rtp }}"

- name: Place exactly these containers
  netiso.portmap.portmap_container:
    containers:
      - name: web
        ports: [31000-31007]
      - name: db
        ports: ["31432"]
        ephemeral_ports: 33792-34815
    purge: true

- name: Remove one container
  netiso.portmap.portmap_container:
    name: web
    state: absent
"""

RETURN = r"""
container:
  description: The container as it is, or would be in check mode.
  returned: success, when O(containers) is not given
  type: dict
  contains: &container
    name:
      description: The name of the container.
      type: str
      sample: web
    state:
      description: Whether it is placed.
      type: str
      sample: present
    netns:
      description: The handle of its network namespace; null when it is absent.
      type: str
      sample: /run/netns/web
    namespace_inode:
      description:
        - The inode of the namespace, as C(/proc/PID/ns/net) of who is in it has it; null when it is absent,
          or is still to be made.
        - The kernel gives the number of a namespace that is gone to a new one.
      type: int
      sample: 4026532345
    created:
      description:
        - Whether the run has made the namespace, or would in check mode.
        - What is to run in a namespace that was made anew must be started again.
      type: bool
      sample: false
    interface:
      description: The host's end of its veth pair; null when it is absent.
      type: str
      sample: pm-web
    ports:
      description: The service ports that it owns.
      type: list
      elements: str
      sample: ["31000-31007"]
    assigned:
      description: Those of its service ports that O(request) names, by name; one port or a range.
      type: dict
      sample: {"http": "31000", "rtp": "31040-31139"}
      version_added: 0.2.0
    ephemeral_ports:
      description: Its ephemeral ports; null when it is absent.
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
      description: Whether it may use the servers of its host; null when it is absent.
      type: bool
      sample: true
      version_added: 0.2.0
    host_ports:
      description: Ports of the host that it may use although RV(container.host_services) is false.
      type: list
      elements: str
      sample: []
      version_added: 0.2.0
    allow_from:
      description: Who outside may send to it, as networks; V(0.0.0.0/0) with V(::/0) is everybody. Empty when it is absent.
      type: list
      elements: str
      sample: ["0.0.0.0/0", "::/0"]
      version_added: 0.2.0
containers:
  description: The containers in the order of the list, then those that were purged.
  returned: success, when O(containers) is given
  type: list
  elements: dict
  contains: *container
changes:
  description: >-
    What was changed, or would be in check mode: a line for each container, then the objects of the kernel in
    order.
  returned: success
  type: list
  elements: str
  sample:
    - "web: placed with ports 31000-31007, ephemeral ports 32768-33791"
    - 'add link pm-web type veth peer web:eth0 address 02:00:00:00:00:10 mtu 1500 group 28781 alias "portmap:web"'
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter

LIMITS = {
    **{
        way + what: {"type": "str"}
        for way in ("receive", "send")
        for what in ("", "_ceil", "_burst")
    },
    "per_cpu": {"type": "str"},
    "cpus": {"type": "float"},
    "minimum": {"type": "str"},
    "maximum": {"type": "str"},
}
CONTAINER = {
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "netns": {"type": "str"},
    "pid": {"type": "int"},
    "ports": {"type": "list", "elements": "str"},
    "request": {"type": "dict"},
    "ephemeral_ports": {"type": "str"},
    "limits": {"type": "dict", "options": LIMITS},
    "host_services": {"type": "bool"},
    "host_ports": {"type": "list", "elements": "str"},
    "allow_from": {"type": "list", "elements": "str"},
    "force": {"type": "bool", "default": False},
}
ARGUMENTS = {
    **CONTAINER,
    "containers": {
        "type": "list",
        "elements": "dict",
        "options": {
            **CONTAINER,
            "name": {"type": "str", "required": True},
        },
    },
    "purge": {"type": "bool", "default": False},
}
EXCLUSIVE = [
    ("netns", "pid"),
    *(("containers", option) for option in CONTAINER if option not in ("state", "force")),
]


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        mutually_exclusive=EXCLUSIVE,
        required_one_of=[("name", "containers")],
        supports_check_mode=True,
    )
    interpreter.check(module.fail_json)
    # Only now: importing the engine takes longer than finding a mistake in the options.
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap import boundary
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import containers

    with boundary.failures_reported(module):
        run = containers.place(
            boundary.asks(module.params),
            purge=boundary.purge(module.params),
            dry_run=module.check_mode,
            with_diff=module._diff,
        )
        module.exit_json(**boundary.placed(module, run))


if __name__ == "__main__":
    main()
