# shellcheck shell=sh disable=SC2034,SC2154 # names that the definition sets or uses
# What every definition's build.sh has in common: it sources this file. Packages come from the archive that this
# machine's apt is set up for, through an apt root of our own: the machine's own sources stay as they are.
#
# Before: $tag, the image's name (or $doing, what else is done), and $here, the definition's folder. After: $work, a
# folder that goes when the script ends, with $build in it, Docker's build context, and $root in that, the image's root
# file system.

say() { printf '%s\n' "$*" >&2; }
give_up() {
  say "cannot ${doing:-build $tag}: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}
have() { command -v "$1" >/dev/null; }

# Where packages can be taken apart: Debian, Ubuntu, and what comes from them. Says what is missing elsewhere.
has_apt() {
  for tool in apt-get dpkg-deb; do
    if ! have "$tool"; then
      missing=$tool
      return 1
    fi
  done
}

need_docker() {
  have docker || give_up 'no docker command' 'what is missing, and how to get it: runbook doctor'
}

# The engine may be another machine's: its architecture counts.
engine_arch() {
  need_docker
  case $(docker version --format '{{.Server.Arch}}') in
    amd64) arch=amd64 ;;
    arm64) arch=arm64 ;;
    arm) arch=armhf ;;
    386) arch=i386 ;;
    *) give_up 'the Docker daemon does not answer, or runs on an architecture without packages' \
      'look at: docker version' ;;
  esac
}

make_work() {
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  # apt drops to the user _apt, who must be able to pass through here.
  chmod 755 "$work"
  build=$work/build root=$work/build/rootfs unpacked=$work/unpacked
  for folder in bin sbin lib lib64; do
    # One place for each, as newer releases have it; the links to it belong to no package.
    mkdir -p "$root/usr/$folder" "$unpacked/usr/$folder"
    ln -s "usr/$folder" "$root/$folder"
    ln -s "usr/$folder" "$unpacked/$folder"
  done
  mkdir -p "$root/etc" "$root/run" "$root/tmp" "$root/proc" "$root/sys" "$root/dev" "$root/root" "$root/var"
  ln -s /run "$root/var/run"
  chmod 1777 "$root/tmp"
}

# Where this machine's own packages of component main come from; apt reads both formats of its sources for us.
archives() {
  # shellcheck source=/dev/null
  release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(RELEASE)' 'Created-By: Packages' |
    awk -v release="$release" '
      $2 == "main" && $3 !~ /security/ && !seen[$1]++ { if ($3 ~ "^" release) ours = ours $1 "\n"; else others = others $1 "\n" }
      END { printf "%s%s", ours, others }'
}

# An apt of our own: the suites asked for, one keyring, no hooks of the machine's, a short patience with the network.
private_apt() {
  mkdir -p "$work/apt/lists/partial" "$work/apt/archives/partial"
  : >"$work/apt/status"
  for suite in $suites; do
    printf 'deb [arch=%s signed-by=%s] %s %s %s\n' "$arch" "$keyring" "$1" "$suite" "$components"
  done >"$work/apt/sources.list"
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
Debug::NoLocking "true";
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
APT::Install-Recommends "false";
CONF
}

# limited COMMAND...: a network that swallows packets must not hold us.
limited() {
  if have timeout; then timeout 180 "$@"; else "$@"; fi
}

our_apt() { limited apt-get -qq -y -c "$work/apt/apt.conf" "$@" >>"$work/log" 2>&1; }

