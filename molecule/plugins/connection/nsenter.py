# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands on a test host, by entering the namespaces of its first process."""

from __future__ import annotations

import os
import subprocess

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.text.converters import to_bytes
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = r"""
name: nsenter
author: The netiso.portmap contributors
short_description: Run tasks inside the namespaces of a process on this machine
description:
  - Enters every namespace of one process with C(nsenter), as root.
  - Starts a task in a few milliseconds, where C(podman exec) takes a hundred.
options:
  pidfile:
    description: A file that holds the number of the process.
    type: path
    required: true
    vars:
      - name: nsenter_pidfile
"""

# What a login shell of root finds; nothing of this machine's environment leaks in.
ENVIRONMENT = [
    "COMPILED_ONCE=/run/compiled",  # see tests/lab/once
    "HOME=/root",
    "LC_ALL=C.UTF-8",
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH=/opt/lab/once",
    "USER=root",
]


class Connection(ConnectionBase):
    """One test host."""

    transport = "nsenter"
    has_pipelining = True

    def _connect(self) -> Connection:
        if not self._connected:
            pidfile = self.get_option("pidfile")
            try:
                with open(pidfile) as stream:
                    self._pid = int(stream.read())
                os.stat(f"/proc/{self._pid}/ns/net")
            except (OSError, ValueError) as error:
                raise AnsibleConnectionFailure(
                    f"cannot enter the host of {pidfile}: {error}"
                ) from error
            self._connected = True
        return self

    def _run(self, command: str, **streams: object) -> subprocess.CompletedProcess[bytes]:
        namespaces = ["--mount", "--uts", "--ipc", "--net", "--pid"]
        return subprocess.run(
            ["nsenter", "--target", str(self._pid), *namespaces, "--root", "--wd", "--"]
            + ["env", "-i", *ENVIRONMENT, "/bin/sh", "-c", command],
            stderr=subprocess.PIPE,
            check=False,
            **streams,
        )

    def exec_command(
        self, cmd: str, in_data: bytes | None = None, sudoable: bool = True
    ) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        done = self._run(cmd, input=to_bytes(in_data or b""), stdout=subprocess.PIPE)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        with open(in_path, "rb") as source:
            self._copy(f"cat >{self._shell.quote(out_path)}", stdin=source)

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        with open(out_path, "wb") as target:
            self._copy(f"cat {self._shell.quote(in_path)}", stdout=target)

    def _copy(self, command: str, **streams: object) -> None:
        done = self._run(command, **streams)
        if done.returncode:
            raise AnsibleConnectionFailure(f"cannot copy with {command!r}: {done.stderr!r}")

    def close(self) -> None:
        self._connected = False
