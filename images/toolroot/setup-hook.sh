#!/bin/sh
# Run by mmdebstrap (as sh -c) before it installs anything; $1 is the new root.
# Backports live on the same mirror as the suite they belong to, so their line is made from the one that mmdebstrap wrote.
set -eu
list=$1/etc/apt/sources.list
backports=$(sed -n -E 's/^(deb (\[[^]]*\] )?[^ ]+) trixie main.*/\1 trixie-backports main/p' "$list")
if [ -z "$backports" ]; then
  echo "E: no line for the suite trixie in the sources.list that mmdebstrap wrote" >&2
  exit 1
fi
printf '%s\n' "$backports" >>"$list"
echo 'APT::Default-Release "trixie-backports";' >"$1/etc/apt/apt.conf.d/90default-release"
