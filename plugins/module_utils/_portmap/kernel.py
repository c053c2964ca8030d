# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of the kernel's interfaces, and the numbers that we chose in them."""

from __future__ import annotations

# --- our numbers -------------------------------------------------------------------------------

LINK_GROUP = 28781  # 0x706d, "pm": set in the request that creates a veth, so it is never without
ALIAS_PREFIX = "portmap:"
VETH_PREFIX = "pm-"
MIRRORS_PER_FILTER = 32  # the kernel refuses the 33rd action of a filter (TCA_ACT_MAX_PRIO)

# Priorities as in Apache Mesos: kind in bits 8-15 (1 ARP, 2 ICMP, 3 IP), rank in bits 0-7.
PRIO_ARP = 0x0102  # 258
PRIO_ICMP_ERROR = 0x0201  # 513
PRIO_ICMP = 0x0202  # 514
PRIO_OWN = 0x0301  # 769
PRIO_IP = 0x0302  # 770
PRIO_IP_OUT = 0x0303  # 771
PRIO_DROP = 0xFFFF  # the last there is

OUR_PRIORITIES = frozenset(
    (PRIO_ARP, PRIO_ICMP_ERROR, PRIO_ICMP, PRIO_OWN, PRIO_IP, PRIO_IP_OUT, PRIO_DROP)
)

# u32 hash tables carry the number of their priority; they are shared by all priorities of a qdisc.
TABLE_ICMP_ERROR = 0x201
TABLE_ICMP = 0x202
TABLE_OWN = 0x301
TABLE_IP = 0x302
TABLE_IP_OUT = 0x303

# Automatic u32 nodes start at 0x800, ours in a priority's root table lie below: nobody collides.
FIRST_AUTOMATIC_NODE = 0x800

# --- linux/if_ether.h, netinet/in.h, icmp.h -----------------------------------------------------

ETH_P_ALL = 0x0003
ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
IPPROTO_ICMP = 1
IPPROTO_TCP = 6
IPPROTO_UDP = 17
IPPROTO_SCTP = 132
PORT_PROTOCOLS = (IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP)
IFF_UP = 1
IFF_LOOPBACK = 8

# --- linux/netlink.h ----------------------------------------------------------------------------

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_ECHO, NLM_F_DUMP_INTR = 1, 2, 4, 8, 0x10
NLM_F_ROOT, NLM_F_MATCH = 0x100, 0x200
NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x100, 0x200, 0x400
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_ACK_TLVS = 0x200
NLMSGERR_ATTR_MSG = 1
NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3FFF
SOL_NETLINK = 270
NETLINK_CAP_ACK, NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK = 10, 11, 12
NETLINK_ROUTE, NETLINK_SOCK_DIAG = 0, 4

# --- linux/rtnetlink.h, if_link.h, if_addr.h ----------------------------------------------------

RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK, RTM_SETLINK = 16, 17, 18, 19
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE = 24, 25, 26
RTM_NEWQDISC, RTM_DELQDISC, RTM_GETQDISC = 36, 37, 38
RTM_NEWTFILTER, RTM_DELTFILTER, RTM_GETTFILTER = 44, 45, 46
WRITES = frozenset((16, 17, 19, 20, 21, 24, 25, 36, 37, 44, 45))

IFLA_ADDRESS, IFLA_IFNAME, IFLA_MTU, IFLA_LINK = 1, 3, 4, 5
IFLA_LINKINFO, IFLA_IFALIAS, IFLA_STATS64, IFLA_GROUP, IFLA_EXT_MASK = 18, 20, 23, 27, 29
IFLA_INFO_KIND = 1
RTEXT_FILTER_SKIP_STATS = 8
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
IFA_F_SECONDARY = 1
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_TABLE, RTA_MULTIPATH = 1, 4, 5, 6, 15, 9
RT_TABLE_MAIN = 254
RTN_UNICAST = 1
RTNH_F_ONLINK = 4

# --- linux/pkt_sched.h, pkt_cls.h ---------------------------------------------------------------

TC_H_INGRESS = 0xFFFFFFF1
INGRESS_HOOK = 0xFFFFFFF2  # TC_H_CLSACT | TC_H_MIN_INGRESS; an ingress qdisc answers to it too
ACCEPT_CLASS = 0xFFFF0000  # "flowid ffff:", what tc(8) users write for "accept"
TCA_KIND, TCA_OPTIONS, TCA_STATS2, TCA_CHAIN = 1, 2, 7, 11
TCA_STATS_QUEUE = 3
TCA_U32_CLASSID, TCA_U32_HASH, TCA_U32_LINK, TCA_U32_DIVISOR = 1, 2, 3, 4
TCA_U32_SEL, TCA_U32_ACT = 5, 7
TC_U32_TERMINAL = 1
TCA_ACT_KIND, TCA_ACT_OPTIONS = 1, 2
TCA_MIRRED_PARMS = 2
TCA_EGRESS_REDIR, TCA_EGRESS_MIRROR = 1, 2
TC_ACT_UNSPEC, TC_ACT_PIPE, TC_ACT_STOLEN = -1, 3, 4
TCA_BPF_CLASSID, TCA_BPF_OPS_LEN, TCA_BPF_OPS, TCA_BPF_FLAGS = 3, 4, 5, 8
TCA_BPF_FLAG_ACT_DIRECT = 1

# --- mount(2), sched(2), linux/mount.h ----------------------------------------------------------

CLONE_NEWNET = 0x40000000
MS_BIND, MS_REC, MS_SLAVE, MS_SHARED = 0x1000, 0x4000, 0x80000, 0x100000
MNT_DETACH = 2
FSOPEN_CLOEXEC, FSMOUNT_CLOEXEC = 1, 1
FSCONFIG_CMD_CREATE = 6
MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 2, 4, 8
