# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: container
short_description: Run modules inside a container of the host
version_added: 0.2.0
description:
  - B(Without become a task runs on the host, and nothing says so.) So give the variables C(ansible_become=true) and
    C(ansible_become_method=netiso.portmap.container) to a host of the inventory that stands for the container. They win
    over C(become=false) on a play, a block or a task. The task file C(inside) of the role P(netiso.portmap.containers#role)
    adds such a host for each container.
  - Any module then works in the container's network, with its address and its ports, such as C(ansible.builtin.uri),
    C(ansible.builtin.wait_for), C(ansible.builtin.command) or C(ansible.builtin.setup). It works over every connection that
    reaches the host, as root or with sudo.
  - A container that is not there is an error. Nothing runs on the host instead.
options:
  container:
    description:
      - The name of the container. One of O(container) and O(pid) is needed.
    type: str
    vars:
      - name: portmap_container
  pid:
    description:
      - Instead of a container, a process of the host whose namespaces are entered.
    type: int
    vars:
      - name: portmap_pid
  namespaces:
    description:
      - V(net) enters the network namespace. Files, processes and users are those of the host, and the C(/sys) that a task
        sees tells of the container's links. What a task mounts is gone when it ends.
      - V(all) enters all namespaces of the container's main process, or of O(pid), and its root directory. Modules need Python there,
        and pipelining. Modules that bring a file, such as C(ansible.builtin.copy), need a directory of the host that is
        mounted in the container under the same path, with C(ansible_remote_tmp) set to it.
    type: str
    choices: [net, all]
    default: net
    vars:
      - name: portmap_namespaces
  pid_command:
    description:
      - With V(all), a shell command which tells the main process of the container. C($container) is its name.
      - What it tells is refused unless that process is in the container's network. The manager of a container is not.
    type: str
    default: systemctl show --property MainPID --value -- "$container"
    vars:
      - name: portmap_pid_command
  become_user:
    description: The user that a task runs as, inside.
    type: str
    default: root
    keyword:
      - name: become_user
    vars:
      - name: ansible_become_user
  become_exe:
    description: What makes a user other than root root, without asking for a password.
    type: str
    default: sudo -H -n
    keyword:
      - name: become_exe
    vars:
      - name: ansible_become_exe
  remote_user:
    description: The user of the connection.
    type: str
    keyword:
      - name: remote_user
    vars:
      - name: ansible_user
      - name: ansible_ssh_user
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Have a host for each container
  hosts: all
  become: true
  tasks:
    - name: Add them
      ansible.builtin.include_role:
        name: netiso.portmap.containers
        tasks_from: inside

- name: Look from inside
  hosts: portmap_inside
  gather_facts: false
  tasks:
    - name: Ask a server as the container does
      ansible.builtin.uri:
        url: http://192.0.2.1/
"""

import getpass
import shlex
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.become import BecomeBase
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.values.errors import (
    InvalidRequest,
)
from ansible_collections.netiso.portmap.plugins.module_utils._portmap.wanted.claims import (
    check_name,
)

# The network namespace of a process, with a /sys that tells of it: as `ip netns exec` does for a name.
_OWN_SYS = (
    'umount -l /sys && mount -t sysfs -o nosuid,nodev,noexec sysfs /sys || exit 1; exec "$@"'
)


class BecomeModule(BecomeBase):
    name = "netiso.portmap.container"

    def get_option(self, option: str, hostvars: Any = None, playcontext: Any = None) -> Any:
        """Where the user inside is that of the connection, Ansible leaves become out: it is not told."""
        value = super().get_option(option, hostvars, playcontext)
        if option == "become_user":
            known = super().get_option("remote_user", hostvars, playcontext)
            return "" if value in ("root", known, getpass.getuser()) else value
        return value

    def build_become_command(self, cmd: str, shell: Any) -> str:
        super().build_become_command(cmd, shell)
        if not cmd:
            return cmd
        inside = f"{self._enter()}{self._as_user()} {self._build_success_command(cmd, shell)}"
        as_root = shlex.quote(f"{inside}")
        root = self.get_option("become_exe") or ""
        script = (
            f'[ "$(id -u)" -eq 0 ] || set -- {root}; exec "$@" {shell.executable} -c {as_root}'
        )
        return f"{shell.executable} -c {shlex.quote(script)}"

    def _as_user(self) -> str:
        user = super().get_option("become_user")
        return "" if user in (None, "", "root") else f" runuser -u {shlex.quote(user)} --"

    def _enter(self) -> str:
        """Words of a shell in front of a command that make it run inside."""
        name, pid = self.get_option("container"), self.get_option("pid")
        if (name is None) == (pid is None):
            raise AnsibleError(
                "cannot enter a container: one of portmap_container and portmap_pid is needed"
            )
        if pid is not None:
            if pid < 1:
                raise AnsibleError(f"cannot enter process {pid}: not a process id")
            known = f"p={pid}; "
        else:
            known = self._main_process(self._checked(name))
        if self.get_option("namespaces") == "all":
            return f'{known}exec nsenter --target "$p" --all --root --wd --'
        if pid is None:
            return f"exec ip netns exec {shlex.quote(name)}"
        own_sys = f"unshare --mount --propagation slave -- sh -c {shlex.quote(_OWN_SYS)} sh"
        return f'{known}exec nsenter --target "$p" --net -- {own_sys}'

    @staticmethod
    def _checked(name: str) -> str:
        try:
            return check_name(name, "portmap_container")
        except InvalidRequest as error:
            raise AnsibleError(str(error)) from error

    def _main_process(self, name: str) -> str:
        handle = f"/run/netns/{name}"
        return (
            f'container={name}; p=$({self.get_option("pid_command")}); case "$p" in'
            f' ""|0|*[!0-9]*) echo "cannot enter {name}: it has no main process" >&2; exit 1;; esac;'
            f' [ "/proc/$p/ns/net" -ef {handle} ] || {{'
            f' echo "cannot enter {name}: its main process $p is not in {handle}" >&2; exit 1; }}; '
        )
