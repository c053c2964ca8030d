# Copyright (c) 2026 netiso.portmap contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of portmap_workload: what the processes see and may do, and all options in a list."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  rootfs:
    description:
      - A directory of the host that is the root directory of the processes. The default is the
        host's own root directory, with O(engine=systemd) only.
    type: path
  image:
    description:
      - A file with an image of the root file system, such as one of squashfs. With V(podman) and
        V(docker) the name of an image of theirs.
      - systemd mounts a file with an image for the processes alone. It is not for them to write in if O(read_only)
        says so, and then must have the directories for O(volumes), O(tmpfs) and the sandbox.
      - Excludes O(rootfs). With V(oci), mount the image, and give O(rootfs). V(docker) takes an image only.
    type: str
  read_only:
    description:
      - Whether the processes can write nothing but O(volumes), O(tmpfs) and the sandbox. With V(nspawn),
        C(/run) and C(/tmp) are always theirs.
      - With V(nspawn) a root directory that is read-only must have the directories for O(volumes) and O(tmpfs).
    type: bool
    default: true
  user:
    description:
      - Who runs the processes. The default is root.
      - A name or a number that the host knows. With V(podman), V(docker) and V(nspawn) it is one that the root
        directory knows, and with V(oci) a number, which is that of its group, too.
      - V(nspawn) looks it up with C(getent) in the root directory. V(nspawn) and V(docker) take only a number
        where there is a sandbox.
    type: str
  groups:
    description: Supplementary groups of the processes, known to whom O(user) is. Not with V(nspawn).
    type: list
    elements: str
  working_dir:
    description: The directory in which the program starts. The default is the sandbox, without one C(/).
    type: path
  volumes:
    description:
      - Directories and files of the host that the processes see, as C(SOURCE:TARGET), or
        C(SOURCE:TARGET:ro) for what they cannot write.
    type: list
    elements: str
  sandbox:
    description:
      - Whether the workload has a directory of its own, which belongs to its O(user) and stays when the
        workload is removed. The variable E(SANDBOX) names it.
    type: bool
    default: true
  tmpfs:
    description: Directories that are empty when the workload starts, and gone when it ends.
    type: list
    elements: str
    default: [/tmp]
  masks:
    description:
      - Paths that the processes find empty.
      - The default is what tells about the whole machine, V(/proc/acpi), V(/proc/asound),
        V(/proc/kcore), V(/proc/keys), V(/proc/key-users), V(/proc/latency_stats), V(/proc/sched_debug),
        V(/proc/scsi), V(/proc/timer_list), V(/proc/timer_stats) and V(/sys/firmware). V(podman) masks
        all of them in any case. V(docker) masks them but for V(/proc/key-users), and takes no others.
    type: list
    elements: str
  capabilities:
    description: The capabilities that the processes have, such as V(CAP_SETUID). A port needs none.
    type: list
    elements: str
    default: []
  hostname:
    description:
      - A host name of its own. With O(engine=systemd) it needs systemd 258 or later.
      - Otherwise the default is the name of the workload, but for V(podman), which makes one up.
    type: str
  domainname:
    description: A NIS domain name of its own. With O(engine=oci) and O(engine=docker) only; with others it is refused.
    type: str
  pid:
    description:
      - V(private) gives the processes numbers of their own. With O(engine=systemd) it needs systemd 257
        or later.
      - With V(host) they have the host's, but see no processes of other users.
      - The default is V(host) with O(engine=systemd). With the other engines it is always V(private).
    type: str
    choices: [host, private]
"""

    # Several workloads in one task.
    LISTED = r"""
options:
  workloads:
    description:
      - Several workloads in one task, instead of the one that O(name) names. systemd reads its files
        once for all of them.
    type: list
    elements: dict
    suboptions:
      name:
        description: See O(name).
        type: str
        required: true
      container:
        description: See O(container).
        type: str
      state:
        description: See O(state).
        type: str
        choices: [started, stopped, absent]
        default: started
      engine:
        description: See O(engine).
        type: str
        choices: [systemd, nspawn, podman, docker, oci]
        default: systemd
      unit:
        description: See O(unit).
        type: str
      join:
        description: See O(join).
        type: bool
        default: false
      command:
        description: See O(command).
        type: list
        elements: str
      env:
        description: See O(env).
        type: dict
      rootfs:
        description: See O(rootfs).
        type: path
      image:
        description: See O(image).
        type: str
      read_only:
        description: See O(read_only).
        type: bool
        default: true
      user:
        description: See O(user).
        type: str
      groups:
        description: See O(groups).
        type: list
        elements: str
      working_dir:
        description: See O(working_dir).
        type: path
      volumes:
        description: See O(volumes).
        type: list
        elements: str
      sandbox:
        description: See O(sandbox).
        type: bool
        default: true
      tmpfs:
        description: See O(tmpfs).
        type: list
        elements: str
        default: [/tmp]
      masks:
        description: See O(masks).
        type: list
        elements: str
      capabilities:
        description: See O(capabilities).
        type: list
        elements: str
        default: []
      hostname:
        description: See O(hostname).
        type: str
      domainname:
        description: See O(domainname).
        type: str
      pid:
        description: See O(pid).
        type: str
        choices: [host, private]
      restart_policy:
        description: See O(restart_policy).
        type: str
        choices: [always, on-failure, "no"]
        default: always
      stop_timeout:
        description: See O(stop_timeout).
        type: int
        default: 10
      options:
        description: See O(options).
        type: list
        elements: str
      restart:
        description: See O(restart).
        type: bool
        default: true
      sockets:
        description: See O(sockets).
        type: dict
      network:
        description: See O(network).
        type: str
        choices: [container, none]
        default: container
      runtime:
        description: See O(runtime).
        type: str
        choices: [runc, crun]
        default: runc
"""
