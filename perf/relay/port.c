/* SPDX-License-Identifier: BSD-2-Clause */
/* See port.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>

#include "log.h"
#include "port.h"
#include "util.h"

enum {
        RING_BYTES = 16 << 20,
        BLOCK_BYTES = 1 << 17, /* of the ring; whole slots */
        TAG_BYTES = 4,
        TAG_OFFSET = 12,
        SLOT_HEAD_BYTES = 256, /* the kernel's header and alignment before the frame, generously */
        REFUSALS_MAX = 500,
        REFUSAL_PAUSE_NS = 20000,
};

static struct tpacket2_hdr *slot(const struct port *port, uint32_t ahead) {
        return (void *)(port->ring +
                        (size_t)((port->next + ahead) & (port->slots - 1)) * port->slot_bytes);
}

static int mtu_read(struct port *port) {
        struct ifreq request = {0};

        memcpy(request.ifr_name, port->name, sizeof(port->name));
        if (ioctl(port->fd, SIOCGIFMTU, &request))
                return error_set(-errno, "%s: there is no such interface here: %s.", port->name,
                                 strerror(errno));
        port->mtu = (uint32_t)request.ifr_mtu;
        port->frame_bytes_max = port->mtu + ETH_HLEN + 2 * TAG_BYTES;
        return 0;
}

static int option(struct port *port, int level, int name, const void *value, socklen_t bytes) {
        return setsockopt(port->fd, level, name, value, bytes) ? -errno : 0;
}

static int ring_map(struct port *port) {
        int version = TPACKET_V2, reserve = TAG_BYTES;
        struct tpacket_req request = {.tp_block_size = BLOCK_BYTES};
        int r;

        port->slot_bytes = 2048;
        while (port->slot_bytes < port->frame_bytes_max + SLOT_HEAD_BYTES)
                port->slot_bytes *= 2;
        port->slots = RING_BYTES / port->slot_bytes;
        request.tp_frame_size = port->slot_bytes;
        request.tp_frame_nr = port->slots;
        request.tp_block_nr = RING_BYTES / BLOCK_BYTES;
        r = option(port, SOL_PACKET, PACKET_VERSION, &version, sizeof(version));
        if (!r) /* room to put a VLAN tag back */
                r = option(port, SOL_PACKET, PACKET_RESERVE, &reserve, sizeof(reserve));
        if (!r)
                r = option(port, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request));
        if (r)
                return error_set(r, "%s: no ring of %d MB for its frames: %s.", port->name,
                                 RING_BYTES >> 20, strerror(-r));
        port->ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, port->fd, 0);
        if (port->ring == MAP_FAILED) {
                port->ring = NULL;
                return error_set(-errno, "%s: mapping the ring: %s.", port->name, strerror(errno));
        }
        return 0;
}

