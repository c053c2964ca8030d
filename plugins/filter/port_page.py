# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: port_page
short_description: A page about the ports of one host
version_added: 0.2.0
description:
  - Gives a page of HTML, with drawings in SVG and without scripts, about one host. It tells what needs attention, what is free,
    who has received and sent most, and who owns which ports.
  - The same result gives the same page.
  - The playbook C(netiso.portmap.picture) writes it for every host.
positional: host
options:
  _input:
    description:
      - What M(netiso.portmap.portmap_info) returns for the host and all of its containers.
      - Of a host that could not be asked, what the task returned instead. The page then tells why.
    type: dict
    required: true
  host:
    description: The name of the host in the inventory.
    type: str
    required: true
  time:
    description: When the host was asked, as the page shall say it. It says nothing of a time when this is left out.
    type: str
    default: ""
seealso:
  - plugin: netiso.portmap.port_index
    plugin_type: filter
author:
  - netiso.portmap contributors (@netiso)
"""

EXAMPLES = r"""
- name: Look at the host
  netiso.portmap.portmap_info:
  register: portmap

- name: Write a page about it
  ansible.builtin.copy:
    dest: "/srv/ports/{{ inventory_hostname }}.html"
    content: "{{ (portmap | netiso.portmap.port_page(inventory_hostname)).text }}"
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
_value:
  description: The page.
  type: dict
  sample: {"file": "hosts/node1.html", "text": "<!DOCTYPE html>..."}
  contains:
    file:
      description: The path to which P(netiso.portmap.port_index#filter) links, from the directory of the index.
      type: str
    text:
      description: The HTML.
      type: str
"""

from ansible_collections.netiso.portmap.plugins.plugin_utils.picture import host as pages_of_hosts
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture.pages import file_of
from ansible_collections.netiso.portmap.plugins.plugin_utils.picture.seen import seen


def port_page(result: object, host: str, time: str = "") -> dict[str, str]:
    return {"file": file_of(host), "text": pages_of_hosts.page(seen(host, result), time)}


class FilterModule:
    def filters(self) -> dict[str, object]:
        return {"port_page": port_page}
