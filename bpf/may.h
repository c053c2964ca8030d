/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Who may send to whom, besides what ports say: a container to the servers of its host, and the outside to a
 * container. */

#pragma once

#include "whose.h"

#define TCP_FLAGS 13 /* where they stand */
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* How long the host's datagram lets answers pass. */
#define ANSWERS_LAST (120 * SECOND)

/* Ports of the host that a container may use all the same: a block of ports is a prefix. */
struct host_port {
	u32 bits;
	u16 number, port; /* in network order */
};

#define IPV6_NETWORK 0x10000

/* A conversation that the host has begun with a container, seen from there. */
struct call {
	u32 number;
	struct address host, own;
	u16 host_port, own_port;
	u32 protocol;
};

/* Who outside may send to a container. */
struct network {
	u32 bits, number; /* with IPV6_NETWORK for those of IPv6: each family has prefixes of its own */
	struct address address;
};

MAP pm_networks = {
	BPF_MAP_TYPE_LPM_TRIE, sizeof(struct network), sizeof(u32), 65536, BPF_F_NO_PREALLOC};
MAP pm_host_ports = {
	BPF_MAP_TYPE_LPM_TRIE, sizeof(struct host_port), sizeof(u32), 65536, BPF_F_NO_PREALLOC};
MAP pm_calls = {BPF_MAP_TYPE_LRU_HASH, sizeof(struct call), sizeof(u64), 4096, 0};

/* The flags of TCP; -1 where the packet, or the first fragment, ends before them. */
INLINE int tcp_flags(struct packet *packet, const struct parsed *parsed)
{
	u8 flags;

	if (parsed->length < parsed->transport - parsed->at + TCP_FLAGS + 1 ||
	    bpf_skb_load_bytes(packet, parsed->transport + TCP_FLAGS, &flags, sizeof(flags)))
		return -1;
	return flags;
}

/* Whether it asks for a connection; what does not tell is taken for that. */
INLINE int opens(struct packet *packet, const struct parsed *parsed)
{
	int flags = tcp_flags(packet, parsed);

	return flags < 0 || (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* Whether somebody on the host waits for connections there.  That alone lets nobody in who does not ask for
 * one, but for an answer to a cookie, which can be guessed. */
INLINE int is_served(struct packet *packet, const struct parsed *parsed)
{
	struct bpf_sock_tuple6 six;
	struct bpf_sock_tuple4 four = {parsed->source.words[3], parsed->destination.words[3],
				       NETWORK16(parsed->source_port),
				       NETWORK16(parsed->destination_port)};
	struct bpf_sock *found;
	int served;

	__builtin_memcpy(six.source, &parsed->source, sizeof(six.source));
	__builtin_memcpy(six.destination, &parsed->destination, sizeof(six.destination));
	six.source_port = four.source_port;
	six.destination_port = four.destination_port;
	found = parsed->six ? bpf_skc_lookup_tcp(packet, &six, sizeof(six), BPF_F_CURRENT_NETNS, 0)
			    : bpf_skc_lookup_tcp(packet, &four, sizeof(four), BPF_F_CURRENT_NETNS, 0);
	if (!found)
		return 0;
	served = found->state == TCP_LISTEN;
	bpf_sk_release(found);
	return served;
}

/* The host sends to a container that may not begin: what comes back may pass for a while.  Of TCP the packets
 * tell who has begun. */
INLINE void note_call(const struct parsed *parsed, u32 number)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &number);
	struct call call = {number, parsed->source, parsed->destination, parsed->source_port,
			    parsed->destination_port, parsed->protocol};
	u64 now = bpf_ktime_get_ns(), *before;

	if (!tenant || !tenant->closed || parsed->protocol == IPPROTO_TCP ||
	    owner_of(parsed->source_port))
		return;
	before = bpf_map_lookup_elem(&pm_calls, &call);
	if (before)
		*before = now;
	else
		bpf_map_update_elem(&pm_calls, &call, &now, 0);
}

INLINE int was_called(const struct parsed *parsed, u32 me)
{
	struct call call = {me, parsed->destination, parsed->source, parsed->destination_port,
			    parsed->source_port, parsed->protocol};
	u64 *when = bpf_map_lookup_elem(&pm_calls, &call);

	return when && bpf_ktime_get_ns() - *when < ANSWERS_LAST;
}

/* Whether a container may send this to the host itself. */
INLINE int may_reach_host(struct packet *packet, const struct parsed *parsed, u32 me)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &me);
	struct host_port port = {32, me, NETWORK16(parsed->destination_port)};

	if (!tenant || !tenant->closed || bpf_map_lookup_elem(&pm_host_ports, &port))
		return 1;
	if (parsed->protocol != IPPROTO_TCP)
		return was_called(parsed, me);
	return !opens(packet, parsed) && !is_served(packet, parsed);
}

/* Whether somebody outside may send this to a container.  To its ephemeral ports everybody may, for what it has
 * called itself answers there; but nobody else may open a connection. */
INLINE int may_come(struct packet *packet, const struct parsed *parsed, u32 number)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &number);
	struct network network = {32 + 128, number | (parsed->six ? IPV6_NETWORK : 0), parsed->source};

	if (!tenant || !tenant->last || bpf_map_lookup_elem(&pm_networks, &network))
		return 1;
	if (parsed->destination_port < tenant->first || parsed->destination_port > tenant->last)
		return 0;
	return parsed->protocol != IPPROTO_TCP || !opens(packet, parsed);
}