static int receive(struct port *port) {
        struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
        struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
        int one = 1, r;

        address.sll_ifindex = promiscuous.mr_ifindex = (int)if_nametoindex(port->name);
        r = option(port, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
        if (!r)
                r = option(port, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                           sizeof(promiscuous));
        if (!r && bind(port->fd, (struct sockaddr *)&address, sizeof(address)))
                r = -errno;
        return r ? error_set(r, "%s: listening: %s.", port->name, strerror(-r)) : 0;
}

int port_open(const char *name, struct port *ret_port) {
        struct port port = PORT_NULL;
        int r;

        snprintf(port.name, sizeof(port.name), "%s", name);
        /* Protocol 0: nothing arrives before it is bound to its interface. */
        port.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        if (port.fd < 0)
                return error_set(-errno, "a packet socket: %s. Run as root.", strerror(errno));
        r = mtu_read(&port);
        if (!r)
                r = ring_map(&port);
        if (!r)
                r = receive(&port);
        if (r) {
                port_close(&port);
                return r;
        }
        port.dropped_before = port_dropped(&port);
        *ret_port = port;
        return 0;
}

void port_close(struct port *port) {
        if (port->ring)
                munmap(port->ring, RING_BYTES);
        fd_cleanup(&port->fd);
        *port = PORT_NULL;
}

/* The kernel takes the outer tag out of every frame before anybody sees it. */
static void tag_restore(const struct tpacket2_hdr *head, struct port_frame *frame) {
        uint16_t protocol = head->tp_status & TP_STATUS_VLAN_TPID_VALID ? head->tp_vlan_tpid : 0;
        uint16_t tag[2] = {htons(protocol ? protocol : ETH_P_8021Q), htons(head->tp_vlan_tci)};

        memmove(frame->bytes - TAG_BYTES, frame->bytes, TAG_OFFSET);
        frame->bytes -= TAG_BYTES;
        memcpy(frame->bytes + TAG_OFFSET, tag, sizeof(tag));
        frame->length += TAG_BYTES;
}

bool port_peek(const struct port *port, uint32_t ahead, struct port_frame *ret_frame) {
        struct tpacket2_hdr *head = slot(port, ahead);
        uint32_t status = __atomic_load_n(&head->tp_status, __ATOMIC_ACQUIRE); /* the kernel's */

        if (!(status & TP_STATUS_USER))
                return false;
        *ret_frame = (struct port_frame){
                .bytes = (uint8_t *)head + head->tp_mac,
                .length = head->tp_len,
                .arrival_unix_ns = (uint64_t)head->tp_sec * 1000000000 + head->tp_nsec,
                .is_cut = head->tp_snaplen < head->tp_len,
                .is_unfinished = status & TP_STATUS_CSUMNOTREADY,
        };
        if (status & TP_STATUS_VLAN_VALID && ret_frame->length >= TAG_OFFSET)
                tag_restore(head, ret_frame);
        return true;
}

void port_release(struct port *port, uint32_t count) {
        for (uint32_t i = 0; i < count; i++)
                __atomic_store_n(&slot(port, i)->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
        port->next += count;
}

int port_stop_receiving(struct port *port) {
        struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
        struct sock_fprog program = {.len = 1, .filter = &nothing};

        return option(port, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/* The first of these frames was not sent: is it worth another try? */
static bool try_again(int error, uint32_t *tries, struct port_sent *sent) {
        struct timespec pause = {.tv_nsec = REFUSAL_PAUSE_NS};

        if (error == EINTR)
                return true;
        if (error != ENOBUFS && error != EAGAIN)
                return false;
        sent->refused++;
        if (++*tries > REFUSALS_MAX)
                return false;
        nanosleep(&pause, NULL);
        return true;
}

void port_send(struct port *port, const struct iovec *frames, uint32_t count,
               struct port_sent *sent) {
        struct mmsghdr messages[PORT_BATCH] = {0};
        uint32_t done = 0, tries = 0;
        int n;

        for (uint32_t i = 0; i < count; i++)
                messages[i].msg_hdr =
                        (struct msghdr){.msg_iov = (struct iovec *)&frames[i], .msg_iovlen = 1};
        while (done < count) {
                n = sendmmsg(port->fd, messages + done, count - done, 0);
                if (n > 0) {
                        done += (uint32_t)n;
                        sent->sent += (uint64_t)n;
                        tries = 0;
                } else if (!try_again(errno, &tries, sent)) {
                        done++;
                        sent->failed++;
                        tries = 0;
                }
        }
}

int port_statistics(struct port *port, uint64_t *ret_seen, uint64_t *ret_dropped) {
        struct tpacket_stats statistics;
        socklen_t bytes = sizeof(statistics);

        if (getsockopt(port->fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &bytes))
                return -errno;
        *ret_seen = statistics.tp_packets;
        *ret_dropped = statistics.tp_drops;
        return 0;
}

/* From /proc, which is this network namespace's wherever /sys was mounted. */
uint64_t port_dropped(const struct port *port) {
        FILE *file = fopen("/proc/thread-self/net/dev", "re");
        size_t length = strlen(port->name);
        uint64_t dropped = 0, found;
        char line[512];

        while (file && fgets(line, sizeof(line), file)) {
                const char *name = line + strspn(line, " ");

                if (strncmp(name, port->name, length) || name[length] != ':')
                        continue;
                /* 8 columns of the receiving side, then bytes, packets, errors, dropped. */
                if (sscanf(name + length + 1, "%*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %lu",
                           &found) == 1)
                        dropped = found;
        }
        if (file)
                fclose(file);
        return dropped - MIN(dropped, port->dropped_before);
}

bool port_exists(const struct port *port) {
        return if_nametoindex(port->name);
}
