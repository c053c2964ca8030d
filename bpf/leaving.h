/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a container sends, on the host's end of its veth. */

#pragma once

#include "ways.h"

/* Whether one more may be sent: so many at once, and one each `cost` nanoseconds. */
INLINE int allowed(u64 *due, u64 cost, u64 most)
{
	u64 now = bpf_ktime_get_ns(), from = *due > now ? *due : now;

	if (from + cost > now + cost * most)
		return 0;
	*due = from + cost;
	return 1;
}

/* Datagrams of which the rest never comes fill the memory of their receiver, which counts them for
 * the address of the host.  One that leaves whole costs nothing. */
#define UNFINISHED_AT_ONCE 16
#define UNFINISHED_EACH SECOND
#define REQUESTS_AT_ONCE 1000
#define REQUESTS_EACH (SECOND / 1000)

/* Fragments leave with an id that the host has chosen: with their own, two containers could mix their
 * datagrams at a receiver, and one could do that to another. */
INLINE void renumber(struct packet *packet, const struct parsed *parsed, u32 id)
{
	u16 from = parsed->id, to = id;

	if (parsed->six) {
		bpf_skb_store_bytes(packet, parsed->extension + 4, &id, sizeof(id), 0);
		return;
	}
	bpf_l3_csum_replace(packet, FRAME + 10, from, to, sizeof(to));
	bpf_skb_store_bytes(packet, FRAME + 4, &to, sizeof(to), 0);
}

/* The target of a datagram whose first fragment this is; 0: it may not be sent. */
INLINE u32 first_leaves(struct packet *packet, const struct parsed *parsed, u32 me, u32 target)
{
	struct allowance *allowance = bpf_map_lookup_elem(&pm_allowances, &me);
	struct fragments key;
	struct direction to = {target, veth_of(target), 0, bpf_get_prandom_u32()};

	if (!allowance || !allowed(&allowance->datagrams, UNFINISHED_EACH, UNFINISHED_AT_ONCE))
		return 0;
	to.next = parsed->length - (parsed->body - parsed->at);
	fill_fragments(&key, parsed, me);
	bpf_map_update_elem(&pm_fragments, &key, &to, 0);
	renumber(packet, parsed, to.id);
	return target;
}

/* The same of a later one.  They come in order, as a stack sends them: so the last one proves that
 * nothing is missing. */
INLINE u32 later_leaves(struct packet *packet, const struct parsed *parsed, u32 me)
{
	struct allowance *allowance = bpf_map_lookup_elem(&pm_allowances, &me);
	struct fragments key;
	struct direction *found;

	fill_fragments(&key, parsed, me);
	found = bpf_map_lookup_elem(&pm_fragments, &key);
	if (!allowance || !found || found->next != parsed->offset)
		return 0;
	if (found->target < TO_EVERYBODY && found->veth != veth_of(found->target))
		return 0;
	if (parsed->more) {
		found->next += parsed->length - (parsed->body - parsed->at);
	} else {
		found->next = 0; /* nobody begins there: no other one is the last */
		allowance->datagrams -= UNFINISHED_EACH;
	}
	renumber(packet, parsed, found->id);
	return found->target;
}

/* Requests that are noted, so that the reply finds who asked. */
INLINE u32 request_leaves(const struct parsed *parsed, const u8 *message, u32 me)
{
	struct allowance *allowance = bpf_map_lookup_elem(&pm_allowances, &me);
	struct request key = {.peer = parsed->destination, .type = reply_to(parsed, message[0])};
	struct asker asker = {bpf_ktime_get_ns(), me, veth_of(me)}, *before;

	if (!allowance || !allowed(&allowance->requests, REQUESTS_EACH, REQUESTS_AT_ONCE))
		return 0;
	__builtin_memcpy(&key.id, message + 4, sizeof(key.id));
	__builtin_memcpy(&key.sequence, message + 6, sizeof(key.sequence));
	before = bpf_map_lookup_elem(&pm_requests, &key);
	if (before && before->number != me && asker.when - before->when < 2 * SECOND)
		return 0; /* somebody else waits for the very same reply */
	bpf_map_update_elem(&pm_requests, &key, &asker, 0);
	return TO_OUTSIDE;
}

/* An error that a container may send: that one of its ports cannot be reached, to who has tried. */
INLINE u32 error_leaves(struct packet *packet, const struct config *config,
			const struct parsed *error, const u8 *message, u32 me, int among_us)
{
	const struct parsed *quoted;
	u32 target;

	if (message[0] != (error->six ? ICMPV6_UNREACHABLE : ICMP_UNREACHABLE) ||
	    (!error->six && message[1] == ICMP_FRAGMENTATION_NEEDED))
		return 0;
	quoted = parse_quoted(packet, error);
	if (!quoted || !has_ports(quoted->protocol) || !is_same(&quoted->source, &error->destination))
		return 0;
	if (quoted->transport + 8 > error->at + error->length)
		return 0; /* the ports would stand behind its end */
	if (owner_of(quoted->destination_port) != me)
		return 0;
	if (!is_own(config, &quoted->destination) &&
	    !(among_us && is_loopback(&quoted->destination)))
		return 0;
	target = owner_of(quoted->source_port);
	return !among_us ? TO_OUTSIDE : target ? target : TO_HOST;
}

