#!/usr/bin/python
# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: portmap_workload
short_description: Run processes in placed containers
version_added: 0.2.0
description:
  - Has systemd run a program in the network namespace of a container, from when the container is
    placed until it is removed, and again when it is placed again, after a boot too.
  - For each workload it writes a unit, a drop-in on the mount of the container's handle, and a file
    of environment variables with the ports of the container. It runs nothing by itself.
  - Processes that sit in another namespace than their container's hear nothing. A run restarts them.
  - The container must have been placed with M(netiso.portmap.portmap_container).
  - systemd starts a workload again that was stopped with C(systemctl stop). Stop it with
    O(state=stopped).
options:
  name:
    description:
      - The name of the workload, and of its unit. Letters, digits, C(.), C(_) and C(-), at most 63.
      - A name that a unit of somebody else has is refused.
      - Required unless O(workloads) is given.
    type: str
  container:
    description: The container in which it runs. The default is the one with the workload's name.
    type: str
  state:
    description:
      - V(started) has it run. What it runs by has changed, it is restarted.
      - V(stopped) stops it until it is V(started) again. Its unit stays.
      - V(absent) stops it, and takes away what this module has written. Volumes and the sandbox stay.
    type: str
    choices: [started, stopped, absent]
    default: started
  engine:
    description:
      - What runs the processes. V(systemd) does it as a service. The others do it in namespaces of their
        own for everything but the network, V(nspawn) with systemd-nspawn, V(podman) with podman,
        V(docker) with docker, and V(oci) with O(runtime), from a bundle that this module writes.
      - docker joins the network of a container by a second one of its own, which is called after the workload,
        C(NAME.network). A container of docker that has one of these names is not touched, and is in the way.
      - An option that an engine cannot do is refused.
    type: str
    choices: [systemd, nspawn, podman, docker, oci]
    default: systemd
  runtime:
    description: The program that runs the bundle, with O(engine=oci).
    type: str
    choices: [runc, crun]
    default: runc
  unit:
    description:
      - An existing service of systemd, such as one of the distribution, or one that podman has made of
        a quadlet. It is bound to the container, and nothing else of it is touched.
      - Excludes all options but O(name), O(container), O(state), O(join), O(restart) and O(sockets).
      - With O(state=absent) the service is stopped, and belongs to the host again.
    type: str
  join:
    description:
      - Put the service that O(unit) names into the namespace of the container.
      - It is not for services that start a container of their own, as podman's do. These join by
        themselves, with C(Network=ns:/run/netns/NAME).
    type: bool
    default: false
  sockets:
    description:
      - Ports on which systemd listens in the container, by name. The value is a port as V(31000) or
        V(31000/udp). Variables are replaced as in O(command), so V(${PORT_HTTP}) is a port that was
        requested as C(http).
      - The processes find the sockets as sd_listen_fds(3) says, with their names. A restart of the
        workload refuses no connection, since systemd goes on listening.
      - What has ended by itself is started by who comes next, where O(restart_policy) lets it end.
      - The sockets are in the container, wherever the processes are. A service that O(unit) names stays
        in the network of its own unit unless O(join) is set.
      - Only with O(engine=systemd).
    type: dict
  network:
    description:
      - The network of the processes. V(container) is that of the container.
      - V(none) is one of their own that leads nowhere. They talk to nobody but by O(sockets).
    type: str
    choices: [container, none]
    default: container
  command:
    description:
      - The program and its arguments, each an item. No shell reads them.
      - C(${PORT}) and the other variables of RV(workload.environment) are replaced, as are those of
        O(env), and C(${SANDBOX}). C($$) stands for C($).
      - Required unless O(unit) is given, the workload is V(absent), or an image of podman or docker says it.
    type: list
    elements: str
  env:
    description:
      - Environment variables, besides those with the ports. Variables are replaced as in O(command).
      - Everybody on the host can read them. They are no place for secrets.
    type: dict
  restart_policy:
    description:
      - V(always) starts the processes again however they have ended, after growing pauses. Where systemd
        is older than 254, all pauses are five seconds.
      - V(on-failure) does so when they have failed, V(no) never. With these two, processes that are
        slow to end when their container is removed are not started when it is placed again at once.
    type: str
    choices: [always, on-failure, "no"]
    default: always
  stop_timeout:
    description: How many seconds the processes have to end before they are killed.
    type: int
    default: 10
  options:
    description:
      - Further lines for the C([Service]) section of the unit, as systemd.exec(5) and
        systemd.service(5) have them.
      - A line that the host's systemd does not understand is refused, where systemd would ignore it.
      - With another engine than V(systemd), further words of its command line, each an item.
    type: list
    elements: str
  restart:
    description:
      - Whether processes are restarted when what they run by has changed, their ports among it. Those
        that sit in a namespace that is not their container's are restarted in any case.
    type: bool
    default: true
  purge:
    description: Remove every workload that is not in O(workloads). An empty list removes all.
    type: bool
    default: false
extends_documentation_fragment:
  - netiso.portmap.workload
  - netiso.portmap.workload.listed
  - netiso.portmap.portmap
  - netiso.portmap.attributes
  - netiso.portmap.attributes.action_group
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Run a program of the host in the container web
  netiso.portmap.portmap_workload:
    name: files
    container: web
    command: [/usr/bin/python3, -m, http.server, "${PORT1}"]