# With `depends`, what the packages depend on comes along.
get_debs() {
  case $1 in
    depends)
      # shellcheck disable=SC2086 # a list of words
      our_apt --download-only install $packages && mv "$work/apt/archives"/*.deb "$work/debs/" ;;
    alone)
      # shellcheck disable=SC2086
      (cd "$work/debs" && our_apt download $packages) ;;
  esac
}

download() {
  [ -e "$keyring" ] || give_up "no $keyring to check the packages' signatures with" \
    "apt-get install $(basename "${keyring%.gpg}")"
  uris=$(archives)
  [ -n "$uris" ] || give_up "apt on this machine has no package archive set up" 'add one to /etc/apt/sources.list.d'
  mkdir "$work/debs"
  for uri in $uris; do
    say "fetching $packages of ${suites%% *} ($arch) with apt"
    rm -rf "$work/apt" "$work/log"
    private_apt "$uri"
    if our_apt -o APT::Update::Error-Mode=any update && get_debs "$1"; then return; fi
  done
  sed 's/^/  /' "$work/log" >&2
  give_up "apt could not fetch the packages" "look at the network: apt-get update" ${instead:+"$instead"}
}

# Whole or not at all: the folder gets its name when everything is in it.
keep() {
  (cd "$work/debs" && printf '%s\n' "$packages" >PACKAGES && sha256sum PACKAGES ./*.deb >SHA256SUMS)
  if ! { mkdir -p "${cache%/*}" && rm -rf "$cache" && cp -R "$work/debs" "$cache.$$" && mv "$cache.$$" "$cache"; }; then
    say "the packages are not kept for the next time: cannot write $cache"
  fi
}

cached() {
  [ -e "$cache/SHA256SUMS" ] && [ "$(cat "$cache/PACKAGES" 2>/dev/null)" = "$packages" ] &&
    (cd "$cache" && sha256sum --check --status SHA256SUMS)
}

is_ubuntu() (
  # shellcheck source=/dev/null
  . /etc/os-release
  case " $ID ${ID_LIKE:-} " in *' ubuntu '*) true ;; *) false ;; esac
)

# unpack_packages alone|depends: gets $packages of the suite in $debian or $ubuntu, for $arch or else the engine's
# architecture, and unpacks them into $unpacked, without what only people read.
unpack_packages() {
  [ -n "${arch:-}" ] || engine_arch
  if is_ubuntu; then
    suites=$ubuntu components='main universe' keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg
  else
    suites=$debian components=main keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  fi
  make_work
  cache=${XDG_CACHE_HOME:-${HOME:-$work}/.cache}/runbook/$(basename "$here")-${suites%% *}-$arch
  if cached; then
    say "using the packages kept in $cache"
    debs=$cache
  else
    download "$1"
    keep
    debs=$work/debs
  fi
  for deb in "$debs"/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$unpacked" --keep-directory-symlink --no-same-owner \
      --exclude=./usr/share/doc --exclude=./usr/share/man --exclude=./usr/share/locale --exclude='*/gconv'
  done
  libc=$(cd "$unpacked" && find usr -name libc.so.6)
  libraries=${libc%/*}
}

# take PATH...: copies files of the packages to the image, and with each the shared libraries that it names, and those
# that they name. The names stand in the files as they are; what reads them properly is not on every machine.
take() {
  while [ $# -gt 0 ]; do
    path=$1
    shift
    [ ! -e "$root/$path" ] || continue
    [ -e "$unpacked/$path" ] || give_up "no $path in the packages" "they were: $packages"
    mkdir -p "$root/$(dirname "$path")"
    cp -L "$unpacked/$path" "$root/$path"
    # shellcheck disable=SC2013 # no name of a library has a blank
    for name in $(LC_ALL=C grep -aoE 'lib[[:alnum:]_+-]+\.so\.[.0-9]*' "$unpacked/$path" | sort -u); do
      if [ -e "$unpacked/$libraries/$name" ]; then set -- "$@" "$libraries/$name"; fi
    done
  done
}

# The program that loads the others' libraries; its path is fixed, and differs by architecture.
take_loader() {
  for link in "$unpacked"/usr/lib/ld-linux* "$unpacked"/usr/lib64/ld-linux*; do
    [ -L "$link" ] || continue
    cp -L "$unpacked/$libraries/$(basename "$link")" "$root/usr/$(basename "$(dirname "$link")")/"
  done
}

# The names of busybox's applets that are of use in a container. It can't be asked for all: it may be another
# architecture's. A program that is there stays.
link_applets() {
  for applet in sh ash cat ls ps ip awk grep sed cut head tail id stat chown chmod mkdir rmdir rm cp mv ln echo printf \
    env sleep su test true false kill hostname ping wget nc nslookup netstat date df du find sort uniq wc tr tee tar \
    top timeout uname which seq vi xargs mount umount; do
    [ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
  done
}

# The certificates of public authorities, in the one file that programs look for.
take_certificates() {
  mkdir -p "$root/etc/ssl/certs"
  cat "$unpacked"/usr/share/ca-certificates/mozilla/*.crt >"$root/etc/ssl/certs/ca-certificates.crt"
}

# RUNBOOK_LABELS has a label on each line; they become one argument each.
build_image() {
  while IFS= read -r label; do
    if [ -n "$label" ]; then set -- "$@" --label "$label"; fi
  done <<LABELS
${RUNBOOK_LABELS:-}
LABELS
  say "building $tag"
  docker build --quiet --tag "$tag" "$@" "$build"
}
