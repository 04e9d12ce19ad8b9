#!/bin/sh
# Makes this container a machine: sees to what a Docker Engine in a container needs, waits for the certificates, and
# starts dockerd. The container's command is further flags of dockerd; `dockerd ...` is the whole command line; any
# other command runs as it is.
set -eu

certificates=/var/lib/boot2docker
data=/var/lib/docker
cgroups=/sys/fs/cgroup
wait_seconds=${MACHINE_WAIT_SECONDS:-60}

say() { printf 'machine: %s\n' "$*" >&2; }
give_up() {
  say "$@"
  exit 1
}

case ${1:-} in
  '' | -* | dockerd) ;;
  *) exec "$@" ;;
esac
# A shell that is process 1 would not end by itself.
trap 'exit 143' TERM
trap 'exit 130' INT

# Process numbers, sockets and states of a daemon that was killed: the next one would not start.
clear_run() {
  mount -t tmpfs -o mode=755 tmpfs /run 2>/dev/null ||
    give_up 'this container may not mount: start it with --privileged, or as' \
      'env/images/README.md says'
}

# Whether this container sees its own control groups only, not the host's.
own_groups() { ! grep -qv ':/$' /proc/self/cgroup; }

# With cgroup v2 no group may have both processes and limited subgroups: the processes here get a group of their own.
prepare_cgroup2() {
  mount -o remount,rw "$cgroups"
  if ! own_groups; then
    say "this container sees the host's control groups: start it with --cgroupns=private"
    return
  fi
  mkdir -p "$cgroups/init"
  tries=0
  until move_to_init && enable_controllers; do
    tries=$((tries + 1))
    if [ "$tries" = 50 ]; then
      say 'the containers in this machine get no limits of their own: the control groups stay as they are'
      return
    fi
    sleep 0.1
  done
}

# Some of them may have ended when their turn comes.
move_to_init() {
  while read -r process; do
    echo "$process" >"$cgroups/init/cgroup.procs" || true
  done <"$cgroups/cgroup.procs" 2>/dev/null
}

enable_controllers() {
  sed 's/[^ ][^ ]*/+&/g' "$cgroups/cgroup.controllers" 2>/dev/null >"$cgroups/cgroup.subtree_control"
}

# With cgroup v1 Docker shows a container its groups read-only, unless it is privileged: mount the same ones again.
# Without systemd's, where the host has it, nothing can be executed in the containers.
prepare_cgroup1() {
  if ! own_groups; then
    if [ ! -w "$cgroups/memory" ]; then say 'the control groups are read-only: start it with --cgroupns=private'; fi
    return
  fi
  umount -l "$cgroups"
  mount -t tmpfs -o mode=755 cgroup "$cgroups"
  while IFS=: read -r _ group _; do
    case $group in
      '') continue ;;
      name=*) folder=${group#name=} options=none,$group ;;
      *) folder=$group options=$group ;;
    esac
    mkdir "$cgroups/$folder"
    if mount -t cgroup -o "$options" cgroup "$cgroups/$folder" 2>/dev/null; then
      for controller in $(echo "$folder" | tr , ' '); do
        [ -e "$cgroups/$controller" ] || ln -s "$folder" "$cgroups/$controller"
      done
    else
      rmdir "$cgroups/$folder"
    fi
  done </proc/self/cgroup
}

prepare_cgroups() {
  mount -o remount,rw /sys
  if [ -e "$cgroups/cgroup.controllers" ]; then prepare_cgroup2; else prepare_cgroup1; fi
}

# Kernels have one of two kinds of firewall, or both.
choose_iptables() {
  old=/usr/local/sbin/.iptables-legacy
  if ! iptables -nL >/dev/null 2>&1 && [ -d "$old" ] && PATH=$old:$PATH iptables -nL >/dev/null 2>&1; then
    export PATH="$old:$PATH"
  fi
}

# Layers need a file system that can be stacked; a folder inside a container's own layer can't.
overlay_works() {
  probe=$data/.probe
  mkdir -p "$probe/lower" "$probe/upper" "$probe/work" "$probe/merged"
  works=false
  if mount -t overlay -o "lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work" overlay "$probe/merged" \
    2>/dev/null; then
    umount "$probe/merged"
    works=true
  fi
  rm -rf "$probe"
  $works
}

whole() { grep -qs -e '-----END' "$certificates/$1"; }
await_certificates() {
  tries=0
  until whole ca.pem && whole server.pem && whole server-key.pem; do
    [ "$tries" != 10 ] || say "waiting for ca.pem, server.pem and server-key.pem in $certificates"
    [ "$tries" -lt $((wait_seconds * 10)) ] || give_up "no ca.pem, server.pem and server-key.pem in $certificates after" \
      "$wait_seconds s: copy them there (docker cp), then start this container again"
    tries=$((tries + 1))
    sleep 0.1
  done
}

clear_run
prepare_cgroups
# What is mounted in here later must reach the containers.
mount --make-rshared /
choose_iptables
if [ "${1:-}" = dockerd ]; then
  shift
else
  await_certificates
  set -- -H unix:// -H tcp://0.0.0.0:2376 --label provider=runbook --tlsverify --tlscacert="$certificates/ca.pem" \
    --tlscert="$certificates/server.pem" --tlskey="$certificates/server-key.pem" "$@"
fi
case " $* " in
  *' --storage-driver'* | *' -s '*) ;;
  *)
    overlay_works || {
      say "overlay2 does not work on $data: using vfs, which is slower and takes more room; a volume there is better"
      set -- "$@" --storage-driver=vfs
    } ;;
esac
# Process 1 inherits what others leave behind, such as a shim of every container; dockerd does not bury them.
if [ $$ = 1 ]; then exec docker-init -- dockerd "$@"; fi
exec dockerd "$@"
