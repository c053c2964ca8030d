/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The ports guard: which ports the processes of a cgroup may bind.
 *
 * The kernel asks post_bind when bind() has found a port, also the one that it chose for port 0;
 * with 0 as the answer the port is given back, and bind() fails with EPERM.
 */

#include "kernel.h"

#define SOCK_RAW 3
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_DCCP 33
#define IPPROTO_SCTP 132
#define IPPROTO_UDPLITE 136
#define IPPROTO_MPTCP 262

/* One element, so that one write changes all of it.  `netns` is the cookie of the namespace whose
 * ports are meant, 0 for all.  A bit is set: the port may be bound. */
struct rules {
	u32 deny;         /* 0: tell only */
	u32 only_tcp_udp; /* sockets of other protocols with ports, and raw ones, are judged too */
	u64 netns;
	u8 tcp[8192], udp[8192];
};

enum kind { BIND = 1, LISTEN, SOCKET };

struct event {
	u64 when, cgroup, pid_tgid;
	u32 kind;
	u16 port, protocol;
	char comm[16];
};

MAP pm_rules = {BPF_MAP_TYPE_ARRAY, 4, sizeof(struct rules), 1, 0};
MAP pm_events = {BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0};
/* How many events there were, by kind: the ring has no room for those that nobody reads. */
MAP pm_counts = {BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0};

INLINE struct rules *rules(void)
{
	u32 first = 0;

	return bpf_map_lookup_elem(&pm_rules, &first);
}

INLINE int is_set(u8 *bits, u32 port)
{
	return bits[port >> 3 & 8191] >> (port & 7) & 1;
}

INLINE void count(u32 kind)
{
	u64 *events = bpf_map_lookup_elem(&pm_counts, &kind);

	if (events)
		__sync_fetch_and_add(events, 1);
}

INLINE int tell(u32 kind, u32 port, u32 protocol)
{
	struct event event = {};

	count(kind);
	event.when = bpf_ktime_get_ns();
	event.cgroup = bpf_get_current_cgroup_id();
	event.pid_tgid = bpf_get_current_pid_tgid();
	event.kind = kind;
	event.port = port;
	event.protocol = protocol;
	bpf_get_current_comm(event.comm, sizeof(event.comm));
	return bpf_ringbuf_output(&pm_events, &event, sizeof(event), 0);
}

INLINE int judge_port(struct bpf_sock *sock)
{
	struct rules *is = rules();
	u32 protocol = sock->protocol, port = sock->src_port;
	u8 *bits;

	if (!is)
		return 1;
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)
		bits = is->tcp;
	else if (protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE)
		bits = is->udp;
	else /* what ping binds is no port */
		return 1;
	if (is_set(bits, port))
		return 1;
	if (is->netns && is->netns != bpf_get_netns_cookie(sock))
		return 1;
	tell(BIND, port, protocol);
	return !is->deny;
}

SECTION("cgroup/post_bind4") int pm_guard_bind4(struct bpf_sock *sock)
{
	return judge_port(sock);
}

SECTION("cgroup/post_bind6") int pm_guard_bind6(struct bpf_sock *sock)
{
	return judge_port(sock);
}

SECTION("cgroup/sock_create") int pm_guard_socket(struct bpf_sock *sock)
{
	struct rules *is = rules();
	u32 protocol = sock->protocol;

	if (!is || !is->only_tcp_udp)
		return 1;
	if (sock->type != SOCK_RAW && protocol != IPPROTO_SCTP && protocol != IPPROTO_DCCP)
		return 1;
	if (is->netns && is->netns != bpf_get_netns_cookie(sock))
		return 1;
	tell(SOCKET, 0, protocol);
	return !is->deny;
}

/* Nobody asks whether listen() may be.  It is told, whatever way the socket has got its port.
 * Before Linux 5.15 nothing here says in which namespace, or by whom: who is told looks. */
SECTION("sockops") int pm_guard_listen(struct bpf_sock_ops *ops)
{
	struct rules *is = rules();
	struct event event = {};

	if (ops->op != BPF_SOCK_OPS_TCP_LISTEN_CB || !is || is_set(is->tcp, ops->local_port))
		return 1;
	count(LISTEN);
	event.when = bpf_ktime_get_ns();
	event.kind = LISTEN;
	event.port = ops->local_port;
	event.protocol = IPPROTO_TCP;
	bpf_ringbuf_output(&pm_events, &event, sizeof(event), 0);
	return 1;
}

char licence[] SECTION("license") = "GPL";
