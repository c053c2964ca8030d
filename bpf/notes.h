/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the host itself sends, and so waits for: pings, and flows from ports that containers own, of its
 * processes or of networks behind NAT on it.
 *
 * A port is its owner's.  So a flow is the host's only where the owner has no part in it: of TCP where the peer
 * has answered a SYN of the host, of UDP as long as no socket of the owner would take the datagram.  Who sends
 * from the owner's port behind NAT takes nothing from it, and gives up what the owner wants to have. */

#pragma once

#include "may.h"

#define TCP_RST 0x04

/* In skb->tc_index, from where a container's packet is sent on to where it leaves the host. */
#define OF_CONTAINER 0x706d

/* How long a flow stays its owner's after a packet of the owner in it. */
#define OWNED_FOR (120 * SECOND)

/* Both ends, in network order. */
struct flow {
	struct address peer, own;
	u16 peer_port, own_port;
	u32 protocol;
};

enum { ASKED = 1, OPEN, OWNERS };

/* `number`: of the owner of the port. */
struct note {
	u64 when;
	u32 state, number;
};

/* Of a container: the number of its namespace, as the host's knows it, plus 1; 0 where that is not known.
 * `noted`: there may be notes about its ports. */
struct namespace {
	u32 number, noted;
};

MAP pm_flows = {BPF_MAP_TYPE_LRU_HASH, sizeof(struct flow), sizeof(struct note), 32768, 0};
MAP pm_namespaces = {
	BPF_MAP_TYPE_ARRAY, sizeof(u32), sizeof(struct namespace), 4096, BPF_F_MMAPABLE};

/* Of a packet that leaves, or of one that arrives. */
INLINE void fill_flow(struct flow *flow, const struct parsed *packet, int leaves)
{
	flow->peer = leaves ? packet->destination : packet->source;
	flow->own = leaves ? packet->source : packet->destination;
	flow->peer_port = NETWORK16(leaves ? packet->destination_port : packet->source_port);
	flow->own_port = NETWORK16(leaves ? packet->source_port : packet->destination_port);
	flow->protocol = packet->protocol;
}

/* Whether somebody in a namespace takes part in a flow.  Who only waits for connections does not yet; who waits
 * for datagrams of everybody does. */
INLINE int has_socket(struct packet *packet, const struct flow *flow, u64 namespace)
{
	struct bpf_sock_tuple6 six;
	struct bpf_sock_tuple4 four = {flow->peer.words[3], flow->own.words[3], flow->peer_port,
				       flow->own_port};
	int is_six = !is_four(&flow->peer), has;
	struct bpf_sock *found;

	__builtin_memcpy(six.source, &flow->peer, sizeof(six.source));
	__builtin_memcpy(six.destination, &flow->own, sizeof(six.destination));
	six.source_port = flow->peer_port;
	six.destination_port = flow->own_port;
	if (flow->protocol == IPPROTO_UDP) {
		found = is_six ? bpf_sk_lookup_udp(packet, &six, sizeof(six), namespace, 0)
			       : bpf_sk_lookup_udp(packet, &four, sizeof(four), namespace, 0);
		if (found)
			bpf_sk_release(found);
		return found != 0;
	}
	found = is_six ? bpf_skc_lookup_tcp(packet, &six, sizeof(six), namespace, 0)
		       : bpf_skc_lookup_tcp(packet, &four, sizeof(four), namespace, 0);
	if (!found)
		return 0;
	has = found->state != TCP_LISTEN;
	bpf_sk_release(found);
	return has;
}

INLINE int owner_has(struct packet *packet, const struct flow *flow, u32 owner)
{
	struct namespace *its = bpf_map_lookup_elem(&pm_namespaces, &owner);

	return !its || !its->number || has_socket(packet, flow, its->number - 1);
}

/* Whether there may be a note about a port of container `owner`: most have none, and pay for this look alone. */
INLINE int has_notes(u32 owner)
{
	struct namespace *its = bpf_map_lookup_elem(&pm_namespaces, &owner);

	return its && its->noted;
}

INLINE void tell_of_notes(u32 owner)
{
	struct namespace *its = bpf_map_lookup_elem(&pm_namespaces, &owner);

	if (its && !its->noted)
		its->noted = 1;
}

/* --- what leaves ------------------------------------------------------------------------------ */

