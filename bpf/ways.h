/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The ways out: to a container, to the host, to the outside. */

#pragma once

#include "whose.h"

/* What comes from the host's loopback takes the pair of links: before Linux 6.15 the short way keeps
 * the route that the host has found, and the container's stack refuses the packet. */
INLINE int deliver(struct packet *packet, const struct config *config, u32 number)
{
	u32 veth = veth_of(number);
	struct received *received;

	if (!veth)
		return TC_ACT_SHOT;
	if (packet->ifindex == LOOPBACK) {
		bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
		return bpf_redirect(veth, 0);
	}
	received = bpf_map_lookup_elem(&pm_received, &number);
	if (received) {
		received->packets++;
		received->bytes += packet->len;
	}
	bpf_skb_change_type(packet, PACKET_HOST);
	return bpf_redirect_peer(veth, 0);
}

/* Through the loopback interface of the namespace, which takes frames for its own MAC only. */
INLINE int loop(struct packet *packet, const struct config *config)
{
	bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
	return bpf_redirect(LOOPBACK, BPF_F_INGRESS);
}

INLINE int send(struct packet *packet, const struct config *config, u32 target)
{
	const u8 everybody[MAC] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (target == TO_OUTSIDE)
		return bpf_redirect_neigh(config->public, 0, 0, 0);
	if (target == TO_EVERYBODY) { /* whom the helper finds no neighbour for */
		bpf_skb_store_bytes(packet, 0, everybody, MAC, 0);
		bpf_skb_store_bytes(packet, MAC, config->mac, MAC, 0);
		return bpf_redirect(config->public, 0);
	}
	if (target == TO_HOST)
		return loop(packet, config);
	return deliver(packet, config, target);
}
