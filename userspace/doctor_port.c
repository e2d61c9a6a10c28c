/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of a port. See doctor.h. */
#include <errno.h>
#include <string.h>

#include "doctor.h"
#include "log.h"
#include "netdev.h"
#include "notes.h"
#include "probe.h"
#include "program.h"
#include "util.h"

static struct xskim_check *port_next(struct xskim_examination *examination, const char *name) {
        struct xskim_check *check = doctor_next(examination, name);

        check->of_port = true;
        return check;
}

/* The driver, and the kind where that says more. */
static void interface_add(struct xskim_examination *examination, const struct netdev_port *port) {
        const char *driver = port->driver[0] ? port->driver : "no driver named";
        bool both = port->kind[0] && strcmp(port->driver, port->kind) != 0;

        check_set(port_next(examination, "interface"), XSKIM_CHECK_OK,
                  "%s%s%s, %s, MTU %u, %u RX queue%s, %u CPU%s", driver, both ? ", " : "",
                  both ? port->kind : "",
                  port->running ? "up"
                  : port->up    ? "no carrier"
                                : "down",
                  port->mtu, port->rx_queues, port->rx_queues == 1 ? "" : "s", port->cpus,
                  port->cpus == 1 ? "" : "s");
}

/* Drivers with native XDP in Linux 6.1, where nobody can be asked; drivers/net of its source. */
static const char *const native_drivers[] = {
        "atlantic",  "bnxt_en",   "cpsw",    "ena",        "fsl_dpaa2_eth", "fsl_enetc",
        "fsl_dpa",   "hv_netvsc", "i40e",    "ice",        "igb",           "igc",
        "ixgbe",     "ixgbevf",   "mlx4_en", "mlx5_core",  "mtk_soc_eth",   "mvneta",
        "mvpp2",     "nfp",       "nicvf",   "qede",       "sfc",           "stmmaceth",
        "st_gmac",   "tun",       "veth",    "virtio_net", "vif",           "rvu_nicpf",
        "rvu_nicvf", "mana",
};

static bool is_native_by_name(const struct netdev_port *port) {
        for (size_t i = 0; i < ARRAY_SIZE(native_drivers); i++) {
                if (!strcmp(port->driver, native_drivers[i]))
                        return true;
        }
        return false;
}

/* Asked, not tried: attaching to a port resets some cards and drops what is under way. */
static void modes_add(struct xskim_examination *examination, const struct netdev_port *port) {
        struct xskim_check *check = port_next(examination, "xdp_modes");
        uint64_t features = port->xdp_features;
        bool native = port->xdp_features_known ? features & NETDEV_XDP_FEATURE_NATIVE
                                               : is_native_by_name(port);

        if (native && port->xdp_features_known)
                check_set(check, XSKIM_CHECK_OK, "native%s%s%s, generic (the driver says so)",
                          features & NETDEV_XDP_FEATURE_MULTI_BUFFER ? ", multi-buffer" : "",
                          features & NETDEV_XDP_FEATURE_ZEROCOPY ? ", zero copy" : "",
                          features & NETDEV_XDP_FEATURE_OFFLOAD ? ", offload" : "");
        else if (native)
                check_set(check, XSKIM_CHECK_OK,
                          "native, generic (by the driver's name; Linux 6.3 could be asked)");
        else if (port->xdp_features_known)
                check_set(check, XSKIM_CHECK_WARN, "generic only: the driver has no native XDP");
        else
                check_set(check, XSKIM_CHECK_UNKNOWN,
                          "generic; native is not known of driver '%s' before Linux 6.3",
                          port->driver);
        if (!native)
                check_todo(check, "xskim watch %s --generic (slower, in the stack)", port->name);
}

