/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a container hears that has sent a packet of IPv6 too long for the link by which it would go.
 *
 * No router cuts those.  A host whose process sends one does not send it at all, but its stack answers
 * nobody else as long as it forwards nothing.  So the program does it.
 */

#pragma once

#include "may.h"

#define QUOTED 72 /* its header, one of a fragment, and what tells whose it is */
#define SHORTEST_MTU 1280

/* What the checksum is about: the message, after a header that is not sent. */
struct too_big {
	struct address source, destination;
	u32 length, protocol;
	u8 type, code;
	u16 checksum;
	u32 mtu;
	u8 quoted[QUOTED];
};
#define BEFORE_MESSAGE 40 /* as long as the header of IPv6 */

/* To whom has the port; by the link by which it came, if it has none. */
INLINE int answer_too_big(struct packet *packet, const struct config *config,
			  const struct parsed *parsed, u32 length, u32 mtu)
{
	u32 veth = veth_of(owner_of(parsed->source_port)); /* what was shaped comes by another link */
	struct too_big answer;
	u8 header[8] = {0x60, 0, 0, 0, 0, sizeof(answer) - BEFORE_MESSAGE, IPPROTO_ICMPV6, 64};
	u32 at = FRAME + BEFORE_MESSAGE;
	u64 sum;

	if (bpf_skb_load_bytes(packet, FRAME, answer.quoted, QUOTED))
		return TC_ACT_SHOT;
	__builtin_memcpy(&answer.source, answer.quoted + 24, sizeof(answer.source));
	__builtin_memcpy(&answer.destination, answer.quoted + 8, sizeof(answer.destination));
	answer.length = NETWORK32(sizeof(answer) - BEFORE_MESSAGE);
	answer.protocol = NETWORK32(IPPROTO_ICMPV6);
	answer.type = ICMPV6_TOO_BIG;
	answer.code = answer.checksum = 0;
	/* Before Linux 5.12 the lookup does not tell. */
	answer.mtu = NETWORK32(mtu < length && mtu > SHORTEST_MTU ? mtu : SHORTEST_MTU);
	sum = bpf_csum_diff(0, 0, &answer, sizeof(answer), 0);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff);
	sum += sum >> 16;
	answer.checksum = ~sum;
	if (bpf_skb_change_tail(packet, FRAME + sizeof(answer), 0))
		return TC_ACT_SHOT;
	bpf_skb_store_bytes(packet, 0, config->mac, MAC, 0);
	bpf_skb_store_bytes(packet, FRAME, header, sizeof(header), 0);
	bpf_skb_store_bytes(packet, FRAME + 8, &answer.source, 2 * sizeof(struct address), 0);
	bpf_skb_store_bytes(packet, at, &answer.type, sizeof(answer) - BEFORE_MESSAGE, 0);
	return bpf_redirect(veth ? veth : packet->ifindex, 0);
}
