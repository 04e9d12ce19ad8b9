#!/bin/sh
# Installs and starts Docker Engine on Debian and Ubuntu, from the distribution's own packages. What is there already
# is left as it is, so it can be run again at any time. Says each thing that it does.
# With the argument `how` it only prints what to type on this system.
# Exit codes: 0 Docker answers; 1 something failed; 3 not a system that this script knows.
set -eu

log=/var/log/dockerd.log
run=/var/run
wait_seconds=60
# Debian keeps the system's programs from a user's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }
give_up() {
  for line in "$@"; do printf '%s\n' "$line" >&2; done
  exit 1
}
have() { command -v "$1" >/dev/null; }

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif have sudo; then
    sudo "$@"
  else
    give_up 'this needs root, and there is no sudo' "next  as root: sh $0"
  fi
}

# ask [as_root]: the version of this machine's engine, whatever engine the user's docker is pointed at. A daemon that
# hangs does not answer.
ask() {
  have docker && "$@" timeout 10 env -u DOCKER_CONTEXT -u DOCKER_TLS_VERIFY DOCKER_HOST="unix://$run/docker.sock" \
    docker version --format '{{.Server.Version}}' 2>/dev/null
}
answers() { ask >/dev/null; }
answers_root() { ask as_root >/dev/null; }

known_system() {
  [ "$(uname -s)" = Linux ] && [ -r /etc/os-release ] && have apt-get || return 1
  # shellcheck source=/dev/null
  case " $(. /etc/os-release && echo "$ID ${ID_LIKE:-}") " in
    *' debian '* | *' ubuntu '*) ;;
    *) return 1 ;;
  esac
}

# What a person types on this system to get Docker.
how() {
  if known_system; then
    echo "sh $0"
    return
  fi
  system=$(uname -s)
  # shellcheck source=/dev/null
  if [ -r /etc/os-release ]; then system=" $(. /etc/os-release && echo "$ID ${ID_LIKE:-}") "; fi
  case $system in
    Darwin) echo 'install Docker Desktop, start it, and wait until it says that the engine runs' ;;
    *' fedora '*) echo 'sudo dnf install moby-engine && sudo systemctl enable --now docker' ;;
    *' arch '*) echo 'sudo pacman -S docker && sudo systemctl enable --now docker' ;;
    *' alpine '*) echo 'doas apk add docker && doas rc-update add docker && doas service docker start' ;;
    *suse*) echo 'sudo zypper install docker && sudo systemctl enable --now docker' ;;
    *) echo 'install Docker Engine as described at https://docs.docker.com/engine/install' ;;
  esac
  # shellcheck disable=SC2016 # to be typed as it is
  [ "$system" = Darwin ] || echo 'to use it without root: sudo usermod -aG docker "$USER", then log in again'
  return 3
}

instruct() {
  echo 'this script installs Docker Engine on Debian and Ubuntu only; on this system do it by hand:' >&2
  how >&2 || exit $?
}

candidate() { LC_ALL=C apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)'; }
apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@" </dev/null; }

# The command line client is a package of its own in newer releases; so is Compose, under two names. Debian 12 has only
# its first version, which we don't want.
packages() {
  have iptables || echo iptables
  if ! have dockerd; then echo docker.io; fi
  if ! have docker; then
    if candidate docker-cli >/dev/null; then echo docker-cli; else echo docker.io; fi
  fi
  if candidate docker-compose-v2 >/dev/null; then
    echo docker-compose-v2
  elif candidate docker-compose | grep -Eq '^([0-9]+:)?([2-9]|[1-9][0-9])'; then
    echo docker-compose
  fi
}

install_engine() {
  say 'reading the lists of packages: apt-get update'
  apt update || say 'apt-get update failed; going on with the lists that are here'
  candidate docker.io >/dev/null || give_up 'apt knows no package docker.io' \
    'next  see that the network and /etc/apt/sources.list.d are right: apt-get update' \
    '      on Ubuntu it is in the component universe'
  # shellcheck disable=SC2046 # a list of words
  set -- $(packages)
  say "installing: apt-get install $*"
  apt install -y "$@" || give_up "apt could not install: $*" "next  see why: apt-get install $*"
}

is_dockerd() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = dockerd ]; }

# A daemon that was killed leaves its number behind; another process may have it now, and dockerd would not start.
clear_stale() {
  for file in "$run/docker.pid" "$run/docker/containerd/containerd.pid"; do
    as_root test -e "$file" || continue
    say "removing a dead daemon's $file"
    as_root rm -f "$file"
  done
}

start_by_systemd() {
  say 'starting Docker: systemctl enable --now docker'
  as_root systemctl enable --now docker ||
    give_up 'systemd could not start Docker' 'next  see why: systemctl status docker; journalctl -u docker'
}

# A session of its own: the daemon outlives this shell, its terminal and an interrupt typed there.
start_in_background() {
  pid=$(cat "$run/docker.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && is_dockerd "$pid"; then
    say "dockerd is running as process $pid; waiting until it answers"
    return
  fi
  clear_stale
  say "starting dockerd in the background, its log is $log"
  # shellcheck disable=SC2016 # for the inner shell
  pid=$(as_root env -u RUNBOOK_STEP setsid -w sh -c 'dockerd >>"$1" 2>&1 </dev/null & echo $!' sh "$log")
}

show_log() {
  if [ -d /run/systemd/system ]; then
    give_up "$1" 'next  see why: journalctl -u docker'
  fi
  as_root tail -n 5 "$log" >&2 || true
  give_up "$1" "next  see why: $log"
}

wait_until_it_answers() {
  tries=0
  until answers || answers_root; do
    tries=$((tries + 1))
    [ -z "${pid:-}" ] || [ -d "/proc/$pid" ] || show_log 'dockerd ended at once'
    [ "$tries" -lt $((wait_seconds * 2)) ] || show_log "Docker did not answer within $wait_seconds s"
    sleep 0.5
  done
}

join_group() {
  [ "$(id -u)" != 0 ] && ! answers || return 0
  user=$(id -un)
  case " $(id -nG "$user") " in
    *' docker '*) ;;
    *)
      say "adding $user to the group docker: usermod -aG docker $user"
      as_root usermod -aG docker "$user" ;;
  esac
  say "$user may use Docker from the next login on; in this terminal: newgrp docker"
}

case ${1:-} in
  '') ;;
  how) how; exit ;;
  *) give_up "unknown argument: $1" 'usage: docker.sh [how]' ;;
esac
if ! answers && ! answers_root; then
  known_system || instruct
  if ! have dockerd || ! have docker; then install_engine; fi
  if [ -d /run/systemd/system ]; then start_by_systemd; else start_in_background; fi
  wait_until_it_answers
fi
say "Docker Engine $(ask | grep . || ask as_root) answers"
join_group
