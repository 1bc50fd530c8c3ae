#!/bin/sh
# Prepares a fresh checkout: installs the host's packages and npm's packages, and compiles the TypeScript.
# Does only what is missing, so a second run does nothing. Works from any directory and takes no options.
set -eu
cd "$(dirname "$0")/../.."

log() { printf '%s\n' "$*" >&2; }
die() { log "error: $*"; exit 1; }

# Node comes first, since this script does not install it.
command -v node >/dev/null || die 'Node.js is not installed; this needs 20.19 or later (Debian 13: apt-get install nodejs npm)'
command -v npm >/dev/null || die 'npm is not installed; it belongs to Node.js (Debian: apt-get install npm)'
node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1);
' || die "Node.js $(node --version) is too old; this needs 20.19 or later"

# Also search root's directories, which an ordinary user's PATH often lacks.
PATH=$PATH:/usr/sbin:/sbin
is_installed() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}
uid=$(id -u)
missing=
while read -r program package who; do
  case $program in '#'* | '') continue ;; esac
  [ "$who" = all ] || [ "$uid" != 0 ] || continue
  is_installed "$program" && continue
  case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
done <images/toolroot/host-packages
if [ -n "$missing" ]; then
  command -v apt-get >/dev/null ||
    die "this host lacks these Debian packages:$missing; install their equivalents with the host's package manager"
  if [ "$uid" != 0 ]; then
    log "This host lacks packages that only root can install. Nothing was changed. Run this, then the same command again:"
    log
    log "    sudo apt-get install$missing"
    exit 1
  fi
  log "installing$missing"
  apt-get update --quiet=2 || die 'apt-get update failed; check the network and run the same command again'
  # shellcheck disable=SC2086 # one word a package
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends $missing >&2 ||
    die "apt-get install$missing failed; run the same command again when that works"
fi

# If two runs start in one checkout, the second waits. The lock is released when its holder ends.
exec 9<package-lock.json
if ! flock --nonblock 9; then
  log 'waiting for another run that installs or compiles in this checkout'
  flock 9
fi
# npm writes this file last, so it also distinguishes a complete installation from an interrupted one.
installed=node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ -n "$(find package-lock.json -newer "$installed")" ]; then
  log "installing npm's packages"
  npm ci --no-fund --no-audit --loglevel=error --ignore-scripts >&2 ||
    die 'npm ci failed; check the network and run the same command again'
fi
built=dist/.tsbuildinfo
if [ ! -e "$built" ] || [ -n "$(find harness images scenarios tsconfig.json "$installed" -newer "$built" \( -name '*.ts' -o -name '*.json' \) 2>/dev/null | head -n 1)" ]; then
  log 'compiling'
  npm run --silent build || die 'the TypeScript does not compile'
  touch "$built"
fi
