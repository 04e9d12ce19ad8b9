#!/bin/sh
# build.sh TAG: builds an image of Consul from the distribution's packages, without an image registry.
# Debian 11 was the last Debian release with Consul (1.8.7).
set -eu

tag=${1:?usage: build.sh TAG}
here=$(cd "$(dirname "$0")" && pwd)
official=$(sed -n 's/^CONSUL_IMAGE=//p' "$here/../../images.env")
debian=bullseye ubuntu=jammy
packages='consul libc6 busybox-static ca-certificates'
instead="or, where a registry answers: docker pull $official"
# shellcheck source-path=SCRIPTDIR source=../packages.sh
. "$here/../packages.sh"

has_apt || give_up "this host has no $missing: the definition needs Debian or Ubuntu" \
  "pull the official image instead: docker pull $official" \
  "or build it on a Debian host: docker save $tag | docker --context THIS_HOST load"
unpack_packages alone

mkdir -p "$root/usr/local/bin" "$root/consul/data" "$root/consul/config"
# The C library's name lookups load what they need by a name that they put together.
take usr/bin/consul usr/bin/busybox "$libraries/libnss_dns.so.2" "$libraries/libnss_files.so.2"
mv "$root/usr/bin/consul" "$root/usr/local/bin/"
take_loader
take_certificates
link_applets
printf 'root:x:0:0:root:/:/bin/sh\nconsul:x:100:1000:consul:/consul:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nconsul:x:1000:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp "$here/docker-entrypoint.sh" "$root/usr/local/bin/"
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
cp "$here/Dockerfile" "$build/"
build_image
