/** Shell scripts run in the proxy's container: they need `sh`, `tar`, `grep` and either `nc` or `bash`, which stock images have. */
import { configFile, masterPort, proxyHome, workerPort } from './places.ts'

const talk = `talk() {
  if command -v nc >/dev/null 2>&1; then printf '%s\\n' "$2" | nc 127.0.0.1 "$1"
  else bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "%s\\n" "$2" >&3 && cat <&3' talk "$1" "$2"; fi
}`

/** Between the parts of what a script prints. */
export const partMark = '=== part ==='

/** Prints the running worker's hash; unless worker and file have the hash `$1` already, also its servers and the file in force. */
export const readScript = `cd ${proxyHome} || exit 10
${talk}
hash=$(talk ${workerPort} 'get var proc.escale')
echo "$hash"
case "$hash" in *"<$1>"*) grep -q "str($1)" haproxy.cfg && exit 0 ;; esac
echo '${partMark}'
talk ${workerPort} 'show servers state'
echo '${partMark}'
cat haproxy.cfg`

export const exitNotUnpacked = 11
export const exitInvalid = 12
export const exitNotReloaded = 13

/**
 * `$1` reload or runtime, `$2` the hash that the worker must show in the end. An archive comes on standard input. The
 * file in force changes by a rename, after it was found valid, and goes back when the new worker does not come up.
 */
export const writeScript = `cd ${proxyHome} || exit 10
${talk}
rm -rf new && mkdir new && tar -x -f - -C new || exit ${exitNotUnpacked}
for tables in new/tables-*; do
  [ -d "$tables" ] && { [ -d "\${tables#new/}" ] || mv "$tables" "\${tables#new/}"; }
done
haproxy -c -q -f new/haproxy.cfg 2>&1 || exit ${exitInvalid}
[ -f haproxy.cfg ] && cp haproxy.cfg previous.cfg
mv new/haproxy.cfg haproxy.cfg
if [ "$1" = reload ]; then
  talk ${masterPort} reload >/dev/null
  left=100
  until talk ${workerPort} 'get var proc.escale' 2>/dev/null | grep -q "<$2>"; do
    left=$((left - 1))
    if [ $left -eq 0 ]; then
      [ -f previous.cfg ] && mv previous.cfg haproxy.cfg
      talk ${masterPort} 'show proc'
      exit ${exitNotReloaded}
    fi
    sleep 0.1
  done
fi
while read -r line; do talk ${workerPort} "$line"; done <new/commands
for tables in tables-*; do
  [ -d "$tables" ] && { grep -q "/$tables/" haproxy.cfg || rm -rf "$tables"; }
done
rm -rf new previous.cfg
echo '${partMark}'
talk ${workerPort} 'show servers state'`

/**
 * What the container runs. Without a valid file of before it begins with one that serves nothing, so that the control
 * ports are there.
 */
export const startScript = `cd ${proxyHome} || exit 10
if ! haproxy -c -q -f haproxy.cfg; then
  [ -f haproxy.cfg ] && mv haproxy.cfg rejected.cfg
  printf '%s\\n' global '  stats socket 127.0.0.1:${workerPort} level admin' '  stats socket ${proxyHome}/worker.sock mode 600 level admin expose-fd listeners' '  set-var proc.escale str(none)' 'defaults' '  timeout client 5s' 'frontend none' '  bind 127.0.0.1:9997' >haproxy.cfg
fi
exec haproxy -W -db -S 127.0.0.1:${masterPort} -f ${configFile}`
