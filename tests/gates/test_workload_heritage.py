# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What became of the original's tests of file systems and namespaces: each has a check here, or a reason why not.

The original is Apache Mesos; tests go by their names there.  A check is `inside KEY`, a line that a workload of
each engine says of itself (molecule/files/inside), `SCENARIO: TASK`, or a function of a test.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
VOLUME = [
    "inside writes_volume",
    "engines: What each has written is in the volume of the host, which all of them share",
]
READ_ONLY = ["inside writes_read_only_volume"]
LATE = [
    "engines: Mount it for all that run, once as what nobody can write",
    "engines: All of them see both, and write one",
]
NESTED = [
    "engines: Each has said what it found",
    "engines: Each has written into the inner volume, and none into what that covers",
]
OWNED = ["inside writes_sandbox", "inside starts_in_the_sandbox", "inside user"]
LEFT = [
    "engines: Nothing is left mounted",
    "engines: Volumes stay, and what was mounted below them is gone",
]
IPC = ["inside shares_with_the_host", "inside writes_shm", "inside shm"]
ALL_SPACES = ["test_all_namespaces_of_the_main_process"]
GIDS = (
    "There is no pool of groups, and nobody changes the owner of a volume: who shall write it is in a group that"
    " the operator has made, by the option groups."
)
TREE = (
    "Workloads have no parents: each that runs in a container is a unit of its own, and they end with their"
    " container, since its mount stops them all."
)
NO_AGENT = "There is no agent that recovers or forgets: systemd has the units, and each run looks at them."
TABLE = "The engines mount: nothing of ours reads or sorts a table of mounts."

