/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Steering: one address of a host, and a network namespace for each container.
 *
 * One program stands at every place where a packet is steered; the class of its filter says which
 * place that is.  0 is an interface of the host, BARE one without Ethernet, and LEAVING is what leaves by
 * one.  Else the low bits are the number of a container, and the high ones tell the host's end of its veth
 * from the links inside; or they tell where comes out what was made wait (SHAPED).
 *
 * TC_ACT_UNSPEC leaves a packet to the filters behind this one, and then to the stack.
 */

#include "leaving.h"

/* --- on the host's interfaces ----------------------------------------------------------------- */

INLINE u32 icmp_target(struct packet *packet, const struct parsed *parsed, int loopback)
{
	u8 message[8];

	if (bpf_skb_load_bytes(packet, parsed->transport, message, sizeof(message)))
		return 0;
	if (is_error(parsed, message[0]))
		return !loopback && is_about_host(packet, parsed) ? 0 : quoted_sender(packet, parsed);
	if (!loopback && is_reply(parsed, message[0]))
		return asker_of(&parsed->source, message, message[0]);
	return 0;
}

/* At `at` its header of IP begins. */
INLINE int hand_over(struct packet *packet, const struct config *config, u32 at, u32 target)
{
	if (!at && dress(packet))
		return TC_ACT_SHOT;
	return deliver(packet, config, target);
}

INLINE int arrives(struct packet *packet, const struct config *config, u32 at)
{
	int loopback = packet->ifindex == LOOPBACK;
	u32 from = loopback ? FROM_LOOPBACK : FROM_OUTSIDE, target = 0;
	const struct parsed *parsed;

	if (!is_ip(packet) || packet->pkt_type > PACKET_BROADCAST)
		return TC_ACT_UNSPEC;
	/* The kernel has taken the tag off.  Number 0 is a priority, and no network of its own. */
	if (packet->vlan_present && packet->vlan_tci & 0xfff)
		return TC_ACT_UNSPEC;
	parsed = parse(packet, at, PACKET);
	if (!parsed)
		return TC_ACT_UNSPEC;
	if (packet->pkt_type == PACKET_BROADCAST) {
		if (parsed->protocol != IPPROTO_UDP || !is_everybody(config, &parsed->destination))
			return TC_ACT_UNSPEC;
	} else if (!is_own(config, &parsed->destination) &&
		   !(loopback && is_loopback(&parsed->destination))) {
		return TC_ACT_UNSPEC;
	}
	if (!loopback && is_martian(config, &parsed->source))
		return TC_ACT_UNSPEC;
	if (parsed->offset) {
		target = follows(parsed, from);
		if (target & REFUSED)
			return drop(target & NUMBER_MASK, SENDER);
		return target ? hand_over(packet, config, at, target) : TC_ACT_UNSPEC;
	}
	if (has_ports(parsed->protocol)) {
		target = owner_of(parsed->destination_port);
		if (target && !loopback && is_hosts(packet, parsed, target))
			return TC_ACT_UNSPEC;
		if (target && loopback) {
			note_call(parsed, target);
		} else if (target && !may_come(packet, parsed, target)) {
			if (parsed->more)
				lead(parsed, from, REFUSED | target);
			return drop(target, SENDER);
		}
	} else if (is_icmp(parsed)) {
		target = icmp_target(packet, parsed, loopback);
	}
	if (!target || target == TO_HOST)
		return TC_ACT_UNSPEC;
	if (parsed->more)
		lead(parsed, from, target);
	return hand_over(packet, config, at, target);
}

/* --- inside a container ----------------------------------------------------------------------- */

/* On its loopback: what is for its own ports stays, and all else that has ports leaves. */
INLINE int stays(struct packet *packet, u32 me)
{
	const struct parsed *parsed = is_ip(packet) ? parse(packet, FRAME, PACKET) : 0;
	const struct parsed *quoted;
	struct tenant *tenant;
	u8 type;

	if (!parsed)
		return TC_ACT_UNSPEC;
	if (parsed->offset) {
		if (follows(parsed, WITHIN | me) != me)
			return TC_ACT_UNSPEC;
	} else if (has_ports(parsed->protocol)) {
		if (owner_of(parsed->destination_port) == me)
			return TC_ACT_UNSPEC;
		if (parsed->more)
			lead(parsed, WITHIN | me, me);
	} else if (is_icmp(parsed)) {
		if (bpf_skb_load_bytes(packet, parsed->transport, &type, sizeof(type)) ||
		    !is_error(parsed, type))
			return TC_ACT_UNSPEC;
		quoted = parse_quoted(packet, parsed);
		if (!quoted || !has_ports(quoted->protocol) || owner_of(quoted->source_port) == me)
			return TC_ACT_UNSPEC;
	} else {
		return TC_ACT_UNSPEC;
	}
	tenant = bpf_map_lookup_elem(&pm_tenants, &me);
	return tenant && tenant->inner ? bpf_redirect(tenant->inner, 0) : TC_ACT_SHOT;
}

/* On its public interface: only the loopback may have 127/8 and ::1. */
INLINE int comes_in(struct packet *packet, const struct config *config)
{
	const struct parsed *parsed = is_ip(packet) ? parse(packet, FRAME, PACKET) : 0;

	if (!parsed)
		return TC_ACT_UNSPEC;
	if (is_loopback(&parsed->destination) || (parsed->six && is_loopback(&parsed->source)))
		return loop(packet, config);
	return TC_ACT_UNSPEC;
}

SECTION("tc") int pm_steer(struct packet *packet)
{
	u32 place = packet->tc_classid & 0xffff, me = place & NUMBER_MASK, only = 0;
	struct config *config = bpf_map_lookup_elem(&pm_config, &only);

	if (!config)
		return TC_ACT_SHOT;
	if (!place)
		return arrives(packet, config, FRAME);
	if (place == BARE)
		return arrives(packet, config, 0);
	if ((place & LEAVING) == LEAVING)
		return goes(packet, config, place & BARE ? 0 : FRAME);
	if (place & SHAPED)
		return was_shaped(packet, config, me);
	if (place & INSIDE_LOOPBACK)
		return stays(packet, me);
	if (place & INSIDE_PUBLIC)
		return comes_in(packet, config);
	return of_container(packet, config, me);
}

char licence[] SECTION("license") = "GPL";
