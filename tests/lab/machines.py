# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machines of the lab and the wire between them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from .netns import inside

HOST = "10.0.0.1"
PEER = "10.0.0.254"  # also the gateway
OTHER = "10.0.0.253"
BEYOND = "192.0.2.1"  # only reachable through the gateway
HOST_MAC = "02:00:00:00:00:10"
PEER_MAC = "02:00:00:00:00:fe"
OTHER_MAC = "02:00:00:00:00:fd"

# What is mounted below /run would stay in the table of mounts, covered, and could mislead.  Whoever
# deletes a handle of the machine takes its mount away here, too, so some go by themselves.  What the
# machine itself has saved for its next boot is not to be written, and its own files for programs that
# configure links are not to be deleted.  Hundreds of tests begin with this, so few programs are started.
_HOLD = """
exec 2>&1
below_run() {{
    below=
    while read -r _ _ _ _ place _; do
        case $place in /run/*) below="$place $below" ;; esac
    done </proc/self/mountinfo
}}
below_run
for mount in $below; do umount -l "$mount" 2>/dev/null || true; done
below_run
if [ "$below" ]; then echo "still mounted:" $below; exit 1; fi
mount -t tmpfs -o mode=755 tmpfs /run
if [ -d /var/lib/netiso-portmap ]; then mount -t tmpfs tmpfs /var/lib; fi
for directory in /etc/systemd/network /etc/NetworkManager/conf.d; do
    for file in $directory/*netiso-portmap*; do
        if [ -e "$file" ]; then mount -t tmpfs tmpfs $directory; break; fi
    done
done
mount -t sysfs sysfs /sys
echo ready
exec {wait}
"""

# Where the modules write on the disk: what the machine has there is out of reach then, and what else
# is in these directories is not.
_OWN = """
mkdir /run/machine
for directory in /usr/local/lib /var/lib; do
    mount --rbind "$directory" /run/machine
    mount -t tmpfs tmpfs "$directory"
    (cd /run/machine && for name in */; do
        if [ -d "$name" ] && [ "$name" != netiso-portmap/ ]; then printf '%s\\0' "$name"; fi
    done) | (cd "$directory" && xargs -0r mkdir --)
    for there in "$directory"/*/; do
        if [ -d "$there" ]; then mount --rbind "/run/machine${there#$directory}" "$there"; fi
    done
    umount -l /run/machine
done
rmdir /run/machine
number=0
for directory in /etc /usr/local/bin /usr/local/share; do
    number=$((number + 1))
    own=/run/own/$number
    mkdir -p $own/upper $own/work
    mount -t overlay -o lowerdir=$directory,upperdir=$own/upper,workdir=$own/work overlay $directory
done
for directory in /etc/systemd/system /etc/systemd/network /etc/NetworkManager/conf.d; do
    mkdir -p "$directory"
    mount -t tmpfs tmpfs "$directory"
done
# The groups are the machine's own, as in every mount of them: tests use those of lab/cgroups.
mount -t cgroup2 none /sys/fs/cgroup
rm -rf /etc/netiso-portmap
"""


@dataclass(frozen=True)
class Place:
    """Somewhere a socket can be: a name for messages, and the path of a network namespace."""

    name: str
    netns: str

    def __str__(self) -> str:
        return self.name

    def sysctl(self, name: str) -> str:
        """The value of net.<name>, with slashes: `ipv4/conf/lo/rp_filter`."""
        with inside(self.netns), open("/proc/sys/net/" + name, encoding="ascii") as file:
            return file.read().strip()

    def set_sysctl(self, name: str, value: str) -> None:
        with inside(self.netns), open("/proc/sys/net/" + name, "w", encoding="ascii") as file:
            file.write(value)

    def snmp(self, group: str, counter: str) -> int:
        """A counter of /proc/net/snmp."""
        with inside(self.netns), open("/proc/thread-self/net/snmp", encoding="ascii") as file:
            rows = [line.split() for line in file if line.startswith(group + ":")]
        return int(dict(zip(rows[0], rows[1]))[counter])


