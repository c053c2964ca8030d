# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network namespaces: make, enter, name by a bind mount.

Everything works on the calling thread, which must be the only one.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import stat
from collections.abc import Collection, Iterator
from functools import lru_cache

from ..values.errors import KernelRefused
from . import uapi as k

HANDLES = "/run/netns"
_DRAFT = ".portmap-"  # how the names of drafts begin; no container's name begins so
_OPEN_TREE = 428  # the number of the call, the same on all architectures
_CURRENT = "/proc/thread-self/ns/net"
# Of the files that handles are mounted on, set with creating.  Nobody else's have it; the sticky bit
# means nothing for a file.
_OUR_MODE = stat.S_ISVTX
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise KernelRefused(f"cannot {what}: {os.strerror(number)}", number)


# --- namespaces ---------------------------------------------------------------------------------


def open_current() -> int:
    return os.open(_CURRENT, os.O_RDONLY | os.O_CLOEXEC)


@contextlib.contextmanager
def entered(namespace: int | None) -> Iterator[None]:
    """Be in the namespace of this descriptor; None stays where we are."""
    if namespace is None:
        yield
        return
    home = open_current()
    try:
        _checked(_libc.setns(namespace, k.CLONE_NEWNET), "enter the network namespace")
        try:
            yield
        finally:
            _checked(_libc.setns(home, k.CLONE_NEWNET), "return to the host's namespace")
    finally:
        os.close(home)


def make() -> int:
    """A new namespace, held by nothing but the returned descriptor: it dies with the process."""
    home = open_current()
    try:
        _checked(_libc.unshare(k.CLONE_NEWNET), "make a network namespace")
        try:
            return open_current()
        finally:
            _checked(_libc.setns(home, k.CLONE_NEWNET), "return to the host's namespace")
    finally:
        os.close(home)


@contextlib.contextmanager
def made() -> Iterator[int]:
    """A new namespace for a while."""
    descriptor = make()
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def inode(namespace: int) -> int:
    return os.fstat(namespace).st_ino


