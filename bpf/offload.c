/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Beside the filters of u32: drops what a container must not leave to others to finish.  What passes
 * goes on to the next filter. */

#include "offload.h"

#define PROTOCOL_AT 23 /* in an Ethernet frame */
#define IP_HEADER 20   /* another length is dropped by the program that comes with this one */

INLINE int is_checksum(struct packet *packet)
{
	u16 offset;
	u8 protocol;
	long start;
	int asked = has_request(packet, &start, &offset);

	if (asked <= 0)
		return !asked;
	if (packet->protocol != ETH_P_IP)
		return 0;
	if (bpf_skb_load_bytes(packet, PROTOCOL_AT, &protocol, sizeof(protocol)))
		return 0;
	return is_place(protocol, start - IP_HEADER, offset);
}

SECTION("tc") int pm_offload(struct packet *packet)
{
	return fits(packet) && is_checksum(packet) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char licence[] SECTION("license") = "GPL";