/* What a packet that is whole, or the first of its datagram, must be.  `target`: where it goes. */
INLINE int refuse(struct packet *packet, const struct config *config, const struct parsed *parsed,
		  u32 me, int among_us, u32 *target)
{
	u8 message[8];

	if (has_ports(parsed->protocol)) {
		if (owner_of(parsed->source_port) != me)
			return PORT;
		*target = owner_of(parsed->destination_port);
		if (is_everybody(config, &parsed->destination))
			*target = TO_EVERYBODY;
		else
			*target = !among_us ? TO_OUTSIDE : *target ? *target : TO_HOST;
		if (*target == TO_OUTSIDE && !may_take(packet, parsed, me))
			return REQUEST;
		if (*target != TO_HOST && *target != TO_OUTSIDE)
			return PASSED;
		if (may_reach_host(packet, parsed, me))
			return PASSED;
		return *target == TO_HOST || is_for_host(packet, parsed) ? HOST : PASSED;
	}
	if (!is_icmp(parsed))
		return PROTOCOL;
	if (bpf_skb_load_bytes(packet, parsed->transport, message, sizeof(message)))
		return MALFORMED;
	if (reply_to(parsed, message[0]) != NO_REQUEST && !message[1]) {
		*target = among_us ? 0 : request_leaves(parsed, message, me);
		return *target ? PASSED : REQUEST;
	}
	*target = error_leaves(packet, config, parsed, message, me, among_us);
	return *target ? PASSED : ICMP;
}

/* A checksum that is still to be written, and segments still to be cut: see offload.h.  No stack
 * leaves a checksum of fragments to others. */
INLINE int may_be_finished(struct packet *packet, const struct parsed *parsed)
{
	long start;
	u16 offset;
	int asked = has_request(packet, &start, &offset);

	if (asked < 0 || !fits(packet))
		return 0;
	return !asked || (!parsed->more && !parsed->offset &&
			  is_place(parsed->protocol, start - (parsed->transport - parsed->at), offset));
}

/* What a stack says to its neighbours by itself: of IPv6, which groups it has joined, and who is there.
 * A container has none, and no fault is counted. */
INLINE int is_chatter(const struct parsed *parsed)
{
	return parsed->six && is_icmp(parsed) && is_group(&parsed->destination);
}

INLINE int leaves(struct packet *packet, const struct config *config, u32 me)
{
	const struct parsed *parsed = parse(packet, FRAME, PACKET);
	int among_us, refused;
	u32 target = 0;

	if (!parsed || !parsed->ttl)
		return drop(me, MALFORMED);
	if (is_chatter(parsed))
		return TC_ACT_SHOT;
	if (parsed->routed)
		return drop(me, ADDRESS);
	/* What others read as ports must be part of the packet, and the packet of the frame. */
	if (parsed->length < parsed->transport - FRAME + (parsed->offset ? 1 : 8) ||
	    FRAME + parsed->length > packet->len)
		return drop(me, MALFORMED);
	if (VALUE(judging) && !may_be_finished(packet, parsed))
		return drop(me, OFFLOAD);
	among_us = is_loopback(&parsed->source) && is_loopback(&parsed->destination);
	if (!among_us) {
		if (!is_own(config, &parsed->source) || is_loopback(&parsed->destination) ||
		    is_nobodys(&parsed->destination))
			return drop(me, ADDRESS);
		/* Of these the host would be the only one to hear. */
		if (is_icmp(parsed) && is_everybody(config, &parsed->destination))
			return drop(me, ADDRESS);
		among_us = is_own(config, &parsed->destination);
	}
	if (parsed->offset) {
		target = later_leaves(packet, parsed, me);
		return target ? send(packet, config, parsed, me, target) : drop(me, FRAGMENT);
	}
	refused = refuse(packet, config, parsed, me, among_us, &target);
	if (refused != PASSED)
		return drop(me, refused);
	if (parsed->more && !first_leaves(packet, parsed, me, target))
		return drop(me, FRAGMENT);
	return send(packet, config, parsed, me, target);
}

/* Neighbours are the host's business: every question is answered with one MAC, which is nobody's.
 * The frames that follow get the right one on their way out. */
INLINE int answer(struct packet *packet, const struct config *config, u32 me)
{
	struct {
		u16 hardware, protocol;
		u8 sizes[2];
		u16 operation;
		u8 sender_mac[MAC], sender[4], target_mac[MAC], target[4];
	} arp;
	const u8 nobody[MAC] = {0x02, 0x70, 0x6d, 0x00, 0x00, 0x03};
	struct address asked;

	if (bpf_skb_load_bytes(packet, FRAME, &arp, sizeof(arp)))
		return drop(me, MALFORMED);
	if (arp.hardware != NETWORK16(1) || arp.protocol != ETH_P_IP ||
	    arp.operation != NETWORK16(1))
		return drop(me, MALFORMED);
	fill_four(&asked, *(u32 *)arp.target);
	if (is_own(config, &asked))
		return drop(me, ADDRESS); /* nobody else has it */
	__builtin_memcpy(arp.target, arp.sender, sizeof(arp.target));
	__builtin_memcpy(arp.sender, &asked.words[3], sizeof(arp.sender));
	__builtin_memcpy(arp.target_mac, arp.sender_mac, MAC);
	__builtin_memcpy(arp.sender_mac, nobody, MAC);
	arp.operation = NETWORK16(2);
	bpf_skb_store_bytes(packet, FRAME, &arp, sizeof(arp), 0);
	bpf_skb_store_bytes(packet, 0, arp.target_mac, MAC, 0);
	bpf_skb_store_bytes(packet, MAC, nobody, MAC, 0);
	return bpf_redirect(packet->ifindex, 0);
}

INLINE int of_container(struct packet *packet, const struct config *config, u32 me)
{
	if (veth_of(me) != packet->ifindex)
		return TC_ACT_SHOT;
	if (packet->vlan_present)
		return drop(me, PROTOCOL);
	if (is_ip(packet))
		return leaves(packet, config, me);
	if (packet->protocol == ETH_P_ARP)
		return answer(packet, config, me);
	return drop(me, PROTOCOL);
}
