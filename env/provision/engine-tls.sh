#!/bin/sh
# engine-tls.sh on [DOCKERD FLAGS...]: has this host's Docker Engine answer on port 2376, too, to those with a
# certificate of the authority in /etc/docker/runbook (ca.pem, server.pem, server-key.pem; they must be there).
# engine-tls.sh off: takes that back, and the folder. Both restart the engine, and do nothing where nothing is to do.
set -eu

folder=/etc/docker/runbook
unit=/etc/systemd/system/docker.service.d/runbook.conf
log=/var/log/dockerd.log
wait_seconds=30
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*"; }
give_up() {
  for line in "$@"; do printf '%s\n' "$line" >&2; done
  exit 1
}
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}
under_systemd() { [ -d /run/systemd/system ]; }

# The flags of the daemon that runs now, one a line.
current() {
  pid=$(as_root cat /var/run/docker.pid 2>/dev/null) || return 0
  as_root cat "/proc/$pid/cmdline" 2>/dev/null | tr '\0' '\n'
}

quoted() {
  for word in "$@"; do printf ' "%s"' "$(printf %s "$word" | sed 's/["\\%]/\\&/g; s/\\%/%%/g')"; done
}

restart_systemd() {
  as_root systemctl daemon-reload
  as_root systemctl restart docker || give_up 'systemd could not start Docker again' 'next  see why: journalctl -u docker'
}

# Without systemd the daemon is ours to end and to start; its containers end with it.
restart_by_hand() {
  pid=$(as_root cat /var/run/docker.pid 2>/dev/null || true)
  if [ -n "$pid" ] && as_root kill "$pid" 2>/dev/null; then
    tries=0
    while as_root kill -0 "$pid" 2>/dev/null; do
      tries=$((tries + 1))
      [ "$tries" -lt $((wait_seconds * 10)) ] || give_up "dockerd, process $pid, does not end"
      sleep 0.1
    done
  fi
  # shellcheck disable=SC2016 # for the inner shell
  as_root env -u RUNBOOK_STEP setsid -w sh -c 'log=$1; shift; dockerd "$@" >>"$log" 2>&1 </dev/null &' sh "$log" "$@"
}

await() {
  tries=0
  until as_root env -u DOCKER_CONTEXT -u DOCKER_TLS_VERIFY DOCKER_HOST=unix:///var/run/docker.sock docker version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt $((wait_seconds * 5)) ] || give_up "Docker did not answer again within $wait_seconds s"
    sleep 0.2
  done
}

turn_on() {
  for name in ca.pem server.pem server-key.pem; do
    as_root test -s "$folder/$name" || give_up "there is no $folder/$name"
  done
  as_root chmod 700 "$folder"
  as_root sh -c "chmod 600 $folder/*.pem"
  set -- --tlsverify --tlscacert="$folder/ca.pem" --tlscert="$folder/server.pem" --tlskey="$folder/server-key.pem" "$@"
  # Which certificates and flags it was started with; the daemon reads them then only.
  state=$( (printf '%s\n' "$@"; as_root cat "$folder/server.pem") | sha256sum)
  if [ "$(as_root cat "$folder/state" 2>/dev/null || true)" = "$state" ] && current | grep -qxF -- --tlsverify; then
    say 'the engine answers on port 2376 already'
    return
  fi
  say 'restarting the engine with TLS on port 2376'
  if under_systemd; then
    fragment=$(systemctl show -p FragmentPath docker.service | cut -d = -f 2)
    start=$(sed -n 's/^ExecStart=//p' "$fragment" | tail -n 1)
    [ -n "$start" ] || give_up "cannot tell from $fragment how Docker is started"
    as_root mkdir -p "${unit%/*}"
    printf '[Service]\nExecStart=\nExecStart=%s -H tcp://0.0.0.0:2376%s\n' "$start" "$(quoted "$@")" |
      as_root tee "$unit" >/dev/null
    restart_systemd
  else
    restart_by_hand -H unix:///var/run/docker.sock -H tcp://0.0.0.0:2376 "$@"
  fi
  await
  printf '%s\n' "$state" | as_root tee "$folder/state" >/dev/null
}

turn_off() {
  as_root test -e "$folder" || return 0
  as_root rm -rf "$folder"
  if under_systemd; then
    as_root test -e "$unit" || return 0
    as_root rm -f "$unit"
    as_root rmdir "${unit%/*}" 2>/dev/null || true
    say 'restarting the engine without TLS'
    restart_systemd
  else
    current | grep -qxF -- "--tlscacert=$folder/ca.pem" || return 0
    say 'restarting the engine without TLS'
    restart_by_hand
  fi
  await
}

case ${1:-} in
  on)
    shift
    turn_on "$@" ;;
  off) turn_off ;;
  *) give_up 'usage: engine-tls.sh on [DOCKERD FLAGS...] | off' ;;
esac
