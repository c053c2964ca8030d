/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

#pragma once

/* What our programs use of the kernel's interface (linux/bpf.h), and no more.
 *
 * The distribution's headers are another text on every machine; with these few lines the bytes of
 * a program depend on its source and on the pinned compiler alone.
 */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

/* A map as the loader makes it.  Its name is that of the variable. */
struct map {
	u32 type, key_size, value_size, entries, flags;
};
#define MAP struct map SECTION("maps")
#define BPF_MAP_TYPE_HASH 1
#define BPF_MAP_TYPE_ARRAY 2
#define BPF_MAP_TYPE_PERCPU_ARRAY 6
#define BPF_MAP_TYPE_LRU_HASH 9
#define BPF_MAP_TYPE_LPM_TRIE 11
#define BPF_MAP_TYPE_RINGBUF 27
#define BPF_F_NO_PREALLOC 1
#define BPF_F_MMAPABLE 1024

/* Context of cgroup/sock_create and cgroup/post_bind: struct bpf_sock. */
struct bpf_sock {
	u32 bound_dev_if, family, type, protocol, mark, priority;
	u32 src_ip4, src_ip6[4];
	u32 src_port; /* host order */
	u32 dst_port, dst_ip4, dst_ip6[4], state;
};

/* Context of sockops, as far as it is used: struct bpf_sock_ops. */
struct bpf_sock_ops {
	u32 op, args[4];
	u32 family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4];
	u32 remote_port; /* network order */
	u32 local_port;  /* host order */
};
#define BPF_SOCK_OPS_TCP_LISTEN_CB 11

/* Context of tc, as far as it is used: struct __sk_buff. */
struct packet {
	u32 len, pkt_type, mark, queue_mapping;
	u32 protocol; /* network order */
	u32 vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex, ifindex;
	u32 tc_index, cb[5], hash, tc_classid;
	u32 unused[22];
	u32 gso_segs;
	u64 sk;
	u32 gso_size;
};
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT 2
#define PACKET_HOST 0
#define PACKET_BROADCAST 1
#define BPF_F_INGRESS 1
#define BPF_MTU_CHK_SEGS 1

/* What bpf_fib_lookup() is asked, and answers: struct bpf_fib_lookup. */
struct route {
	u8 family, protocol;
	u16 source_port, destination_port; /* network order */
	u16 length;
	u32 ifindex; /* by which the packet comes; then, by which it goes */
	u32 tos;     /* only the first byte; of IPv6 all that stands before the length */
	u32 source[4];
	u32 destination[4]; /* then, the next hop */
	u32 unused[4];
};
#define AF_INET 2
#define AF_INET6 10
#define BPF_FIB_LKUP_RET_SUCCESS 0
#define BPF_FIB_LKUP_RET_NOT_FWDED 4
#define BPF_FIB_LKUP_RET_FWD_DISABLED 5
#define BPF_FIB_LKUP_RET_NO_NEIGH 7
#define BPF_FIB_LKUP_RET_FRAG_NEEDED 8

/* The next hop for bpf_redirect_neigh(): struct bpf_redir_neigh. */
struct hop {
	u32 family, address[4];
};

/* By what a socket is found, of IPv4 or IPv6; all of it in network order. */
struct bpf_sock_tuple4 {
	u32 source, destination;
	u16 source_port, destination_port;
};
struct bpf_sock_tuple6 {
	u32 source[4], destination[4];
	u16 source_port, destination_port;
};
#define TCP_LISTEN 10
#define BPF_F_CURRENT_NETNS (-1UL)

/* In network order, as a little-endian machine reads it. */
#define ETH_P_IP 0x0008
#define ETH_P_ARP 0x0608
#define ETH_P_IPV6 0xdd86
#define NETWORK16(number) ((u16)((number) << 8 | (number) >> 8))
#define NETWORK32(number) __builtin_bswap32(number)

#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_ICMPV6 58
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136

#define ICMP_ECHO_REPLY 0
#define ICMP_UNREACHABLE 3
#define ICMP_FRAGMENTATION_NEEDED 4 /* a code of unreachable */
#define ICMP_QUENCH 4
#define ICMP_ECHO 8
#define ICMP_EXCEEDED 11
#define ICMP_PARAMETER 12
#define ICMP_TIMESTAMP 13
#define ICMP_TIMESTAMP_REPLY 14

#define ICMPV6_UNREACHABLE 1
#define ICMPV6_TOO_BIG 2
#define ICMPV6_PARAMETER 4 /* the last one of the errors */
#define ICMPV6_ECHO 128
#define ICMPV6_ECHO_REPLY 129

/* Headers that may stand between that of IPv6 and what it carries. */
#define NEXTHDR_HOP 0
#define NEXTHDR_ROUTING 43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_AUTH 51
#define NEXTHDR_DEST 60

/* A number that the loader fills in. */
#define NUMBER(name) extern const char name
#define VALUE(name) ((u64)&name)

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*const bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) =
	(void *)2;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*const bpf_get_prandom_u32)(void) = (void *)7;
static long (*const bpf_skb_store_bytes)(void *context, u32 at, const void *from, u32 size, u64 flags) =
	(void *)9;
static long (*const bpf_l3_csum_replace)(void *context, u32 at, u64 from, u64 to, u64 size) = (void *)10;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*const bpf_get_current_comm)(void *to, u32 size) = (void *)16;
static long (*const bpf_redirect)(u32 ifindex, u64 flags) = (void *)23;
static long (*const bpf_skb_load_bytes)(void *context, u32 at, void *to, u32 size) = (void *)26;
static long (*const bpf_csum_diff)(const void *from, u32 from_size, const void *to, u32 to_size,
				   u32 seed) = (void *)28;
static long (*const bpf_skb_change_type)(void *context, u32 type) = (void *)32;
static long (*const bpf_skb_change_tail)(void *context, u32 size, u64 flags) = (void *)38;
static long (*const bpf_skb_change_head)(void *context, u32 more, u64 flags) = (void *)43;
static long (*const bpf_fib_lookup)(void *context, void *route, int size, u32 flags) = (void *)69;
static u64 (*const bpf_get_current_cgroup_id)(void) = (void *)80;
static struct bpf_sock *(*const bpf_sk_lookup_udp)(void *context, void *tuple, u32 size, u64 netns,
						   u64 flags) = (void *)85;
static long (*const bpf_sk_release)(void *socket) = (void *)86;
static struct bpf_sock *(*const bpf_skc_lookup_tcp)(void *context, void *tuple, u32 size, u64 netns,
						    u64 flags) = (void *)99;
static long (*const bpf_probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static u64 (*const bpf_get_netns_cookie)(void *context) = (void *)122;
static long (*const bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static long (*const bpf_check_mtu)(void *context, u32 ifindex, u32 *mtu, long difference, u64 flags) =
	(void *)163;
static long (*const bpf_redirect_neigh)(u32 ifindex, void *hop, int size, u64 flags) = (void *)152;
static long (*const bpf_redirect_peer)(u32 ifindex, u64 flags) = (void *)155;
