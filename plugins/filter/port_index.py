# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: port_index
short_description: A page about the ports of all hosts
version_added: 0.2.0
description:
  - Gives a page of HTML, without scripts, with a table of hosts. It tells of each what is free, and how many problems there are, and links to
    its page.
  - The playbook C(netiso.portmap.picture) writes it.
options:
  _input:
    description:
      - What M(netiso.portmap.portmap_info) returns for each host and all of its containers, by the name of the host in the inventory.
      - Of a host that could not be asked, what the task returned instead. The page then tells why.
    type: dict
    required: true
  time:
    description: When the hosts were asked, as the page shall say it. It says nothing of a time when this is left out.
    type: str
    default: ""
seealso:
  - plugin: netiso.portmap.port_page
    plugin_type: filter
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at every host
  netiso.portmap.portmap_info:
  register: portmap

- name: Write a page about all of them
  ansible.builtin.copy:
    dest: /srv/ports/index.html
    content: "{{ (dict(names | zip(names | map('extract', hostvars, 'portmap'))) | netiso.portmap.port_index).text }}"
    mode: "0644"
  vars:
    names: "{{ ansible_play_hosts }}"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The page.
  type: dict
  sample: {"file": "index.html", "text": "<!DOCTYPE html>..."}
  contains:
    file:
      description: The name of the file, beside which P(netiso.portmap.port_page#filter) has its folder.
      type: str
    text:
      description: The HTML.
      type: str
"""

from collections.abc import Mapping

from ansible.errors import AnsibleFilterError
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture import fleet
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture.pages import INDEX
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture.seen import seen


def port_index(results: object, time: str = "") -> dict[str, str]:
    if not isinstance(results, Mapping):
        raise AnsibleFilterError(f"expected results of portmap_info by host, not {results!r}")
    hosts = [seen(name, result) for name, result in results.items()]
    return {"file": INDEX, "text": fleet.page(hosts, time)}


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"port_index": port_index}
