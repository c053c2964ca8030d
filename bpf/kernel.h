/* SPDX-FileCopyrightText: 2026 netiso.portmap contributors */
/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What our programs use of the kernel's interface (linux/bpf.h), and no more.
 *
 * The distribution's headers are another text on every machine; with these few lines the bytes of
 * a program depend on its source and on the pinned compiler alone.
 */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define SECTION(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

/* A map as the loader makes it.  Its name is that of the variable. */
struct map {
	u32 type, key_size, value_size, entries, flags;
};
#define MAP struct map SECTION("maps")
#define BPF_MAP_TYPE_ARRAY 2
#define BPF_MAP_TYPE_RINGBUF 27

/* Context of cgroup/sock_create and cgroup/post_bind: struct bpf_sock. */
struct bpf_sock {
	u32 bound_dev_if, family, type, protocol, mark, priority;
	u32 src_ip4, src_ip6[4];
	u32 src_port; /* host order */
};

/* Context of sockops, as far as it is used: struct bpf_sock_ops. */
struct bpf_sock_ops {
	u32 op, args[4];
	u32 family, remote_ip4, local_ip4, remote_ip6[4], local_ip6[4];
	u32 remote_port; /* network order */
	u32 local_port;  /* host order */
};
#define BPF_SOCK_OPS_TCP_LISTEN_CB 11

/* Context of tc, as far as it is used: struct __sk_buff. */
struct packet {
	u32 len, pkt_type, mark, queue_mapping;
	u32 protocol; /* network order */
	u32 unused[36];
	u32 gso_segs;
	u64 sk;
	u32 gso_size;
};
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT 2
#define BPF_MTU_CHK_SEGS 1

/* A number that the loader fills in. */
#define NUMBER(name) extern const char name
#define VALUE(name) ((u64)&name)

static void *(*const bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static u64 (*const bpf_ktime_get_ns)(void) = (void *)5;
static u64 (*const bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*const bpf_get_current_comm)(void *to, u32 size) = (void *)16;
static long (*const bpf_skb_load_bytes)(void *context, u32 at, void *to, u32 size) = (void *)26;
static u64 (*const bpf_get_current_cgroup_id)(void) = (void *)80;
static long (*const bpf_probe_read_kernel)(void *to, u32 size, const void *from) = (void *)113;
static u64 (*const bpf_get_netns_cookie)(void *context) = (void *)122;
static long (*const bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static long (*const bpf_check_mtu)(void *context, u32 ifindex, u32 *mtu, long difference, u64 flags) =
	(void *)163;
