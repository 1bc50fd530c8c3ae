# shellcheck shell=sh
# What the wrappers beside this file share. Read by them, not run.
#
# The tool root is VMMCI_TOOLROOT, or else the newest in the cache. Exit statuses of all: 64 for arguments that cannot be
# (nothing was touched), 69 for no tool root, 1 for a failure; those of check and compare are qemu-img's own.

name=${0##*/}

die() {
  status=$1
  shift
  printf '%s: %s\n' "$name" "$*" >&2
  exit "$status"
}

# usage TEXT: for wrong arguments.
usage() { die 64 "usage: $name $*"; }

# need_file WHAT PATH, need_directory WHAT PATH
need_file() {
  [ -e "$2" ] || die 64 "$1 '$2' does not exist"
  [ -f "$2" ] || die 64 "$1 '$2' is not a file"
}
need_directory() { [ -d "$2" ] || die 64 "$1 '$2' is not a directory"; }

# need_new PATH: nothing is ever overwritten.
need_new() {
  if [ -e "$1" ] || [ -L "$1" ]; then die 64 "'$1' exists; remove it first, or choose another name"; fi
  [ -d "$(dirname -- "$1")" ] || die 64 "the directory of '$1' does not exist"
  [ -w "$(dirname -- "$1")" ] || die 64 "the directory of '$1' is not writable"
}

# need_number WHAT VALUE
need_number() {
  case $2 in
    '' | *[!0-9]* | 0*) die 64 "$1 is '$2', expected a whole number above 0" ;;
  esac
}

# absolute PATH: with a directory free of links, which is the same inside the tool root.
absolute() {
  directory=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd -P) || die 1 "cannot enter the directory of '$1'"
  printf '%s/%s\n' "${directory%/}" "$(basename -- "$1")"
}

find_root() {
  if [ -n "${VMMCI_TOOLROOT:-}" ]; then
    root=$VMMCI_TOOLROOT
  else
    root=
    for each in "${XDG_CACHE_HOME:-$HOME/.cache}"/vmmci-harness/toolroot/*/etc/vmmci-tool-root.json; do
      [ -e "$each" ] || continue
      if [ -z "$root" ] || [ -n "$(find "$each" -newer "$root/etc/vmmci-tool-root.json")" ]; then
        root=${each%/etc/vmmci-tool-root.json}
      fi
    done
  fi
  [ -x "${root:-/nonexistent}/usr/bin/qemu-img" ] ||
    die 69 "no tool root with qemu-img${root:+ in $root}; make one with: vmmci setup"
}

# in_root DIRECTORY COMMAND…: runs COMMAND of the tool root. It sees the host's files read-only (images name their backing files by
# path) and can write in DIRECTORY alone (empty: nowhere). No network; dies with us.
in_root() {
  writable=$1
  shift
  [ -n "${root:-}" ] || find_root
  # Last to first, so that each can be put in front.
  [ -z "$writable" ] || set -- --bind "$writable" "$writable" -- "$@"
  [ -n "$writable" ] || set -- -- "$@"
  [ -z "${SOURCE_DATE_EPOCH:-}" ] || set -- --setenv SOURCE_DATE_EPOCH "$SOURCE_DATE_EPOCH" "$@"
  [ "$(id -u)" = 0 ] || set -- --unshare-user --uid 0 --gid 0 "$@"
  bwrap --unshare-pid --unshare-ipc --unshare-net --die-with-parent \
    --ro-bind / / --ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc \
    --dev /dev --proc /proc --clearenv --setenv PATH /usr/sbin:/usr/bin --setenv LC_ALL C.UTF-8 "$@"
}

# begin PATH: sets `out` (absolute), `place` (its directory) and `partial`, a name beside it that is removed however we end but by SIGKILL.
begin() {
  out=$(absolute "$1")
  place=$(dirname -- "$out")
  partial=$place/.$(basename -- "$out").partial-$$
  trap 'rm -f -- "$partial" "$partial.raw"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# finish: the partial file gets its name, unless somebody made one of that name meanwhile: link(2) never replaces.
finish() {
  sync -- "$partial" || die 1 "'$partial' could not be written to the disk"
  ln -- "$partial" "$out" || die 1 "'$out' could not be made"
}
