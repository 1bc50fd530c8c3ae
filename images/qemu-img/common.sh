# shellcheck shell=sh
# Functions that the scripts in this directory share. They source this file.
#
# The tool root is VMMCI_TOOLROOT, or else the newest one in the cache. Exit status of all scripts: 64 for
# invalid arguments (nothing was changed), 69 if there is no tool root, 1 for a failure. check and compare
# exit as qemu-img does.

name=${0##*/}

die() {
  status=$1
  shift
  printf '%s: %s\n' "$name" "$*" >&2
  exit "$status"
}

# usage SYNOPSIS: exits because the arguments are invalid.
usage() { die 64 "usage: $name $*"; }

# need_file WHAT PATH, need_directory WHAT PATH
need_file() {
  [ -e "$2" ] || die 64 "$1 '$2' does not exist"
  [ -f "$2" ] || die 64 "$1 '$2' is not a file"
}
need_directory() { [ -d "$2" ] || die 64 "$1 '$2' is not a directory"; }

# need_new PATH: exits if PATH exists, since the scripts never overwrite a file.
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

# absolute PATH: prints the absolute path. Its directory contains no links, so the path is valid inside the
# tool root too.
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

# in_root DIRECTORY COMMAND…: runs COMMAND of the tool root, without network, until this script ends. COMMAND
# can read all files of the host (images name their backing files by path) and write only to DIRECTORY (empty:
# nowhere).
in_root() {
  writable=$1
  shift
  [ -n "${root:-}" ] || find_root
  # Build the arguments from last to first, since each is prepended.
  [ -z "$writable" ] || set -- --bind "$writable" "$writable" -- "$@"
  [ -n "$writable" ] || set -- -- "$@"
  [ -z "${SOURCE_DATE_EPOCH:-}" ] || set -- --setenv SOURCE_DATE_EPOCH "$SOURCE_DATE_EPOCH" "$@"
  [ "$(id -u)" = 0 ] || set -- --unshare-user --uid 0 --gid 0 "$@"
  bwrap --unshare-pid --unshare-ipc --unshare-net --die-with-parent \
    --ro-bind / / --ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc \
    --dev /dev --proc /proc --clearenv --setenv PATH /usr/sbin:/usr/bin --setenv LC_ALL C.UTF-8 "$@"
}

# begin PATH: sets `out` (the absolute path), `out_directory` and `partial` (a temporary file beside it).
# `partial` is removed when the script ends, except by SIGKILL.
begin() {
  out=$(absolute "$1")
  out_directory=$(dirname -- "$out")
  partial=$out_directory/.$(basename -- "$out").partial-$$
  trap 'rm -f -- "$partial" "$partial.raw"' EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
}

# finish: gives the partial file its final name, unless another process has created that name: link(2) never
# replaces a file.
finish() {
  sync -- "$partial" || die 1 "cannot write '$partial' to the disk"
  ln -- "$partial" "$out" || die 1 "cannot create '$out'"
}
