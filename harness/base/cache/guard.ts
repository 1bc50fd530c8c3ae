// The shell that holds a lock for us, and outlives us just long enough to end what we left running.

/**
 * Run by flock(1), so it holds the lock as long as it lives. Its standard input is a pipe whose other end only we have, with lines
 * `+ GROUP` and `- GROUP` (a process group to end, or no more), `w PATH` (a path to remove) and `k` (keep them all).
 * The kernel closes that pipe at our death, however we die. The guard then ends the process groups that are still listed, removes
 * the paths and what is named like them with a `-suffix`, and only then is the lock free: the next holder never meets a writer of a dead build.
 * SIGTERM first: mmdebstrap removes its own chroot directory then, which an ordinary user could not do.
 * What a PID 1 that reaps nobody leaves as zombies would count as alive for ever: hence the bound of 250.
 * $1: the lock file; $2: who we are, for those who wait (a full disk must not keep anyone from locking, hence `|| :`).
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
