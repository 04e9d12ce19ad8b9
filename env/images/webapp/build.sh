#!/bin/sh
# build.sh TAG: builds the tutorial's web application, from the distribution's Python. The image that the tutorial names,
# training/webapp, can't be pulled any more. On hosts without apt, Python comes from a registry.
set -eu

tag=${1:?usage: build.sh TAG}
here=$(cd "$(dirname "$0")" && pwd)
official=python:3.13-alpine
debian=trixie ubuntu='noble noble-updates'
packages='python3 busybox-static'
instead=''
# shellcheck source-path=SCRIPTDIR source=../packages.sh
. "$here/../packages.sh"

take_app() {
  mkdir -p "$root/opt/webapp"
  cp "$here/app.py" "$root/opt/webapp/"
  cp "$here/Dockerfile" "$build/"
}

if has_apt; then
  unpack_packages depends
  python=$(readlink "$unpacked/usr/bin/python3")
  take "usr/bin/$python" usr/bin/busybox
  take_loader
  link_applets
  for name in python python3; do ln -s "$python" "$root/usr/bin/$name"; done
  # Of its library, what a web server may need: no tests, tools and databases, and nothing that is compiled.
  (cd "$unpacked/usr/lib" && tar -c --exclude='*.so' --exclude='*/__pycache__' --exclude='*/test' --exclude='*/tests' \
    --exclude='*/idlelib' --exclude='*/lib2to3' --exclude='*/pydoc_data' --exclude='*/ensurepip' --exclude='*/tkinter' \
    --exclude='*/distutils' --exclude='*/config-*' --exclude='*/sqlite3' --exclude='*/turtledemo' "$python") |
    tar -x -C "$root/usr/lib"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\n' >"$root/etc/group"
  printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
  take_app
  build_image
else
  need_docker
  make_work
  say "this host has no $missing: making the web application from $official"
  # no folder that the other image has as a link, or the other way round
  rm -rf "$root"
  take_app
  build_image --build-arg "BASE=$official" || give_up "neither packages nor $official can be had here" \
    "build it on a Debian or Ubuntu host: docker save $tag | docker --context THIS_HOST load"
fi
