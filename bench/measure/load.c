/* Copyright (c) 2026 netiso.portmap contributors
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Load between two network namespaces, from a server that it starts to a client that it is.
 *
 *   load TEST SERVER CLIENT ADDRESS PORT SECONDS
 *
 * SERVER and CLIENT are paths of network namespaces.  It prints one number: bits per second for
 * tcp_stream, packets per second that arrived for udp_flood, transactions per second otherwise.
 * Client and server share one CPU where they take turns, so that the rate tells the work for a
 * transaction and not how long a CPU takes to wake up; tcp_stream and udp_flood use two.
 * Both run with a real-time priority, so that other work on the machine does not slow them.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 32, LARGE = 1 << 17, BURST = 32, UDP = SOCK_DGRAM, TCP = SOCK_STREAM };

static char buffer[LARGE];
static atomic_long *arrived; /* counted by the server, read by the client */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void enter(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
        err(1, "enter %s", path);
    close(fd);
}

static void pin(int cpu)
{
    struct sched_param priority = {.sched_priority = 1};
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    sched_setscheduler(0, SCHED_RR, &priority);
}

static void option(int fd, int level, int name, int value)
{
    setsockopt(fd, level, name, &value, sizeof value);
}

static int connected(int kind, const struct sockaddr_in *to)
{
    struct timeval patience = {.tv_sec = 2};
    int fd = socket(AF_INET, kind, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) != 0)
        err(1, "connect");
    if (kind == TCP)
        option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    return fd;
}

static void serve_tcp(int listener, int echo)
{
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        ssize_t got;
        if (fd < 0)
            continue;
        option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        while ((got = read(fd, buffer, sizeof buffer)) > 0) {
            atomic_fetch_add(arrived, got);
            if (echo && write(fd, buffer, got) != got)
                break;
        }
        close(fd);
    }
}

static void serve_udp(int fd, int echo)
{
    static char space[BURST][64];
    struct iovec where[BURST];
    struct mmsghdr messages[BURST] = {0};
    for (int i = 0; i < BURST; i++) {
        where[i] = (struct iovec){space[i], sizeof space[i]};
        messages[i].msg_hdr.msg_iov = &where[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    for (;;) {
        if (echo) {
            struct sockaddr_in from;
            socklen_t size = sizeof from;
            ssize_t got = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);
            if (got > 0)
                sendto(fd, buffer, got, 0, (struct sockaddr *)&from, size);
        } else {
            int got = recvmmsg(fd, messages, BURST, MSG_WAITFORONE, NULL);
            if (got > 0)
                atomic_fetch_add(arrived, got);
        }
    }
}

static void serve(const char *test, int port, int ready)
{
    int kind = strncmp(test, "udp", 3) ? TCP : UDP;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, kind, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    option(fd, SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) != 0)
        err(1, "bind %d", port);
    if (kind == TCP && listen(fd, 128) != 0)
        err(1, "listen");
    if (write(ready, "", 1) != 1)
        exit(1);
    if (kind == TCP)
        serve_tcp(fd, strcmp(test, "tcp_stream"));
    else
        serve_udp(fd, strcmp(test, "udp_flood"));
}

static void exchange(int fd)
{
    if (send(fd, buffer, SMALL, 0) != SMALL || recv(fd, buffer, sizeof buffer, 0) <= 0)
        err(1, "no answer");
}

/* Transactions, or with `anew` connections with one transaction each. */
static double transactions(int kind, const struct sockaddr_in *to, double seconds, int anew)
{
    struct linger reset = {.l_onoff = 1};
    int fd = connected(kind, to);
    long done = 0;
    double start = now(), end = start;
    exchange(fd);
    for (; end - start < seconds; end = now(), done++) {
        if (anew) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            close(fd);
            fd = connected(kind, to);
        }
        exchange(fd);
    }
    return done / (end - start);
}

static double stream(const struct sockaddr_in *to, double seconds)
{
    int fd = connected(TCP, to);
    double start = now(), end;
    long before = atomic_load(arrived);
    while ((end = now()) - start < seconds)
        if (write(fd, buffer, sizeof buffer) < 0)
            err(1, "write");
    return 8 * (atomic_load(arrived) - before) / (end - start);
}

static double flood(const struct sockaddr_in *to, double seconds)
{
    int fd = connected(UDP, to);
    struct iovec what = {buffer, SMALL};
    struct mmsghdr messages[BURST] = {0};
    double start = now(), end;
    for (int i = 0; i < BURST; i++) {
        messages[i].msg_hdr.msg_iov = &what;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    while ((end = now()) - start < seconds)
        sendmmsg(fd, messages, BURST, 0);
    usleep(20000); /* what is still on its way */
    return atomic_load(arrived) / (end - start);
}

int main(int argc, char **argv)
{
    int ready[2];
    char byte;
    if (argc != 7)
        errx(2, "usage: load TEST SERVER CLIENT ADDRESS PORT SECONDS");
    const char *test = argv[1];
    double seconds = atof(argv[6]), rate;
    int two = !strcmp(test, "tcp_stream") || !strcmp(test, "udp_flood");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[5]))};
    inet_aton(argv[4], &to.sin_addr);
    arrived = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pipe(ready) != 0)
        err(1, "pipe");
    pid_t server = fork();
    if (server == 0) {
        pin(two);
        enter(argv[2]);
        serve(test, atoi(argv[5]), ready[1]);
    }
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        errx(1, "the server did not start");
    pin(0);
    enter(argv[3]);
    if (!strcmp(test, "tcp_stream"))
        rate = stream(&to, seconds);
    else if (!strcmp(test, "udp_flood"))
        rate = flood(&to, seconds);
    else
        rate = transactions(strncmp(test, "udp", 3) ? TCP : UDP, &to, seconds,
                            !strcmp(test, "tcp_connect"));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    if (rate == 0)
        errx(1, "nothing arrived");
    printf("%.0f\n", rate);
    return 0;
}
