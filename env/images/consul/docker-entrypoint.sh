#!/bin/sh
# Takes the command line that the official image takes.
set -e

# The address of one interface, for hosts that have several.
address_of() {
  found=$(ip -o -4 addr show "$1" | awk '{split($4, a, "/"); print a[1]; exit}')
  [ -n "$found" ] || { echo "no address on interface $1" >&2; exit 1; }
  echo "$found"
}

bind='' client=''
if [ -n "${CONSUL_BIND_INTERFACE:-}" ]; then bind=$(address_of "$CONSUL_BIND_INTERFACE"); fi
if [ -n "${CONSUL_CLIENT_INTERFACE:-}" ]; then client=$(address_of "$CONSUL_CLIENT_INTERFACE"); fi
if [ -n "${CONSUL_LOCAL_CONFIG:-}" ]; then echo "$CONSUL_LOCAL_CONFIG" >/consul/config/local.json; fi

case ${1:-} in
  agent)
    shift
    set -- consul agent -data-dir=/consul/data -config-dir=/consul/config \
      ${bind:+"-bind=$bind"} ${client:+"-client=$client"} "$@" ;;
  -*) set -- consul "$@" ;;
  *)
    # Consul's own help knows what its subcommands are.
    if [ $# -gt 0 ] && consul --help 2>&1 | grep -q "^    $1 "; then set -- consul "$@"; fi ;;
esac

# An agent runs as the user consul, who must own what it writes.
if [ "${1:-}" = consul ] && [ "${2:-}" = agent ] && [ "$(id -u)" = 0 ] && [ -z "${CONSUL_DISABLE_PERM_MGMT+x}" ]; then
  for folder in /consul/data /consul/config; do
    [ "$(stat -c %u "$folder")" = "$(id -u consul)" ] || chown consul:consul "$folder"
  done
  shift
  exec su -m -s /usr/local/bin/consul -- consul "$@"
fi
exec "$@"
