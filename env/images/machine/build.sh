#!/bin/sh
# build.sh TAG: builds the image of a machine, a container that runs a Docker Engine of its own, from the
# distribution's packages. On hosts without apt it is made from Docker's own image, which comes from a registry.
set -eu

tag=${1:?usage: build.sh TAG}
here=$(cd "$(dirname "$0")" && pwd)
official=docker:28.5.2-dind
# Docker commands of today need an engine of 25 or later; Debian has that since 13.
debian=trixie ubuntu='noble noble-updates'
packages='docker.io iptables busybox-static ca-certificates'
instead=''
# shellcheck source-path=SCRIPTDIR source=../packages.sh
. "$here/../packages.sh"

if has_apt; then
  unpack_packages depends
  take usr/sbin/dockerd usr/bin/containerd usr/bin/containerd-shim-runc-v2 usr/sbin/runc usr/sbin/docker-proxy \
    usr/bin/docker-init usr/bin/busybox usr/sbin/xtables-nft-multi usr/sbin/xtables-legacy-multi
  # The tests and targets of firewall rules: found by their path, so no program names them.
  for extension in "$unpacked/$libraries"/xtables/*.so; do take "$libraries/xtables/${extension##*/}"; done
  take_loader
  take_certificates
  link_applets
  legacy=$root/usr/local/sbin/.iptables-legacy
  mkdir -p "$legacy" "$root/usr/local/bin" "$root/var/lib/docker" "$root/var/lib/boot2docker" "$root/etc/docker"
  for version in iptables ip6tables; do
    for name in $version $version-save $version-restore; do
      ln -s xtables-nft-multi "$root/usr/sbin/$name"
      ln -s /usr/sbin/xtables-legacy-multi "$legacy/$name"
    done
  done
  # Modules are the kernel's own: there are none in here to load.
  ln -s /bin/true "$root/usr/sbin/modprobe"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\ndocker:x:102:\n' >"$root/etc/group"
  printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
  cp "$unpacked/etc/protocols" "$unpacked/etc/services" "$root/etc/"
  printf 'ID=runbook-machine\nPRETTY_NAME="runbook machine (packages of %s)"\n' "${suites%% *}" >"$root/etc/os-release"
  install -m 755 "$here/machine-entrypoint.sh" "$root/usr/local/bin/"
  cp "$here/Dockerfile" "$build/"
  build_image
else
  need_docker
  make_work
  say "this host has no $missing: making the machine from Docker's own image $official"
  install -m 755 "$here/machine-entrypoint.sh" "$build/"
  cp "$here/Dockerfile.official" "$build/Dockerfile"
  build_image --build-arg "BASE=$official" || give_up "neither packages nor $official can be had here" \
    "build it on a Debian or Ubuntu host: docker save $tag | docker --context THIS_HOST load"
fi