def open_path(path: str) -> int | None:
    """A descriptor of the namespace at `path`; None when there is none (a plain file counts so).

    Looked at before it is opened: to open a pipe or a device may take for ever, or do something.
    """
    try:
        found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        return None
    try:
        if os.fstat(found).st_dev != _file_system():
            return None
        descriptor = os.open(f"/proc/thread-self/fd/{found}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(found)
    if _is_network_namespace(descriptor):
        return descriptor
    os.close(descriptor)
    return None


@lru_cache(maxsize=1)
def _file_system() -> int:
    """The device number of the one file system in which all namespaces are files."""
    return os.stat(_CURRENT).st_dev


@contextlib.contextmanager
def at(path: str) -> Iterator[int | None]:
    """The same, closed at the end."""
    descriptor = open_path(path)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_network_namespace(descriptor: int) -> bool:
    ns_get_nstype = 0xB703  # linux/nsfs.h
    return int(_libc.ioctl(descriptor, ns_get_nstype)) == k.CLONE_NEWNET


# --- handles ------------------------------------------------------------------------------------


def handle_path(handle: str) -> str:
    return f"{HANDLES}/{handle}"


def draft_path(name: str) -> str:
    """Where the namespace of a container is held until it is whole and gets its handle."""
    return handle_path(_DRAFT + name)


def has_draft(name: str) -> bool:
    return os.path.lexists(draft_path(name))


def handles() -> list[str]:
    """The names of all files in the directory of handles."""
    return sorted(os.listdir(HANDLES)) if os.path.isdir(HANDLES) else []


def is_leftover(path: str) -> bool:
    """An empty file where a handle was to be mounted: a killed run left it."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0 and not is_there(path)


def made_by_us() -> list[str]:
    """The names of containers for which there is a handle, or a draft of one, that we made."""
    return sorted({name[len(_DRAFT) :] if name.startswith(_DRAFT) else name for name in marked()})


def marked() -> list[str]:
    """The files that we made.  Nobody inside a namespace can forge that, or take it away.

    A mount covers the file, so it is looked at in a copy of the directory that has no mounts.  Where
    the kernel makes no such copies (before 5.2), handles that are mounted count as somebody else's.
    """
    flags = k.OPEN_TREE_CLONE | os.O_CLOEXEC
    directory = _libc.syscall(_OPEN_TREE, k.AT_FDCWD, os.fsencode(HANDLES), flags)
    try:
        if directory < 0:
            directory = os.open(HANDLES, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return [name for name in handles() if _has_our_mark(directory, name)]
    except FileNotFoundError:
        return []
    finally:
        if directory >= 0:
            os.close(directory)


def _has_our_mark(directory: int, name: str) -> bool:
    try:
        found = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    ours = stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == _OUR_MODE
    return ours and found.st_size == 0


def inode_at(path: str) -> int:
    """Of the namespace at a path; 0 when there is none."""
    with at(path) as descriptor:
        return inode(descriptor) if descriptor is not None else 0


def is_there(path: str) -> bool:
    """Whether there is a network namespace at `path`."""
    with at(path) as descriptor:
        return descriptor is not None


def pin(namespace: int, path: str) -> None:
    """Name the namespace: bind it to the new file `path`, as ip-netns(8) does."""
    flags = os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, _OUR_MODE))
    except FileExistsError as error:
        said = "there is a file that is no namespace; move it out of the way"
        raise KernelRefused(f"cannot make {path}: {said}", errno.EEXIST) from error
    _bind(namespace, path)


def unpin(path: str, namespace: int | None = None) -> None:
    """Take the name away; the namespace lives on while something is inside.

    When the file cannot be removed, it leads to `namespace` again.
    """
    if is_there(path):
        result = _libc.umount2(os.fsencode(path), k.MNT_DETACH)
        _checked(result, f"unmount the namespace handle {path}")
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError:
        if namespace is not None:
            _bind(namespace, path)
        raise


def _bind(namespace: int, path: str) -> None:
    _mount(f"/proc/self/fd/{namespace}", path, k.MS_BIND, f"mount the namespace handle {path}")


def _mount(source: str, target: str, flags: int, what: str) -> None:
    _checked(_libc.mount(os.fsencode(source), os.fsencode(target), b"none", flags, None), what)


# --- the directory of handles -------------------------------------------------------------------


def directory_is_shared() -> bool:
    """Whether HANDLES is a shared mount whose peer group is not its parent mount's."""
    mounts = _mounts()
    found = mounts.get(_mount_number())
    if found is None or found[1] != os.path.realpath(HANDLES):
        return False
    parent, _path, groups = found
    return bool(groups) and not groups & mounts.get(parent, ("", "", set()))[2]


def _mounts() -> dict[str, tuple[str, str, set[str]]]:
    """By number: the parent's number, the mount point, the peer groups."""
    mounts = {}
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        for line in table:
            fields = line.split()
            groups = {word for word in fields[6 : fields.index("-")] if word.startswith("shared:")}
            mounts[fields[0]] = (fields[1], fields[4], groups)
    return mounts


def mounted(inodes: Collection[int]) -> set[int]:
    """Those namespaces that are mounted somewhere else than on handles."""
    found = set()
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as table:
        for line in table:
            fields = line.split()
            if fields[3].startswith("net:[") and os.path.dirname(fields[4]) != HANDLES:
                found.add(int(fields[3][len("net:[") : -1]))
    return found & set(inodes)


def _mount_number() -> str:
    """The mount in which HANDLES lies; the table alone also has mounts that others cover."""
    try:
        descriptor = os.open(HANDLES, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        with open(f"/proc/self/fdinfo/{descriptor}", encoding="ascii") as file:
            words = file.read().split()
    finally:
        os.close(descriptor)
    return words[words.index("mnt_id:") + 1]


def _is_mounted() -> bool:
    """Also true for a directory that is mounted onto itself, which os.path.ismount() misses."""
    found = _mounts().get(_mount_number())
    return found is not None and found[1] == os.path.realpath(HANDLES)


def share_directory() -> None:
    """Make HANDLES a shared mount of its own peer group, so that unmounts reach every container."""
    before = directory_state()
    try:
        os.makedirs(HANDLES, mode=0o755, exist_ok=True)
        if before != "mounted":
            _mount(HANDLES, HANDLES, k.MS_BIND | k.MS_REC, f"mount {HANDLES} onto itself")
        _mount("", HANDLES, k.MS_SLAVE, f"detach {HANDLES} from its parent's peer group")
        _mount("", HANDLES, k.MS_SHARED, f"share the mount {HANDLES}")
    except (KernelRefused, OSError):
        if before != "mounted" and _is_mounted():
            _libc.umount2(os.fsencode(HANDLES), k.MNT_DETACH)
        if before == "missing":
            remove_directory()
        raise


def directory_state() -> str:
    """What HANDLES was before `share_directory`: "mounted", "directory" or "missing"."""
    if _is_mounted():
        return "mounted"
    return "directory" if os.path.isdir(HANDLES) else "missing"


def can_unshare(state_before: str) -> bool:
    """Whether the shared mount is ours to undo: we made it, and nothing lies in it any more."""
    return state_before in ("directory", "missing") and not handles()


def unshare_directory() -> None:
    """Undo `share_directory`; an empty directory below goes too, as ip-netns(8) makes it anew."""
    result = _libc.umount2(os.fsencode(HANDLES), k.MNT_DETACH)
    _checked(result, f"unmount {HANDLES}")
    remove_directory()


def remove_leftover(state_before: str) -> None:
    """What a killed run left of sharing the directory, or of undoing that."""
    if state_before != "mounted" and not directory_is_shared():
        if _is_mounted() and can_unshare(state_before):
            unshare_directory()
        remove_directory()


def remove_directory() -> None:
    """Remove the directory of handles if nothing is in it and nothing is mounted on it."""
    with contextlib.suppress(OSError):
        os.rmdir(HANDLES)
