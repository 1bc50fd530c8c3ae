// The shell script that holds a lock for this process, and cleans up if this process is killed.

/**
 * The guard is run by flock(1), so it holds the lock while it runs. This process sends it commands on its
 * standard input: `+ GROUP` and `- GROUP` add and remove a process group to kill, `w PATH` adds a path to
 * remove, and `k` keeps all paths.
 *
 * The kernel closes that pipe when this process dies for any reason. The guard then kills the process groups
 * on its list and removes the paths, and the paths that add a `-suffix` to them. The lock is released only
 * after that, so the next holder never meets a process that still writes for a dead build.
 *
 * The guard sends SIGTERM first, because mmdebstrap then removes its chroot directory, which an ordinary user
 * cannot remove. The number of tries is limited to 250, because zombies that PID 1 does not reap look alive
 * for ever.
 *
 * $1: the lock file; $2: a description of this process for waiting processes. Writing it may fail (`|| :`),
 * because a full disk must not prevent locking.
 */
export const guardScript = `
trap '' INT HUP TERM
{ printf '%s\\n' "$2" >"$1"; } 2>/dev/null || :
printf 'held\\n'
groups=
waste=
while read -r verb rest; do
  case $verb in
    +) groups="$groups $rest" ;;
    -) others=
       for each in $groups; do [ "$each" = "$rest" ] || others="$others $each"; done
       groups=$others ;;
    w) waste="$waste$rest
" ;;
    k) waste= ;;
  esac
done
for each in $groups; do kill -s TERM -- "-$each" 2>/dev/null; done
tries=0
for each in $groups; do
  while [ "$tries" -lt 250 ] && kill -s 0 -- "-$each" 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || kill -s KILL -- "-$each" 2>/dev/null
    sleep 0.1
  done
done
printf '%s' "$waste" | while IFS= read -r path; do
  for try in 1 2 3; do
    rm -rf --one-file-system -- "$path" "$path"-* 2>/dev/null && break
    sleep 0.5
  done
done
exit 0
`;
