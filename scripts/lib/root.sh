#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# A Debian root of its own to try things in, made by mmdebstrap: same kernel as here, nothing preinstalled. Sourced by
# scripts that have a function say and call root_begin first.
#
# The mirrors and apt's settings (proxy, certificates, date checks) are the ones of this machine's /etc/apt. What runs
# in the root runs in a mount namespace of its own, so that every mount ends with it and the root can be removed
# whatever happened.
declare -A codenames=([11]=bullseye [12]=bookworm [13]=trixie)

root_begin() { # name: makes the directory $work, below which the root $root will be; removes it when the script ends
        work=$(mktemp -d "/var/tmp/xskim-$1-XXXXXX")
        root=$work/root
        booting='' init=''
        trap root_end EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM HUP
}

root_end() {
        trap '' INT TERM HUP
        local process
        [ -z "$booting" ] || root_halt
        for process in /proc/[0-9]*; do
                [ "$(readlink "$process/root")" != "$root" ] || kill -KILL "${process#/proc/}" || true
        done
        if grep -q " $root" /proc/self/mounts; then
                say "something is still mounted below $root: not removed" && return
        fi
        rm -rf --one-file-system "$work"
}

root_sources() { # codename: this machine's sources, for that release; only Debian's own
        local file other
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/{*debian.sources,*.list}; do
                [ ! -f "$file" ] || grep -q debian "$file" || continue
                [ -f "$file" ] || continue
                cat "$file" && echo
        done >"$work/found"
        for other in "${codenames[@]}"; do
                sed -i "s/\b$other\b/$1/g" "$work/found"
        done
        case "$(head -c 6 <(grep -v '^#' "$work/found"))" in
        Types:) mv "$work/found" "$work/debian.sources" && echo "$work/debian.sources" ;;
        *) mv "$work/found" "$work/sources.list" && echo "$work/sources.list" ;;
        esac
}

root_settings() { # apt's settings that decide whether the mirrors can be reached and are believed
        local key
        for key in Acquire::http Acquire::https Acquire::Check-Valid-Until Acquire::Check-Date Acquire::Retries; do
                apt-config dump --format '%f "%v";%n' "$key" | grep -v '""' || true
        done
}

root_make() { # codename, packages beside the minimal ones, separated by commas
        local list
        list=$(root_sources "$1")
        root_settings >"$work/apt.conf"
        mkdir -p "$work/certificates"
        cp -r /usr/local/share/ca-certificates/. "$work/certificates"
        mmdebstrap --quiet --variant=minbase --include="ca-certificates,$2" --aptopt="$work/apt.conf" \
                --customize-hook="cp -r '$work/certificates/.' \"\$1/usr/local/share/ca-certificates\"" \
                --customize-hook="chroot \"\$1\" update-ca-certificates >/dev/null 2>&1" \
                "$1" "$root" "$list"
}

# Runs a command with mounts of its own that nobody else sees. Where / is no mount point, in a plain chroot, nothing
# below it can be made private; but /proc is one, so the command gets / there, as its root.
# shellcheck disable=SC2016 # the inner shell expands them
root_apart() { # options of unshare, --, command by its absolute path
        local options=()
        while [ "$1" != -- ]; do options+=("$1") && shift; done
        shift
        if awk '$5 == "/" { found = 1 } END { exit !found }' /proc/self/mountinfo; then
                unshare --mount --propagation private "${options[@]}" "$@"
        else
                unshare --mount --propagation unchanged "${options[@]}" sh -c '
                        mount --make-rprivate /proc && mount --rbind / /proc && exec chroot /proc "$@"' sh "$@"
        fi
}

# A plain chroot: / is no mount point in it, which "ip netns exec" and others do not like.
# shellcheck disable=SC2016 # the inner shell expands them
root_run() { # command line
        root_apart -- /bin/bash -euc '
                mount --rbind /proc "$0/proc"
                mount --rbind /sys "$0/sys"
                mount --rbind /dev "$0/dev"
                exec chroot "$0" /usr/bin/env -i HOME=/root \
                        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
                        LANG=C.UTF-8 bash -c "cd /root && $1"' "$root" "$1"
}

# Boots the root's systemd (scripts/lib/boot), without a network; false when it does not come up, and then why stands
# in $work/boot.
root_boot() {
        local state
        rm -f "$work/init"
        root_apart --pid --net --uts --ipc --fork --kill-child -- "$PWD/scripts/lib/boot" "$root" \
                "$(basename "$work")" "$work/init" >"$work/boot" 2>&1 </dev/null &
        booting=$!
        for _ in {1..150}; do
                sleep 0.2
                [ ! -s "$work/init" ] || init=$(<"$work/init")
                [ -d "/proc/$booting" ] || break
                state=$(root_booted "systemctl is-system-running" 2>&1) || true
                case "$state" in running | degraded) return 0 ;; esac
        done
        echo "systemd did not come up: ${state:-it ended}" >>"$work/boot"
        root_halt
        return 1
}

root_booted() { # command line: in the booted root
        nsenter --target "${init:?}" --mount --pid --net --uts --ipc --cgroup --root --wd env -i HOME=/root \
                PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 \
                bash -euc "cd /root && $1"
}

# shellcheck disable=SC2016 # the inner shell expands them
root_halt() {
        # The end of process 1 is the end of all of them. It says its number as the first thing that it does.
        for _ in {1..20}; do
                [ ! -s "$work/init" ] || break
                [ -d "/proc/$booting" ] || break
                sleep 0.1
        done
        [ ! -s "$work/init" ] || kill -KILL "$(<"$work/init")" 2>/dev/null || true
        wait "$booting" 2>/dev/null || true
        booting='' init=''
        root_apart -- /bin/bash -c '
                mount -t cgroup2 cgroup2 "$0/mnt"
                [ ! -d "$0/mnt/$1" ] || find "$0/mnt/$1" -depth -type d -exec rmdir {} +' "$root" "$(basename "$work")"
}