# name: our checks, or why not
TESTS: dict[str, list[str] | str] = {
    # linux_filesystem_isolator_tests
    "ROOT_ChangeRootFilesystem": ["inside sees_the_host"],
    "ROOT_PseudoDevicesWithRootFilesystem": ["inside reads_devices", "inside devices", "inside links"],
    "ROOT_MaskedPathsWithRootFilesystem": ["inside unmasked"],
    "ROOT_Metrics": ["engines: They are counted by their engines"],
    "ROOT_PersistentVolumeWithRootFilesystem": VOLUME,
    "ROOT_PersistentVolumeWithoutRootFilesystem": NESTED,
    "ROOT_PersistentVolumeAndHostVolumeWithRootFilesystem": NESTED,
    "ROOT_MultipleContainers": ["engines: Kill what runs them, twice", "engines: Each of them serves once"],
    "ROOT_WorkDirMountNotNeeded": LATE,
    "ROOT_WorkDirMountNeeded": LATE,
    "ROOT_PersistentVolumeMountPointCleanup": [
        "engines: One that is in use says so, and stays for all",
        "engines: Nobody sees them any more",
    ],
    "ROOT_ChangeRootFilesystemCommandExecutorPersistentVolume": [*VOLUME, *LEFT],
    "ROOT_RecoverOrphanedPersistentVolume": LEFT,
    "ROOT_ChangeRootFilesystemCommandExecutor": ["inside starts_in_the_sandbox"],
    "ROOT_SandboxEnvironmentVariable": ["inside starts_in_the_sandbox", "inside writes_sandbox"],
    "ROOT_VolumeUsageExceedsSandboxQuota": "A sandbox has no quota: the file system below /var/lib may have one.",
    "ROOT_WriteAccessSharedPersistentVolumeReadOnlyMode": READ_ONLY,
    "ROOT_UNPRIVILEGED_USER_PersistentVolumes": ["inside user", "inside groups", *VOLUME],
    # volume_host_path
    "ROOT_VolumeFromHost": VOLUME,
    "ROOT_ReadOnlyVolumeFromHost": READ_ONLY,
    "ROOT_FileVolumeFromHost": ["inside reads_a_file_that_is_a_volume"],
    "ROOT_VolumeFromHostSandboxMountPoint": NESTED,
    "ROOT_FileVolumeFromHostSandboxMountPoint": ["inside reads_a_file_that_is_a_volume"],
    "ROOT_VolumeFromHostForceCreation": "A path of the host that is missing is refused, and is not made for root.",
    "ROOT_MountPropagation": "What a workload mounts stays inside: it may not mount, without CAP_SYS_ADMIN.",
    "ROOT_ChangeRootFilesystem (volumes)": [*VOLUME, *NESTED],
    # volume_sandbox_path
    "ROOT_SelfType": NESTED,
    "ROOT_SelfTypeReadOnly": READ_ONLY,
    "SharedParentTypeVolume": VOLUME,
    "ROOT_UNPRIVILEGED_USER_SelfTypeOwnership": OWNED,
    "ROOT_UNPRIVILEGED_USER_ParentTypeOwnership": OWNED,
    "ROOT_UNPRIVILEGED_USER_ParentTypeDifferentUser": GIDS,
    # volume_image, volume_secret
    "ROOT_ImageInVolumeWithoutRootFilesystem": "Images are root file systems here; podman's own --mount=type=image goes into options.",
    "ROOT_ImageInVolumeWithRootFilesystem": "The same.",
    "ROOT_ImageInReadOnlyVolumeWithoutRootFilesystem": "The same.",
    "ROOT_SecretInVolumeWithRootFilesystem": NESTED[:1],  # a credential of systemd
    "ROOT_FailInPreparing": ["engines: A program that is not there is told with what the engine says", *LEFT],
    # volume_gid_manager
    "ROOT_Flag": GIDS,
    "ROOT_UNPRIVILEGED_USER_GidReused": GIDS,
    "ROOT_UNPRIVILEGED_USER_GidReused (SlaveRecovery)": GIDS,
    "ROOT_UNPRIVILEGED_USER_GidReused (SlaveReboot)": GIDS,
    "ROOT_UNPRIVILEGED_USER_GidRangeExhausted": GIDS,
    # docker_volume, 11 tests
    "docker_volume": "There are no drivers of volumes: what is mounted on the host is one, and stays when a workload goes.",
    # fs_tests
    "SupportedFS": TABLE,
    "Type": TABLE,
    "MountTableRead": TABLE,
    "MountTableHasOption": TABLE,
    "MountInfoTableParse": TABLE,
    "DISABLED_MountInfoTableRead": TABLE,
    "MountInfoTableReadSorted": TABLE,
    "MountInfoTableReadSortedParentOfSelf": TABLE,
    "ROOT_ReadOnlyMount": [*READ_ONLY, *LATE],
    "ROOT_SharedMount": LATE,
    "ROOT_SlaveMount": LATE,
    "ROOT_FindTargetInMountInfoTable": TABLE,
    # ns_tests
    "ROOT_setns": ["test_a_child_is_in_the_namespace_that_it_entered", "test_a_child_is_in_all_namespaces_at_once"],
    "SupportedNamespaces": ["test_every_type_of_the_kernel_is_known_and_nothing_else"],
    "ROOT_setnsMultipleThreads": ["test_a_child_has_one_thread_whatever_we_have"],
    "ROOT_getns": ["test_the_namespace_of_another_process_has_another_number"],
    "ROOT_clone": ["test_a_child_in_new_namespaces_is_in_none_of_ours"],
    "ROOT_NamespaceRunner": [
        "test_what_a_child_returns_is_returned_and_how_it_died",
        "test_a_namespace_of_another_type_is_refused",
    ],
    # isolator_tests
    "ROOT_PidNamespace": ["inside sees_the_first_process_of_the_host", "inside shares_with_the_host"],
    "ROOT_SharePidNamespace": ["inside shares_with_the_host"],
    "ROOT_SharePidNamespaceWhenDisallow": ["test_what_it_cannot_do_is_refused"],
    "ROOT_INTERNET_IPCNamespaceWithIPCModeUnset": IPC,
    "ROOT_INTERNET_IPCNamespaceWithIPCIsolatorDisabled": IPC,
    "ROOT_INTERNET_ShareIPCNamespace": "Workloads share IPC where systemd is told so: JoinsNamespaceOf= in a unit of others.",
    "ROOT_PrivateIPCNamespace": IPC,
    "ROOT_INTERNET_ShareAgentIPCNamespace": "Nobody shares the host's: there is no option for it.",
    "ROOT_DisallowShareAgentIPCNamespace": IPC,
    "ROOT_NonePrivateIPCModeWithShmSize": "/dev/shm has 64 MiB; a larger one is a line of tmpfs.",
    "ROOT_DebugContainerWithPrivateIPCMode": ALL_SPACES,
    # nested_mesos_containerizer_tests, 27 tests by what they are about
    "nested: launch, with and without shared groups": ["mini: Look at it from inside, and at the same of its host"],
    "nested: a debug container is in the namespaces of its parent": ALL_SPACES,
    "nested: a debug container has what its parent has": ALL_SPACES,
    "nested: destroyed before and after their parents": TREE,
    "nested: a parent exits or is told to": TREE,
    "nested: recovery, of orphans too": NO_AGENT,
    "nested: status is kept until the parent ends": NO_AGENT,
    "nested: the agent's environment does not leak": ["test_the_process"],
}  # fmt: skip


@functools.cache
def tasks() -> set[str]:
    """Every `SCENARIO: TASK` there is."""
    found = set()
    for path in (ROOT / "molecule").rglob("*.yml"):
        scenario = path.relative_to(ROOT / "molecule").parts[0]
        found |= {f"{scenario}: {name}" for name in _names(yaml.safe_load(path.read_text()))}
    return found


def _names(content: object) -> set[str]:
    if isinstance(content, list):
        return {name for one in content for name in _names(one)}
    if not isinstance(content, dict):
        return set()
    name = content.get("name")
    inner = {one for value in content.values() for one in _names(value)}
    return {name, *inner} if isinstance(name, str) else inner


@functools.cache
def said() -> set[str]:
    """Every line that a workload says of itself, and that is compared with what an engine promises."""
    told = re.findall(r"^tell (\w+)", (ROOT / "molecule/files/inside").read_text(), re.MULTILINE)
    wanted = yaml.safe_load((ROOT / "molecule/engines/vars/wanted.yml").read_text())
    return {f"inside {key}" for key in {*told} & {*wanted["expected"]}}


@functools.cache
def functions() -> set[str]:
    paths = (ROOT / "tests").rglob("test_*.py")
    return {
        one
        for path in paths
        for one in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }


@pytest.mark.parametrize("name", TESTS)
def test_each_of_the_original_s_tests_has_a_check_or_a_reason(name: str) -> None:
    found = TESTS[name]
    if isinstance(found, str):
        assert found.endswith(".")
        return
    assert {*found} <= tasks() | said() | functions()
