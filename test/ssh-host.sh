#!/bin/sh
# ssh-host.sh FOLDER ADDRESS GATEWAY: a host of the tests' own, with an sshd and no Docker Engine running, until its
# standard input ends. In FOLDER are the keys: host_key, authorized_keys. Prints `answers` when sshd does.
#
# Network, processes and the folders that an engine uses are its own; all else is this machine's.
set -eu

folder=${1:?usage: ssh-host.sh FOLDER ADDRESS GATEWAY}
address=${2:?} gateway=${3:?}
PATH=$PATH:/usr/sbin:/sbin

if [ "${4:-}" = inside ]; then
  ip link set lo up
  for own in /run /etc/docker /var/log; do
    mkdir -p "$own"
    mount -t tmpfs tmpfs "$own"
  done
  for own in docker containerd; do
    mkdir -p "$folder/$own" "/var/lib/$own"
    mount --bind "$folder/$own" "/var/lib/$own"
  done
  mkdir -p /run/sshd
  echo inside
  read -r _
  "$(command -v sshd)" -D -e -f /dev/null -h "$folder/host_key" -o ListenAddress="$address:2222" \
    -o AuthorizedKeysFile="$folder/authorized_keys" -o StrictModes=no -o UsePAM=no -o PermitRootLogin=yes \
    -o PidFile=none -o PasswordAuthentication=no 2>"$folder/sshd.log" &
  until ssh-keyscan -p 2222 "$address" 2>/dev/null | grep -q .; do sleep 0.1; done
  echo answers
  cat >/dev/null
  exit 0
fi

link=rb$$
trap 'ip link del $link 2>/dev/null || true' EXIT
trap 'exit 1' HUP INT TERM
mkfifo "$folder/go"
exec 3<&0
unshare --net --mount --pid --fork --kill-child --mount-proc sh "$0" "$folder" "$address" "$gateway" inside \
  <"$folder/go" >"$folder/said" &
host=$!
exec 4>"$folder/go"
until grep -q inside "$folder/said"; do sleep 0.05; done
ip link add "$link" type veth peer name eth0 netns "$host"
ip addr add "$gateway/30" dev "$link"
ip link set "$link" up
nsenter --net="/proc/$host/ns/net" sh -c "ip addr add $address/30 dev eth0; ip link set eth0 up"
echo >&4
until grep -q answers "$folder/said"; do sleep 0.05; done
echo answers
cat <&3 >/dev/null
# Its first process ends with its input, and then the kernel ends all others.
exec 4>&-
wait "$host" || true
