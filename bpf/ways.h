/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The ways out: to a container, to the host, to the outside. */

#pragma once

#include "notes.h"
#include "too_big.h"

/* A packet gets the header of Ethernet that containers' links have. */
INLINE int dress(struct packet *packet)
{
	u16 type = packet->protocol;

	return bpf_skb_change_head(packet, FRAME, 0) ||
	       bpf_skb_store_bytes(packet, 2 * MAC, &type, sizeof(type), 0);
}

/* What comes from the host's loopback takes the pair of links: before Linux 6.15 the short way keeps
 * the route that the host has found, and the container's stack refuses the packet. */
INLINE int deliver(struct packet *packet, const struct config *config, u32 number)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &number);
	struct received *received;

	if (!tenant || !tenant->veth)
		return TC_ACT_SHOT;
	if (packet->ifindex == LOOPBACK || tenant->queued) {
		bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
		return bpf_redirect(tenant->veth, 0);
	}
	received = bpf_map_lookup_elem(&pm_received, &number);
	if (received) {
		received->packets++;
		received->bytes += packet->len;
	}
	bpf_skb_change_type(packet, PACKET_HOST);
	return bpf_redirect_peer(tenant->veth, 0);
}

/* Through the loopback interface of the namespace, which takes frames for its own MAC only. */
INLINE int loop(struct packet *packet, const struct config *config)
{
	bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
	return bpf_redirect(LOOPBACK, BPF_F_INGRESS);
}

/* What the host asks its tables for a packet of its own. */
INLINE int fill_route(struct packet *packet, const struct parsed *parsed, struct route *route)
{
	u32 head;

	if (bpf_skb_load_bytes(packet, FRAME, &head, sizeof(head)))
		return -1;
	route->protocol = parsed->protocol;
	route->source_port = NETWORK16(parsed->source_port);
	route->destination_port = NETWORK16(parsed->destination_port);
	route->length = parsed->length;
	if (packet->gso_size) /* of each segment, with headers as they are at least */
		route->length = packet->gso_size + (parsed->transport - parsed->at) + 8;
	route->ifindex = LOOPBACK; /* to rules, what the host sends comes from there */
	if (parsed->six) {
		route->family = AF_INET6;
		route->tos = head & NETWORK32(0x0fffffff);
		__builtin_memcpy(route->source, &parsed->source, sizeof(route->source));
		__builtin_memcpy(route->destination, &parsed->destination, sizeof(route->destination));
	} else {
		route->family = AF_INET;
		route->tos = head >> 8 & 0xfc;
		route->source[0] = parsed->source.words[3];
		route->destination[0] = parsed->destination.words[3];
	}
	return 0;
}

/* Whether a packet to an address of which the program has not been told is for the host itself. */
INLINE int is_for_host(struct packet *packet, const struct parsed *parsed)
{
	struct route route = {};

	return fill_route(packet, parsed, &route) ||
	       bpf_fib_lookup(packet, &route, sizeof(route), 0) == BPF_FIB_LKUP_RET_NOT_FWDED;
}

/* By the host's rules and routes.  Where they send it nowhere, the host's own stack says why: it
 * answers with the error, or cuts what is too long.  But of IPv6 it says that only where it forwards. */
INLINE int go_by_route(struct packet *packet, const struct config *config,
		       const struct parsed *parsed)
{
	struct route route = {};
	struct hop hop = {};
	u32 length;
	long said;

	if (fill_route(packet, parsed, &route))
		return TC_ACT_SHOT;
	length = route.length;
	said = bpf_fib_lookup(packet, &route, sizeof(route), 0);
	if (said == BPF_FIB_LKUP_RET_FRAG_NEEDED && packet->protocol == ETH_P_IPV6)
		return answer_too_big(packet, config, parsed, length, route.length);
	if (said < 0 || said == BPF_FIB_LKUP_RET_FWD_DISABLED)
		return bpf_redirect_neigh(config->public, 0, 0, 0);
	if (said != BPF_FIB_LKUP_RET_SUCCESS && said != BPF_FIB_LKUP_RET_NO_NEIGH)
		return loop(packet, config);
	hop.family = route.family;
	__builtin_memcpy(hop.address, route.destination, sizeof(hop.address));
	return bpf_redirect_neigh(route.ifindex, &hop, sizeof(hop), 0);
}

/* To the outside, or to everybody there. */
INLINE int go_outside(struct packet *packet, const struct config *config,
		      const struct parsed *parsed)
{
	const u8 all[MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	packet->tc_index = OF_CONTAINER;
	if (!is_everybody(config, &parsed->destination))
		return go_by_route(packet, config, parsed);
	/* whom the helper finds no neighbour for */
	bpf_skb_store_bytes(packet, 0, all, MAC, 0);
	bpf_skb_store_bytes(packet, MAC, config->mac, MAC, 0);
	return bpf_redirect(config->public, 0);
}

/* What container `me` may send, as fast as it may. */
INLINE int send(struct packet *packet, const struct config *config, const struct parsed *parsed,
		u32 me, u32 target)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &me);
	int outside = target == TO_OUTSIDE || target == TO_EVERYBODY;
	u32 shaping = tenant ? outside ? tenant->outside : tenant->within : 0;

	if (shaping) {
		packet->priority = tenant->class;
		return bpf_redirect(shaping, 0);
	}
	if (outside)
		return go_outside(packet, config, parsed);
	return target == TO_HOST ? loop(packet, config) : deliver(packet, config, target);
}

/* What comes out of such links goes where it would have gone. */
INLINE int was_shaped(struct packet *packet, const struct config *config, u32 which)
{
	const struct parsed *parsed = is_ip(packet) ? parse(packet, FRAME, PACKET) : 0;

	if (!parsed)
		return TC_ACT_SHOT;
	if (which)
		return loop(packet, config);
	return go_outside(packet, config, parsed);
}
