#!/bin/sh
# build.sh TAG: builds an image of Consul from the distribution's packages, without an image registry.
# Debian 11 was the last Debian release with Consul (1.8.7). Its packages come from the archive that this machine's
# apt is set up for, through an apt root of this script's own: the machine's own sources stay as they are.
set -eu

tag=${1:?usage: build.sh TAG}
here=$(cd "$(dirname "$0")" && pwd)
official=$(sed -n 's/^CONSUL_IMAGE=//p' "$here/../../images.env")

say() { printf '%s\n' "$*" >&2; }
give_up() {
  say "cannot build $tag: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

for tool in apt-get dpkg-deb; do
  command -v "$tool" >/dev/null || give_up "this host has no $tool: the definition needs Debian or Ubuntu" \
    "pull the official image instead: docker pull $official" \
    "or build it on a Debian host: docker save $tag | docker --context THIS_HOST load"
done
command -v docker >/dev/null || give_up 'no docker command' 'what is missing, and how to get it: runbook doctor'

# The engine may be another machine's: its architecture counts.
case $(docker version --format '{{.Server.Arch}}') in
  amd64) arch=amd64 ;;
  arm64) arch=arm64 ;;
  arm) arch=armhf ;;
  386) arch=i386 ;;
  *) give_up 'the Docker daemon does not answer, or runs on an architecture without packages' \
    'look at: docker version' ;;
esac

# shellcheck source=/dev/null
. /etc/os-release
case " $ID ${ID_LIKE:-} " in
  *' ubuntu '*) suite=jammy components='main universe' keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
  *) suite=bullseye components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
esac
packages='consul libc6 busybox-static ca-certificates'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# apt drops to the user _apt, who must be able to pass through here.
chmod 755 "$work"

cache=${XDG_CACHE_HOME:-${HOME:-$work}/.cache}/runbook/consul-$suite-$arch

# Where this machine's own packages of component main come from; apt reads both formats of its sources for us.
archives() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(RELEASE)' 'Created-By: Packages' |
    awk -v release="${VERSION_CODENAME:-stable}" '
      $2 == "main" && $3 !~ /security/ && !seen[$1]++ { if ($3 ~ "^" release) ours = ours $1 "\n"; else others = others $1 "\n" }
      END { printf "%s%s", ours, others }'
}

# An apt of our own: one suite, one keyring, no hooks of the machine's, and a short patience with the network.
private_apt() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
  : >"$work/apt/status"
  printf 'deb [arch=%s signed-by=%s] %s %s %s\n' "$arch" "$keyring" "$1" "$suite" "$components" >"$work/apt/sources.list"
  cat >"$work/apt/apt.conf" <<CONF
Dir::Etc::SourceList "$work/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "$work/apt";
Dir::State::Lists "$work/apt/lists";
Dir::State::Status "$work/apt/status";
Dir::Cache "$work/apt";
Dir::Cache::Archives "$work/apt/archives";
APT::Architecture "$arch";
#clear APT::Architectures;
APT::Architectures { "$arch"; };
#clear APT::Update;
#clear DPkg;
#clear Acquire::IndexTargets::deb::Contents-deb;
#clear Acquire::IndexTargets::deb::DEP-11;
Acquire::Languages "none";
Acquire::Retries "0";
Acquire::http::Timeout "5";
Acquire::https::Timeout "5";
APT::Get::AllowUnauthenticated "false";
CONF
}

# limited COMMAND...: a network that swallows packets must not hold us.
limited() {
  if command -v timeout >/dev/null; then timeout 180 "$@"; else "$@"; fi
}

download() {
  [ -e "$keyring" ] || give_up "no $keyring to check the packages' signatures with" \
    "apt-get install $(basename "${keyring%.gpg}")"
  uris=$(archives)
  [ -n "$uris" ] || give_up "apt on this machine has no package archive set up" 'add one to /etc/apt/sources.list.d'
  mkdir "$work/debs"
  for uri in $uris; do
    say "fetching $packages of $suite ($arch) with apt"
    rm -rf "$work/apt"
    private_apt "$uri"
    # shellcheck disable=SC2086 # a list of words
    if limited apt-get -qq -c "$work/apt/apt.conf" -o APT::Update::Error-Mode=any update >"$work/log" 2>&1 &&
      (cd "$work/debs" && limited apt-get -qq -c "$work/apt/apt.conf" download $packages >>"$work/log" 2>&1); then
      return
    fi
  done
  sed 's/^/  /' "$work/log" >&2
  give_up "apt could not fetch the packages" \
    "look at the network: apt-get update" "or, where a registry answers: docker pull $official"
}

# Whole or not at all: the folder gets its name when everything is in it.
keep() {
  (cd "$work/debs" && sha256sum ./*.deb >SHA256SUMS)
  if ! { mkdir -p "${cache%/*}" && rm -rf "$cache" && cp -R "$work/debs" "$cache.$$" && mv "$cache.$$" "$cache"; }; then
    say "the packages are not kept for the next time: cannot write $cache"
  fi
}

cached() { [ -e "$cache/SHA256SUMS" ] && (cd "$cache" && sha256sum --check --status SHA256SUMS); }

if cached; then
  say "using the packages kept in $cache"
  debs=$cache
else
  download
  keep
  debs=$work/debs
fi

for deb in "$debs"/*.deb; do dpkg-deb -x "$deb" "$work/unpacked"; done
root=$work/build/rootfs
mkdir -p "$root/bin" "$root/lib" "$root/etc/ssl/certs" "$root/usr/local/bin" "$root/tmp" "$root/run" \
  "$root/consul/data" "$root/consul/config"
chmod 1777 "$root/tmp"
cp "$work/unpacked/usr/bin/consul" "$root/usr/local/bin/"
cp "$work/unpacked/bin/busybox" "$root/bin/"
# The names of busybox's applets that are of use here. It can't be asked for all: it may be another architecture's.
for applet in sh ash cat ls ps ip awk grep sed cut head tail id stat chown chmod mkdir rm cp mv ln echo printf env sleep \
  su test true false kill hostname ping wget nc nslookup netstat date df du find sort uniq wc tr tee tar top \
  timeout uname which seq vi xargs; do
  ln -s busybox "$root/bin/$applet"
done
# What consul and the C library's name lookups load; the folder and the loader's name differ by architecture.
for pattern in 'ld-*' 'libc[.-]*' 'libpthread*' 'libdl[.-]*' 'libresolv*' 'libnss_dns*' 'libnss_files*'; do
  find "$work/unpacked/lib" -name "$pattern" | while read -r file; do
    target=$root/${file#"$work/unpacked/"}
    mkdir -p "$(dirname "$target")"
    cp -P "$file" "$target"
  done
done
if [ -d "$work/unpacked/lib64" ]; then cp -RP "$work/unpacked/lib64" "$root/"; fi
cat "$work"/unpacked/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
printf 'root:x:0:0:root:/:/bin/sh\nconsul:x:100:1000:consul:/consul:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nconsul:x:1000:\n' >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
cp "$here/docker-entrypoint.sh" "$root/usr/local/bin/"
chmod 755 "$root/usr/local/bin/docker-entrypoint.sh"
cp "$here/Dockerfile" "$work/build/"

# RUNBOOK_LABELS has a label on each line; they become one argument each.
set --
while IFS= read -r label; do
  if [ -n "$label" ]; then set -- "$@" --label "$label"; fi
done <<LABELS
${RUNBOOK_LABELS:-}
LABELS
say "building $tag"
docker build --quiet --tag "$tag" "$@" "$work/build"
