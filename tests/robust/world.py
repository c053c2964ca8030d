# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The state of a host and its containers as sorted lines of ip(8), tc(8) and /proc.

What the kernel chooses is left out: interface indexes, automatic handles, counters. What remains is
the same text for the same state.
"""

from __future__ import annotations

import difflib
import re

from engine import Engine

_NETWORK = r"""
ip -d -o link show
ip -o -4 address show
ip -4 route show table all
tc qdisc show
for link in $(ip -o link show | sed 's/^[0-9]*: \([^:@]*\).*/\1/'); do
    echo "filter show dev $link ingress"
done | tc -force -batch - 2>&1
cd /proc/sys/net
grep -s . ipv4/conf/*/rp_filter ipv4/conf/*/accept_local ipv4/conf/*/route_localnet \
    ipv4/conf/*/send_redirects ipv4/conf/*/arp_ignore ipv4/ip_local_port_range \
    ipv6/conf/all/disable_ipv6 ipv4/tcp_rmem ipv4/tcp_keepalive_time core/somaxconn
true
"""
_SCRIPT = """
echo '#### host'
sh -c "$NETWORK"
for handle in $(ls /run/netns 2>/dev/null); do
    echo "#### $handle"
    nsenter --net=/run/netns/$handle sh -c "$NETWORK" 2>&1
done
echo '#### files'
find /run -path /run/portmap/lock -prune -o -print
cat /run/portmap/host.json 2>/dev/null
grep -o '/run.* - [a-z]*' /proc/self/mountinfo | sed 's/:[0-9]*//g'
"""

_LINK = re.compile(r"^\d+: ([^:@]+)(@\S+)?: <([^>]*)> mtu (\d+).*")
_DROPPED = (
    (re.compile(r"\bindex \d+ ref \d+ bind \d+"), ""),
    (re.compile(r"\bfh 8[0-9a-f]{2}:"), "fh root:"),
    (re.compile(r"\bht 8[0-9a-f]{2}\b"), "ht root"),
    (re.compile(r"\bfh (\w+):(\w*):[89a-f][0-9a-f]{2}\b"), r"fh \1:\2:any"),
    (re.compile(r"\border \d+ key ht"), "key ht"),
    (re.compile(r"\bbkt \w+\b"), ""),
    (re.compile(r" (valid_lft|preferred_lft) \w+"), ""),
    (re.compile(r"\btag \w+|\bid \d+|\bjited\b|\bnot_in_hw\b|\bchain 0\b"), ""),
    (re.compile(r"^\d+: "), ""),
    (re.compile(r"\s+"), " "),
)


def look(engine: Engine) -> list[str]:
    """Every object of the host and of its containers, one per line."""
    script = f"NETWORK={_quoted(_NETWORK)}; export NETWORK; {_SCRIPT}"
    lines = []
    section, about = "", ""
    for line in engine.shell(script).splitlines():
        if line.startswith("#### "):
            section, about = line[5:], ""
        elif line.startswith(("filter ", "qdisc ")):
            about = _tidy(line)
            lines.append(f"{section} | {about}")
        elif line.startswith(("  ", "\t")) and about:
            lines[-1] += " " + _tidy(line)
        elif link := _LINK.match(line):
            lines.append(f"{section} | {_described(link, line)}")
        else:
            lines.append(f"{section} | {_tidy(line)}")
    return sorted(lines)


def difference(one: list[str], other: list[str]) -> str:
    """The lines in which two looks differ; empty when they are the same."""
    found = difflib.unified_diff(one, other, n=0, lineterm="")
    return "\n".join(line for line in found if not line.startswith(("---", "+++", "@@")))


def _described(link: re.Match[str], line: str) -> str:
    name, _peer, flags, mtu = link.groups()
    up = "up" if "UP" in flags.split(",") else "down"
    words = line.replace("\\", " ").split()
    values = [
        f"{key} {words[words.index(key) + 1]}"
        for key in ("link/ether", "link/loopback", "alias", "group")
        if key in words
    ]
    return f"link {name} {up} mtu {mtu} {'veth ' * ('veth' in words)}{' '.join(values)}"


def _tidy(line: str) -> str:
    for pattern, instead in _DROPPED:
        line = pattern.sub(instead, line)
    return line.strip()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
