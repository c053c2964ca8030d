# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run one module with parameters from standard input, as Ansible does on a target."""

from __future__ import annotations

import json
import runpy
import sys

import ansible.module_utils.basic as basic


def main() -> None:
    parameters = {"ANSIBLE_MODULE_ARGS": json.load(sys.stdin)}
    basic._ANSIBLE_ARGS = json.dumps(parameters).encode()
    basic._ANSIBLE_PROFILE = "legacy"
    name = f"ansible_collections.netiso.portmap.plugins.modules.{sys.argv[1]}"
    runpy.run_module(name, run_name="__main__")


if __name__ == "__main__":
    main()
