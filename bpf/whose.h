/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whom a packet is for, or about, as the maps tell. */

#pragma once

#include "packet.h"

INLINE u32 owner_of(u16 port)
{
	u32 four = port >> 2;
	struct owners *owners = bpf_map_lookup_elem(&pm_ports, &four);

	return owners ? owners->number[port & 3] : 0;
}

INLINE u32 veth_of(u32 number)
{
	struct tenant *tenant = bpf_map_lookup_elem(&pm_tenants, &number);

	return tenant ? tenant->veth : 0;
}

INLINE void fill_fragments(struct fragments *key, const struct parsed *packet, u32 from)
{
	key->source = packet->source;
	key->destination = packet->destination;
	key->from = from;
	key->id = packet->id;
	key->protocol = packet->six ? 0 : packet->protocol;
}

/* Where a later fragment goes: where its first one went.  0: nobody knows. */
INLINE u32 follows(const struct parsed *packet, u32 from)
{
	struct fragments key;
	struct direction *found;

	fill_fragments(&key, packet, from);
	found = bpf_map_lookup_elem(&pm_fragments, &key);
	return found && found->veth == veth_of(found->target) ? found->target : 0;
}

INLINE void lead(const struct parsed *packet, u32 from, u32 target)
{
	struct fragments key;
	struct direction to = {target, veth_of(target), 0, 0};

	fill_fragments(&key, packet, from);
	bpf_map_update_elem(&pm_fragments, &key, &to, 0);
}

/* Who has asked for a reply to a request. */
INLINE u32 asker_of(const struct address *peer, const u8 *message, u32 type)
{
	struct request key = {.peer = *peer, .type = type};
	struct asker *found;

	__builtin_memcpy(&key.id, message + 4, sizeof(key.id));
	__builtin_memcpy(&key.sequence, message + 6, sizeof(key.sequence));
	found = bpf_map_lookup_elem(&pm_requests, &key);
	return found && found->veth == veth_of(found->number) ? found->number : 0;
}

/* Whom an ICMP error is about: who has sent the packet that it quotes. */
INLINE u32 quoted_sender(struct packet *packet, const struct parsed *error)
{
	const struct parsed *quoted = parse_quoted(packet, error);
	u8 message[8];
	u32 reply;

	if (!quoted)
		return 0;
	if (has_ports(quoted->protocol))
		return owner_of(quoted->source_port);
	if (!is_icmp(quoted) ||
	    bpf_skb_load_bytes(packet, quoted->transport, message, sizeof(message)))
		return 0;
	reply = reply_to(quoted, message[0]);
	return reply == NO_REQUEST ? 0 : asker_of(&quoted->destination, message, reply);
}

INLINE int drop(u32 me, enum reason reason)
{
	struct drops *drops = bpf_map_lookup_elem(&pm_drops, &me);

	if (drops)
		__sync_fetch_and_add(&drops->packets[reason], 1);
	return TC_ACT_SHOT;
}
