#!/bin/sh
# build.sh TAG: builds an image registry from the distribution's packages, without a registry.
set -eu

tag=${1:?usage: build.sh TAG}
here=$(cd "$(dirname "$0")" && pwd)
official=$(sed -n 's/^REGISTRY_IMAGE=//p' "$here/../../images.env")
debian=trixie ubuntu='noble noble-updates'
packages='docker-registry libc6 busybox-static ca-certificates'
instead="or, where a registry answers: docker pull $official"
# shellcheck source-path=SCRIPTDIR source=../packages.sh
. "$here/../packages.sh"

has_apt || give_up "this host has no $missing: the definition needs Debian or Ubuntu" \
  "pull the official image instead: docker pull $official" \
  "or build it on a Debian host: docker save $tag | docker --context THIS_HOST load"
unpack_packages alone

take usr/bin/docker-registry usr/bin/busybox
take_loader
take_certificates
link_applets
ln -s docker-registry "$root/usr/bin/registry"
mkdir -p "$root/var/lib/registry" "$root/etc/docker/registry"
cp "$here/config.yml" "$root/etc/docker/registry/"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp "$here/Dockerfile" "$build/"
build_image
