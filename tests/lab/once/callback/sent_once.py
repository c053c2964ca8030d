# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks put together once what Ansible sends to targets, and not each of them anew."""

from __future__ import annotations

import os

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: sent_once
type: aggregate
author: The netiso.portmap contributors
short_description: Share what was made of modules between runs of Ansible
description:
  - Ansible looks for all that a module imports and makes a zip file of it, which takes seconds for ours.
  - It keeps that for the tasks of one playbook. Here the directory where it does is that of E(SENT_ONCE),
    which whoever starts the playbooks makes for as long as no module changes.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "sent_once"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display: object = None, options: object = None) -> None:
        super().__init__(display, options)
        own = os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache")
        os.symlink(os.environ["SENT_ONCE"], own)
