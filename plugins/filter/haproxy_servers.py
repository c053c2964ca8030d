# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: haproxy_servers
short_description: Lines of HAProxy for the containers that serve a named port
version_added: 0.2.0
description:
  - Gives a C(server) line for each container that has ports of this name, from O(netiso.portmap.portmap_container#module:request).
  - The name of a server is that of the container with the address of its host, so that containers of one name on several
    hosts are told apart. Of a name that has several ports, each has a line, and its server the port in its name.
positional: name
options:
  _input:
    description:
      - What M(netiso.portmap.portmap_info) returns, or a list of that, one item for each host.
    type: raw
    required: true
  name:
    description: The name of the ports.
    type: str
    required: true
  options:
    description: What stands behind each address, as V(check).
    type: str
    default: ""
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at every host
  netiso.portmap.portmap_info:
  register: portmap

- name: Say which servers there are
  ansible.builtin.copy:
    dest: /etc/haproxy/web.cfg
    content: |
      backend web
        {{ groups['all'] | map('extract', hostvars, 'portmap') | netiso.portmap.haproxy_servers('http', options='check')
           | join('\n  ') }}
    mode: "0644"
  delegate_to: balancer
  run_once: true
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
  sample: ["server web_198.51.100.10 198.51.100.10:31000 check"]
"""

from ansible_collections.netiso.portmap.plugins.plugin_utils.named_ports import Served, served


def haproxy_servers(results: object, name: str, options: str = "") -> list[str]:
    return [
        f"server {_server(one)} {one.endpoint} {options}".rstrip() for one in served(results, name)
    ]


def _server(one: Served) -> str:
    return f"{one.container}_{one.address}" + ("" if one.alone else f"_{one.port}")


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"haproxy_servers": haproxy_servers}
