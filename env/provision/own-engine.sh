#!/bin/sh
# own-engine.sh FOLDER [HOSTNAME]: runs a Docker Engine of its own until its standard input ends, then takes everything away
# again. Prints `pid N`, where /proc/N/ns/net is its network, and `answers` when it does. Lines on its standard input are
# orders: `stop` and `kill` end the daemon (`ended` is printed), `start` starts it again.
#
# Network, mounts and processes are namespaces of its own, so the user's engine and ports are out of reach, and when the
# first process of the namespace ends, the kernel ends all others: dockerd, containerd, shims, containers.
set -eu

folder=${1:?usage: own-engine.sh FOLDER [HOSTNAME]}
PATH=$PATH:/usr/sbin:/sbin
cgroup=runbook-engine-$(basename "$folder")

if [ "${3:-}" = inside ]; then
  if [ -n "$2" ]; then hostname "$2"; fi
  ip link set lo up
  # The paths that dockerd shares with other engines: a system's containerd would be used, sockets and keys would mix.
  for shared in /run/containerd /run/docker /etc/docker; do
    if [ -d "$shared" ]; then mount -t tmpfs tmpfs "$shared"; fi
  done
  # No name server is in reach: its containers, engines among them, shall not wait 10 s for the answer.
  printf '{"dns-opts": ["timeout:1", "attempts:1"]}\n' >"$folder/daemon.json"
  start_daemon() {
    dockerd --config-file "$folder/daemon.json" --host "unix://$folder/docker.sock" --pidfile "$folder/docker.pid" \
      --data-root "$folder/data" --exec-root "$folder/exec" --cgroup-parent "/$cgroup" \
      --exec-opt native.cgroupdriver=cgroupfs >>"$folder/dockerd.log" 2>&1 </dev/null &
    daemon=$!
    tries=0
    until DOCKER_HOST=unix://$folder/docker.sock docker version >/dev/null 2>&1; do
      tries=$((tries + 1))
      if [ "$tries" -gt 300 ] || ! kill -0 "$daemon" 2>/dev/null; then
        tail -n 20 "$folder/dockerd.log" >&2
        exit 1
      fi
      sleep 0.1
    done
    echo answers
  }
  end_daemon() {
    kill -s "$1" "$daemon"
    # it says how that ended
    wait "$daemon" 2>/dev/null || true
    echo ended
  }
  start_daemon
  while read -r order; do
    case $order in
      start) start_daemon ;;
      stop) end_daemon TERM ;;
      kill) end_daemon KILL ;;
    esac
  done
  exit 0
fi

# Groups of ended containers stay behind, empty; those of deeper levels go first.
clean_up() {
  trap '' HUP INT TERM
  find /sys/fs/cgroup -depth -type d -path "*/$cgroup*" -exec rmdir {} + 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

mkdir -p "$folder"
# `unshare` itself is in the new network too, and its number means something outside. A process in the background gets
# no standard input unless it is handed over.
exec 3<&0
unshare --net --mount --uts --pid --fork --kill-child --mount-proc sh "$0" "$folder" "${2:-}" inside <&3 &
engine=$!
exec 3<&-
echo "pid $engine"
wait "$engine"