class Machine:
    """Namespaces of its own, alive as long as the process that holds them."""

    def __init__(self, name: str, *, outlive: bool = False) -> None:
        script = _HOLD.format(wait="sleep infinity" if outlive else "cat")
        unshare = ("unshare", "--net", "--mount", "--propagation", "private", "--")
        # Without `outlive` the process waits for the end of its input, which comes however we end.
        self._holder = subprocess.Popen(
            [*unshare, "sh", "-ec", script],
            stdin=subprocess.DEVNULL if outlive else subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        assert self._holder.stdout is not None
        said = self._holder.stdout.readline().strip()
        if said != "ready":
            raise RuntimeError(f"cannot make the namespaces of {name}: {said}")
        self.name = name
        self.pid = self._holder.pid
        self.place = Place(name, f"/proc/{self.pid}/ns/net")

    def container(self, name: str) -> Place:
        """The namespace whose handle on this machine is /run/netns/<name>."""
        return Place(name, self.path(f"/run/netns/{name}"))

    def path(self, path: str) -> str:
        """A path of this machine's mount namespace, as it is reached from ours."""
        return f"/proc/{self.pid}/root{path}"

    def enter(self, *, container: str | None = None) -> list[str]:
        """The words in front of a command that make it run here."""
        words = ["nsenter", "--target", str(self.pid), "--net", "--mount", "--"]
        if container is not None:
            words += ["nsenter", f"--net=/run/netns/{container}", "--"]
        return words

    def run(
        self,
        *command: str,
        container: str | None = None,
        check: bool = True,
        text: str | None = None,
        timeout: float = 30,
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*self.enter(container=container), *command],
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.stdout}")
        return done

    def shell(self, script: str, *, check: bool = True) -> str:
        """What a shell script prints here."""
        return self.run("sh", "-c", script, check=check, timeout=120).stdout

    def start(self, *command: str, container: str | None = None) -> subprocess.Popen[str]:
        """Start a command here; the caller ends it."""
        return subprocess.Popen(
            [*self.enter(container=container), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a closing terminal does not end it
            text=True,
        )

    @contextlib.contextmanager
    def tenant(self) -> Iterator[subprocess.Popen[str]]:
        """A process in a network namespace of its own, started by nobody that we know."""
        process = self.start("unshare", "--net", "sh", "-c", "echo ready; exec sleep 600")
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield process
        finally:
            process.kill()
            process.communicate()

    def json(self, *command: str, container: str | None = None) -> list[dict]:
        return json.loads(self.run(*command, container=container).stdout or "[]")

    def ip(self, *lines: str, container: str | None = None) -> None:
        self.run("ip", "-batch", "-", container=container, text="\n".join(lines) + "\n")

    def tc(self, *lines: str, container: str | None = None) -> None:
        self.run("tc", "-batch", "-", container=container, text="\n".join(lines) + "\n")

    def stay(self) -> None:
        """Live on when this process becomes another program, until that ends."""
        if self._holder.stdin is not None:
            os.set_inheritable(self._holder.stdin.fileno(), True)

    def own_directories(self) -> None:
        """Have directories of its own for the engine, for what is saved, and for what the modules
        tell other programs.
        """
        self.run("sh", "-ec", _OWN)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()
        for stream in (self._holder.stdin, self._holder.stdout):
            if stream is not None:
                stream.close()


@dataclass
class Lab:
    """A host and two machines outside, joined by a switch."""

    host: Machine
    peer: Machine
    other: Machine
    wire: Machine

    def container(self, name: str) -> Place:
        return self.host.container(name)

    @property
    def machines(self) -> Sequence[Machine]:
        return (self.host, self.peer, self.other, self.wire)

    def become(self, *command: str) -> NoReturn:
        """Go on as a command on the host that sees no processes but its own.

        With it ends what it has started, and the lab.
        """
        for machine in self.machines:
            machine.stay()
        alone = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--")
        words = [*self.host.enter(), *alone, "env", f"--chdir={os.getcwd()}", *command]
        os.execvp(words[0], words)

    def close(self) -> None:
        for machine in self.machines:
            machine.close()


def build(*, mtu: int = 1500, outlive: bool = False) -> Lab:
    """Make the machines, plug them together and give them their addresses."""
    names = ("host", "peer", "other", "wire")
    made: list[Machine] = []
    try:
        for name in names:
            made.append(Machine(name, outlive=outlive))
        lab = Lab(*made)
        _connect(lab, mtu)
    except BaseException:
        for machine in made:
            machine.close()
        raise
    return lab


def _connect(lab: Lab, mtu: int) -> None:
    ends = ((lab.host, HOST_MAC), (lab.peer, PEER_MAC), (lab.other, OTHER_MAC))
    lab.wire.ip(
        f"link add lan mtu {mtu} type bridge mcast_snooping 0",
        "link set lan up",
        *(
            f"link add {machine.name} mtu {mtu} type veth"
            f" peer name eth0 mtu {mtu} address {mac} netns {machine.pid}"
            for machine, mac in ends
        ),
        *(f"link set {machine.name} master lan up" for machine, _ in ends),
    )
    # A switch does not look into packets: where netfilter does, it drops and trims forged ones.
    lab.wire.shell(
        "if [ -d /proc/sys/net/bridge ]; then"
        " for one in /proc/sys/net/bridge/bridge-nf-call-ip*; do echo 0 > $one; done; fi"
    )
    # The switch knows where everybody is, so that no frame strays to a third machine.
    known = [f"fdb add {mac} dev {machine.name} master static\n" for machine, mac in ends]
    lab.wire.run("bridge", "-batch", "-", text="".join(known))
    for machine in (lab.host, lab.peer, lab.other):
        unlimit_errors(machine.place)
    for machine in (lab.peer, lab.other, lab.wire):
        machine.place.set_sysctl("ipv6/conf/all/disable_ipv6", "1")
    lab.peer.place.set_sysctl("ipv4/ip_forward", "1")
    # Addresses of IPv6 are there at once, or not at all, so that states can be compared.
    lab.host.place.set_sysctl("ipv6/conf/all/accept_dad", "0")
    lab.host.place.set_sysctl("ipv6/conf/eth0/accept_dad", "0")
    lab.host.ip(
        "link set lo up",
        "link set eth0 up",
        f"address add {HOST}/24 dev eth0",
        f"route add default via {PEER}",
    )
    lab.peer.ip(
        "link set lo up",
        f"address add {BEYOND}/32 dev lo",
        "link set eth0 up",
        f"address add {PEER}/24 dev eth0",
    )
    lab.other.ip("link set lo up", "link set eth0 up", f"address add {OTHER}/24 dev eth0")


def unlimit_errors(place: Place) -> None:
    """Let every ICMP error out: the kernel sends one a second, and a test asks more often."""
    place.set_sysctl("ipv4/icmp_ratelimit", "0")


@contextlib.contextmanager
def lab(*, mtu: int = 1500) -> Iterator[Lab]:
    built = build(mtu=mtu)
    try:
        yield built
    finally:
        built.close()
