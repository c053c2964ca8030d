/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a container leaves to the kernel, or to the network card, to finish.
 *
 * A packet comes with the request to write a checksum somewhere in it, or to cut it into segments.
 * Filters see it before that is done: another packet could leave than the one that they passed.
 * Only the kernel's own structure of the packet has the request, and tells where it is (BTF).
 *
 * A checksum passes that is written where TCP, UDP and SCTP have theirs, or into the payload of UDP,
 * which the tunnels of a container ask for; and segments that fit the MTU of the veth and are few, or
 * not tiny.  All else is dropped.
 */

#include "kernel.h"

#define UDP_HEADER 8

/* What one sendmsg() may ask of UDP, and the least that Linux' TCP puts in a segment. */
#define UDP_MAX_SEGMENTS 128
#define TCP_MIN_SND_MSS 48

/* Less than the MTU of any link that carries IPv4: no need to compare. */
#define SMALL 512

/* Where in struct sk_buff the part begins that is read, and where in the part its members are; of
 * ip_summed its byte, its bits there, and CHECKSUM_PARTIAL in them. */
NUMBER(part);
NUMBER(ip_summed);
NUMBER(ip_summed_mask);
NUMBER(ip_summed_partial);
NUMBER(csum_start);
NUMBER(csum_offset);
NUMBER(network_header);

/* The loader refuses kernels whose members do not lie in so many bytes. */
#define PART 128

/* `start` counts from the end of the IP header. */
INLINE int is_place(u8 protocol, long start, u16 offset)
{
	if (start == 0 && protocol == IPPROTO_TCP)
		return offset == 16;
	if (start == 0 && protocol == IPPROTO_UDP)
		return offset == 6;
	if (start == 0 && protocol == IPPROTO_SCTP)
		return offset == 8;
	return protocol == IPPROTO_UDP && start >= UDP_HEADER;
}

/* Whether the packet has the request, and where: from the start of the IP header. */
INLINE int has_request(struct packet *packet, long *start, u16 *offset)
{
	u8 seen[PART];

	if (bpf_probe_read_kernel(seen, sizeof(seen), (void *)packet + VALUE(part)))
		return -1;
	*start = (long)*(u16 *)(seen + VALUE(csum_start)) - *(u16 *)(seen + VALUE(network_header));
	*offset = *(u16 *)(seen + VALUE(csum_offset));
	return (seen[VALUE(ip_summed)] & VALUE(ip_summed_mask)) == VALUE(ip_summed_partial);
}

INLINE int fits(struct packet *packet)
{
	u32 mtu = 0;

	if (packet->len > SMALL && bpf_check_mtu(packet, 0, &mtu, 0, BPF_MTU_CHK_SEGS))
		return 0;
	return packet->gso_segs <= UDP_MAX_SEGMENTS || packet->gso_size >= TCP_MIN_SND_MSS;
}
