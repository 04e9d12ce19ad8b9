#!/bin/sh
# build.sh TAG: a static busybox (sh, httpd, nc, sleep, ...) and nothing else, from packages of the distribution.
set -eu

tag=${1:?usage: build.sh TAG}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' HUP INT TERM
chmod 755 "$work"

busybox=$(command -v busybox || true)
if [ -z "$busybox" ] || ldd "$busybox" >/dev/null 2>&1; then
  (cd "$work" && apt-get -qq download busybox-static 2>/dev/null) ||
    { echo "cannot fetch busybox-static: run apt-get update, or install it" >&2; exit 1; }
  dpkg-deb -x "$work"/busybox-static_*.deb "$work/unpacked"
  busybox=$(find "$work/unpacked" -name busybox -type f -perm -u+x | head -n 1)
fi

mkdir -p "$work/build/root/bin" "$work/build/root/tmp" "$work/build/root/etc" "$work/build/root/www"
cp "$busybox" "$work/build/root/bin/busybox"
printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$work/build/root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/build/root/etc/group"
"$busybox" --list | while read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$work/build/root/bin/$applet"
done
cat >"$work/build/Dockerfile" <<'DOCKERFILE'
FROM scratch
COPY root /
ENV PATH=/bin
CMD ["sh"]
DOCKERFILE

set --
while IFS= read -r label; do
  if [ -n "$label" ]; then set -- "$@" --label "$label"; fi
done <<LABELS
${RUNBOOK_LABELS:-}
LABELS
docker build --quiet --tag "$tag" "$@" "$work/build"