INLINE void note_flow(struct packet *packet, const struct parsed *parsed, u32 owner)
{
	struct note note = {bpf_ktime_get_ns(), OPEN, owner}, *before;
	struct flow flow;
	int flags;

	fill_flow(&flow, parsed, 1);
	before = bpf_map_lookup_elem(&pm_flows, &flow);
	if (before && before->state != OWNERS) {
		tell_of_notes(owner); /* who may be another one by now */
		return;
	}
	if (before && before->number == owner && note.when - before->when < OWNED_FOR)
		return;
	if (parsed->protocol == IPPROTO_TCP) {
		flags = tcp_flags(packet, parsed);
		if (flags < 0 || flags & TCP_RST)
			return;
		if ((flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
			note.state = ASKED;
		else if (!has_socket(packet, &flow, BPF_F_CURRENT_NETNS))
			return;
	}
	if (owner_has(packet, &flow, owner))
		return;
	bpf_map_update_elem(&pm_flows, &flow, &note, 0);
	tell_of_notes(owner);
}

/* As between containers, who has asked first keeps the reply. */
INLINE void note_request(struct packet *packet, const struct parsed *parsed)
{
	struct request key = {.peer = parsed->destination};
	struct asker asker = {bpf_ktime_get_ns(), TO_HOST, 0}, *before;
	u8 message[8];

	if (bpf_skb_load_bytes(packet, parsed->transport, message, sizeof(message)))
		return;
	key.type = reply_to(parsed, message[0]);
	if (key.type == NO_REQUEST)
		return;
	__builtin_memcpy(&key.id, message + 4, sizeof(key.id));
	__builtin_memcpy(&key.sequence, message + 6, sizeof(key.sequence));
	before = bpf_map_lookup_elem(&pm_requests, &key);
	if (before && before->number != TO_HOST && asker.when - before->when < 2 * SECOND)
		return;
	bpf_map_update_elem(&pm_requests, &key, &asker, 0);
}

/* What leaves by an interface of the host: of all that is not a container's, what is waited for is noted. */
INLINE int goes(struct packet *packet, const struct config *config, u32 at)
{
	const struct parsed *parsed;
	u32 owner;

	if (packet->tc_index == OF_CONTAINER) {
		packet->tc_index = 0;
		return TC_ACT_UNSPEC;
	}
	if (!is_ip(packet) || (packet->vlan_present && packet->vlan_tci & 0xfff))
		return TC_ACT_UNSPEC;
	parsed = parse(packet, at, PACKET);
	if (!parsed || parsed->offset)
		return TC_ACT_UNSPEC;
	if (is_icmp(parsed)) {
		note_request(packet, parsed);
	} else if (parsed->protocol == IPPROTO_TCP || parsed->protocol == IPPROTO_UDP) {
		owner = owner_of(parsed->source_port);
		if (owner && is_own(config, &parsed->source))
			note_flow(packet, parsed, owner);
	}
	return TC_ACT_UNSPEC;
}

/* Whether a container may send this outside.  A connection that a process of the host has from its port is none
 * of its own; any other flow is, from now on. */
INLINE int may_take(struct packet *packet, const struct parsed *parsed, u32 me)
{
	struct note *note;
	struct flow flow;

	if (!has_notes(me))
		return 1;
	fill_flow(&flow, parsed, 1);
	note = bpf_map_lookup_elem(&pm_flows, &flow);
	if (!note)
		return 1;
	if (note->state != OWNERS && parsed->protocol == IPPROTO_TCP &&
	    has_socket(packet, &flow, BPF_F_CURRENT_NETNS))
		return 0;
	note->when = bpf_ktime_get_ns();
	note->number = me;
	note->state = OWNERS;
	return 1;
}

/* --- what arrives ----------------------------------------------------------------------------- */

/* Whether the host waits for this, which has come to a port of container `owner`. */
INLINE int is_hosts(struct packet *packet, const struct parsed *parsed, u32 owner)
{
	struct note *note;
	struct flow flow;
	int flags;

	if (!has_notes(owner))
		return 0;
	fill_flow(&flow, parsed, 0);
	note = bpf_map_lookup_elem(&pm_flows, &flow);
	if (!note || note->state == OWNERS)
		return 0;
	if (parsed->protocol == IPPROTO_UDP)
		return !owner_has(packet, &flow, owner);
	flags = tcp_flags(packet, parsed);
	if (flags < 0 || (flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		return 0;
	if (note->state == OPEN)
		return 1;
	if (!(flags & TCP_RST) && (flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK))
		return 0;
	if (owner_has(packet, &flow, owner))
		return 0;
	note->state = OPEN;
	return 1;
}

/* Whether an ICMP error is about what the host has sent from a port of a container. */
INLINE int is_about_host(struct packet *packet, const struct parsed *error)
{
	const struct parsed *quoted = parse_quoted(packet, error);
	u32 owner = quoted ? owner_of(quoted->source_port) : 0;
	struct note *note;
	struct flow flow;

	if (!quoted || !has_notes(owner))
		return 0;
	fill_flow(&flow, quoted, 1);
	note = bpf_map_lookup_elem(&pm_flows, &flow);
	if (!note || note->state == OWNERS)
		return 0;
	return quoted->protocol == IPPROTO_TCP || !owner_has(packet, &flow, owner);
}