static const char *mode_word(enum netdev_xdp mode) {
        static const char *const words[] = {
                [NETDEV_XDP_NONE] = "none",
                [NETDEV_XDP_NATIVE] = "native",
                [NETDEV_XDP_GENERIC] = "generic",
                [NETDEV_XDP_OFFLOADED] = "offloaded",
                [NETDEV_XDP_SEVERAL] = "several modes",
        };

        return words[mode];
}

/* Its name and tag take CAP_SYS_ADMIN; its id takes nothing. */
static void program_add(struct xskim_examination *examination, const struct netdev_port *port) {
        struct xskim_check *check = port_next(examination, "xdp_program");
        struct probe_program program = {.name = "name not readable", .tag = "?"};

        if (port->xdp == NETDEV_XDP_NONE) {
                check_set(check, XSKIM_CHECK_OK, "none attached");
                return;
        }
        probe_program(port->xdp_program_id, &program);
        check_set(check, XSKIM_CHECK_WARN, "%s, id %u, tag %s, attached (%s)", program.name,
                  port->xdp_program_id, program.tag, mode_word(port->xdp));
        if (!strcmp(program.name, "xdp_dispatcher"))
                check_todo(check, "join libxdp's dispatcher with --shared");
        else
                check_todo(check, "xskim replaces nobody: stop what attached it, or watch with "
                                  "--shared if libxdp's dispatcher did");
}

static void verdict_add(struct xskim_examination *examination, const struct netdev_port *port) {
        struct xskim_check *check = port_next(examination, "verdict");

        if (notes_refuse_drop(port))
                check_set(check, XSKIM_CHECK_OK,
                          "pass; drop only with --force, for the port is in use");
        else
                check_set(check, XSKIM_CHECK_OK, "pass, or drop if this is a TAP or SPAN port");
        error_clear();
}

static void notes_add(struct xskim_examination *examination, const struct netdev_port *port) {
        struct note notes[XSKIM_NOTES_MAX];
        uint32_t count = notes_find(port, notes, XSKIM_NOTES_MAX);

        for (uint32_t i = 0; i < count; i++) {
                struct xskim_check *check = port_next(examination, notes[i].name);

                check_set(check, XSKIM_CHECK_WARN, "%s", notes[i].found);
                check_todo(check, "%s", notes[i].todo);
        }
}

int doctor_port(struct xskim_examination *examination, const char *name) {
        struct netdev_port port;
        int r = netdev_find(name, &port);

        if (r < 0)
                return r;
        interface_add(examination, &port);
        modes_add(examination, &port);
        program_add(examination, &port);
        verdict_add(examination, &port);
        notes_add(examination, &port);
        return 0;
}

static void clean_say(struct xskim_check *check, int r, const struct program_cleaned *cleaned) {
        if (r == -EPERM || r == -EACCES) {
                check_set(check, XSKIM_CHECK_DENIED, "not allowed to look for them");
                check_todo(check, "run as root (sudo)");
        } else if (r < 0) {
                check_set(check, XSKIM_CHECK_WARN, "not all could be removed: %s", strerror(-r));
        } else if (cleaned->samplers || cleaned->directories) {
                check_set(check, XSKIM_CHECK_OK,
                          "removed: %u sampler%s of killed sessions from libxdp's dispatcher, the "
                          "pins of %u dispatcher%s no longer attached",
                          cleaned->samplers, cleaned->samplers == 1 ? "" : "s",
                          cleaned->directories, cleaned->directories == 1 ? "" : "s");
        } else {
                check_set(check, XSKIM_CHECK_OK, "none found");
        }
}

int doctor_clean(struct xskim_examination *examination, const char *name) {
        struct netdev_port port = {.ifindex = 0};
        struct program_cleaned cleaned;
        struct xskim_check *check;
        int r = name ? netdev_find(name, &port) : 0;

        if (r < 0)
                return r;
        r = program_clean(port.ifindex, &cleaned);
        check = name ? port_next(examination, "leftovers") : doctor_next(examination, "leftovers");
        clean_say(check, r, &cleaned);
        return 0;
}
