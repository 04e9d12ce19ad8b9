#!/bin/sh
# compose.sh [FOLDER]: gets Docker Compose 2 as a plugin of this user's `docker`, from the distribution's packages, where
# it is not there already. Debian 12 has only version 1 in its own release: the plugin of Debian 13 runs there, too. It is
# taken out of its package, and nothing is installed: the system's packages and their sources stay as they are.
# FOLDER is where the plugin goes, by default cli-plugins in the folder of docker's configuration.
set -eu

here=$(cd "$(dirname "$0")" && pwd)/compose
doing='get Docker Compose'
debian=trixie ubuntu='noble noble-updates'
by_hand='or install it as described at https://docs.docker.com/compose/install'
instead=$by_hand
# shellcheck source-path=SCRIPTDIR source=../images/packages.sh
. "$(dirname "$0")/../images/packages.sh"

# The version, where it is one of those that are a plugin.
version() { docker compose version --short 2>/dev/null | grep '^v\{0,1\}[2-9]'; }

need_docker
if found=$(version); then
  say "Docker Compose $found is there"
  exit
fi
target=${1:-${DOCKER_CONFIG:-${HOME:?no home folder: say where the plugin shall go}/.docker}/cli-plugins}

has_apt || give_up "this host has no $missing: the script needs Debian or Ubuntu" "$by_hand"
# This machine's, whichever engine the user's docker talks to.
arch=$(dpkg --print-architecture)
if is_ubuntu; then packages=docker-compose-v2; else packages=docker-compose; fi
unpack_packages alone

plugin=$(find "$unpacked/usr" -path '*/cli-plugins/docker-compose' -type f)
"$plugin" docker-cli-plugin-metadata >/dev/null || give_up "what is in the package does not run on this system" "$by_hand"
mkdir -p "$target" || give_up "cannot write to $target" "say where the plugin shall go: sh $0 FOLDER"
# Under another name first: whoever calls it meanwhile finds it whole or not at all.
install -m 755 "$plugin" "$target/.docker-compose.$$"
mv "$target/.docker-compose.$$" "$target/docker-compose"
say "the plugin is $target/docker-compose"
found=$(version) || give_up "docker does not look for plugins in $target" "$by_hand"
say "Docker Compose $found answers"
