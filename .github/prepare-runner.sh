#!/bin/sh
# Prepares a runner of continuous integration for guests. It is the only part that depends on the runner: GitHub's
# ubuntu-24.04, with a user who may use sudo without a password. Written from its documentation; it has not run there yet.
# Does only what is missing. Can be started from any directory.
set -eu
cd "$(dirname "$0")/.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The runner's user is not in the group of /dev/kvm. Without /dev/kvm guests run under TCG, and the report says so.
if [ -e /dev/kvm ] && [ ! -w /dev/kvm ]; then
  echo 'KERNEL=="kvm", GROUP="kvm", MODE="0666", OPTIONS+="static_node=kvm"' |
    as_root tee /etc/udev/rules.d/99-kvm.rules >/dev/null
  as_root udevadm control --reload-rules
  as_root udevadm trigger --name-match=kvm --settle
fi

# On Ubuntu 23.10 and later, only programs with an AppArmor profile can create user namespaces. bubblewrap and mmdebstrap have
# no profile there.
restriction=kernel.apparmor_restrict_unprivileged_userns
if [ "$(sysctl --values --ignore "$restriction")" = 1 ]; then
  as_root sysctl --quiet --write "$restriction=0"
fi

# These include the keyring of Debian's archive, which is a separate package on Ubuntu.
packages=$(awk '!/^#/ && NF { print $2 }' images/toolroot/host-packages | sort -u)
missing=
for package in $packages; do
  dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
    missing="$missing $package"
done
if [ -n "$missing" ]; then
  as_root apt-get update --quiet=2
  # shellcheck disable=SC2086 # one word per package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $missing
fi