- name: Run the distribution's own service in the container web
  netiso.portmap.portmap_workload:
    name: nginx
    container: web
    unit: nginx.service
    join: true

- name: Have systemd listen in the container for a service that has no network
  netiso.portmap.portmap_workload:
    name: proxy
    container: web
    command: [/usr/lib/systemd/systemd-socket-proxyd, /run/app.sock]
    network: none
    sockets:
      http: "${PORT2}"

- name: Stop it for a while
  netiso.portmap.portmap_workload:
    name: nginx
    container: web
    unit: nginx.service
    join: true
    state: stopped

- name: Run exactly these, and remove all others
  netiso.portmap.portmap_workload:
    workloads:
      - name: web
        rootfs: /srv/web
        command: [/bin/httpd, -f, -p, "${PORT}", -h, /www]
        volumes: ["/srv/www:/www:ro"]
      - name: db
        user: redis
        command: [/usr/bin/redis-server, --port, "${PORT}", --dir, "${SANDBOX}"]
    purge: true
"""

RETURN = r"""
workload:
  description: The workload as it is, or would be in check mode.
  returned: success, when O(workloads) is not given
  type: dict
  contains: &workload
    name:
      description: The name of the workload.
      type: str
      sample: web
    state:
      description: Whether it runs.
      type: str
      sample: started
    container:
      description: The container in which it runs; null when it is absent.
      type: str
      sample: web
    engine:
      description: What runs it; null when it is a unit of somebody else, or absent.
      type: str
      sample: systemd
    unit:
      description: Its unit; null when it is absent.
      type: str
      sample: web.service
    environment:
      description:
        - The variables with the ports of the container. E(PORTS) has all of them, E(PORT) and
          E(PORT0) the first one, E(PORT1) to E(PORT63) the next ones.
        - It is empty when the workload is absent, or its container is not placed.
      type: dict
      sample:
        PORTMAP_CONTAINER: web
        PORTMAP_ADDRESS: 198.51.100.10
        EPHEMERAL_PORTS: 32768-33791
        PORTS: 31000-31001
        PORT0: "31000"
        PORT1: "31001"
        PORT: "31000"
workloads:
  description: The workloads in the order of the list, then those that were purged.
  returned: success, when O(workloads) is given
  type: list
  elements: dict
  contains: *workload
restarted:
  description: The names of the workloads that were restarted, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [web]
changes:
  description: >-
    What was changed, or would be in check mode: a line for each workload, then what is done to files and to
    systemd, in order.
  returned: success
  type: list
  elements: str
  sample:
    - "web: restarted: its environment changed (PORT1, PORTS)"
    - "write /etc/netiso-workloads/web.env"
    - "restart web.service"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.netiso.portmap.plugins.module_utils._portmap import interpreter

WORKLOAD = {
    "name": {"type": "str"},
    "container": {"type": "str"},
    "state": {"type": "str", "choices": ["started", "stopped", "absent"], "default": "started"},
    "engine": {
        "type": "str",
        "choices": ["systemd", "nspawn", "podman", "docker", "oci"],
        "default": "systemd",
    },
    "unit": {"type": "str"},
    "join": {"type": "bool", "default": False},
    "command": {"type": "list", "elements": "str"},
    "env": {"type": "dict"},
    "rootfs": {"type": "path"},
    "image": {"type": "str"},
    "read_only": {"type": "bool", "default": True},
    "user": {"type": "str"},
    "groups": {"type": "list", "elements": "str"},
    "working_dir": {"type": "path"},
    "volumes": {"type": "list", "elements": "str"},
    "sandbox": {"type": "bool", "default": True},
    "tmpfs": {"type": "list", "elements": "str", "default": ["/tmp"]},
    "masks": {"type": "list", "elements": "str"},
    "capabilities": {"type": "list", "elements": "str", "default": []},
    "hostname": {"type": "str"},
    "domainname": {"type": "str"},
    "pid": {"type": "str", "choices": ["host", "private"]},
    "restart_policy": {
        "type": "str",
        "choices": ["always", "on-failure", "no"],
        "default": "always",
    },
    "stop_timeout": {"type": "int", "default": 10},
    "options": {"type": "list", "elements": "str"},
    "restart": {"type": "bool", "default": True},
    "sockets": {"type": "dict"},
    "network": {"type": "str", "choices": ["container", "none"], "default": "container"},
    "runtime": {"type": "str", "choices": ["runc", "crun"], "default": "runc"},
}
ARGUMENTS = {
    **WORKLOAD,
    "workloads": {
        "type": "list",
        "elements": "dict",
        "options": {**WORKLOAD, "name": {"type": "str", "required": True}},
    },
    "purge": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        mutually_exclusive=[("name", "workloads")],
        required_one_of=[("name", "workloads")],
        supports_check_mode=True,
    )
    interpreter.check(module.fail_json)
    # Only now: importing the engine takes longer than finding a mistake in the options.
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap import boundary
    from ansible_collections.netiso.portmap.plugins.module_utils._portmap.jobs import workloads

    with boundary.failures_reported(module):
        run = workloads.run(
            boundary.workload_asks(module.params),
            purge=boundary.purge_workloads(module.params),
            dry_run=module.check_mode,
            with_diff=module._diff,
        )
        module.exit_json(**boundary.ran(module, run))


if __name__ == "__main__":
    main()
